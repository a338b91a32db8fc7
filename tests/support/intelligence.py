"""Observations of services that state something, and feed rows read from the synthetic documents."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from posture.checks.intelligence import look_up
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import WebResponse
from posture.core.feeds import FeedName, FeedRows, FeedState
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from posture.outbound.formats import read
from tests.support import feeds

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
HOST = "www.example.jp"


def page(*headers: tuple[str, str], asked: str = f"https://{HOST}/", **more: Any) -> Observation[Any]:
    fields: dict[str, Any] = {
        "asked": asked,
        "url": asked,
        "status": 200,
        "redirects": (),
        "headers": headers,
        "cookies": (),
        "left_scope": None,
        "title": None,
        "body_bytes": 0,
        "body_sha256": "",
    }
    value = WebResponse(**(fields | more))
    port = 443 if asked.startswith("https") else 80
    target = Target(name=asked.split("/")[2], port=port, url=asked)
    return Observation(kind=WebResponse.KIND, target=target, at=NOW, result=Seen(value=value))


def server(text: str, **more: Any) -> Observation[Any]:
    return page(("Server", text), **more)


def greeting(product: str, version: str | None, banner: str = "", port: int = 22) -> Observation[Any]:
    value = ServiceProduct(
        protocol="ssh",
        banner=banner,
        vendor=None,
        product=product,
        version=version,
        cpe=None,
        how="banner",
        confidence=10,
    )
    target = Target(name=HOST, address="192.0.2.1", port=port)
    return Observation(kind=ServiceProduct.KIND, target=target, at=NOW, result=Seen(value=value))


def state(name: FeedName, part: str = "") -> FeedState:
    return FeedState(
        name=name,
        part=part,
        url="https://feeds.example/",
        fetched_at=NOW,
        published=None,
        sha256=hashlib.sha256(f"{name}{part}".encode()).hexdigest(),
        rows=1,
    )


def rows(*without: FeedName, nvd: bytes | None = None, kev: bytes | None = None) -> FeedRows:
    """The synthetic feeds about Apache, less some."""
    listed: Any = read(FeedName.KEV, kev or feeds.kev()).rows
    likely: Any = read(FeedName.EPSS, feeds.epss()).rows
    flaws: Any = read(FeedName.NVD, nvd or feeds.nvd(), product=feeds.APACHE).rows
    releases: Any = read(FeedName.END_OF_LIFE, feeds.end_of_life()).rows
    part = {FeedName.NVD: feeds.APACHE}
    return FeedRows(
        states=tuple(state(name, part.get(name, "")) for name in FeedName if name not in without),
        exploited=() if FeedName.KEV in without else tuple(listed),
        likelihoods={} if FeedName.EPSS in without else {row.cve: row for row in likely},
        flaws=() if FeedName.NVD in without else tuple(flaws),
        releases=() if FeedName.END_OF_LIFE in without else tuple(releases),
    )


def known(observation: Observation[Any], using: FeedRows | None = None) -> ProductIntelligence:
    """What is known of the one product that an observation states."""
    (found,) = look_up([observation], rows() if using is None else using, at=NOW)
    assert isinstance(found.result, Seen)
    return found.result.value
