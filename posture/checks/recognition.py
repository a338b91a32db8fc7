"""Which products the services of a scan state (table: `posture/data/products.toml`).

One product of one service comes out once, with the best of what several observations say of it. What is not
in the table is left alone, and a version that does not tell what is mended is dropped: a wrong version is
worse than none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from posture.checks import fingerprints
from posture.checks.http import hops, host
from posture.checks.tables import table
from posture.checks.versions import Version
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Seen
from posture.core.targets import Target

#: From this confidence on nmap has read the version from an answer, not from the port's number.
_READ = 8
_SURE = 10
_DISTRIBUTION = re.compile(
    r"\b(Debian|Ubuntu|Raspbian|CentOS|Red ?Hat|Rocky|Alma(?:Linux)?|Oracle Linux|Amazon|Fedora|SUSE|"
    r"openSUSE|Alpine|deb\d{1,2}u\d|el\d{1,2}(?:_\d{1,2})?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An entry of the table."""

    vendor: str
    name: str
    cpe: tuple[str, ...]
    kev: re.Pattern[str]
    endoflife: str | None
    packaged: bool
    parts: int
    header: re.Pattern[str] | None
    named: frozenset[str]

    @property
    def keys(self) -> tuple[str, ...]:
        """`vendor:product` of every CPE name, as the stored records of NVD are called."""
        return tuple(name.partition(":")[2] for name in self.cpe)

    def version(self, text: str | None) -> Version | None:
        """The version, when it tells what is mended."""
        read = Version.read(text) if text and self.parts else None
        return read if read and len(re.findall(r"\d+", read.number)) >= self.parts else None

    def cpe_name(self, version: Version | None) -> str:
        """A CPE 2.3 formatted string (NISTIR 7695 §6.2); ANY where nothing is stated."""
        number, update = (version.number, version.update) if version else (None, None)
        escaped = re.sub(r"([^\w.])", r"\\\1", number) if number else "*"
        return f"cpe:2.3:{self.cpe[0]}:{escaped}:{update or '*'}:*:*:*:*:*:*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A product that a service states, and how that is known."""

    target: Target
    product: Product
    version: str | None
    how: str
    confidence: int
    distribution: str | None

    def weight(self) -> tuple[bool, int, bool]:
        """Sort key: of several statements about one product of one service the greatest is kept."""
        return self.version is not None, self.confidence, self.distribution is not None


@cache
def products() -> tuple[Product, ...]:
    """The table."""
    return tuple(
        Product(
            vendor=entry["vendor"],
            name=entry["name"],
            cpe=tuple(entry["cpe"]),
            kev=re.compile(entry["kev"], re.IGNORECASE),
            endoflife=entry.get("endoflife"),
            packaged=entry["packaged"],
            parts=entry["parts"],
            header=re.compile(entry["header"], re.IGNORECASE | re.ASCII) if "header" in entry else None,
            named=frozenset(entry["named"]),
        )
        for entry in table("products")["product"]
    )


def dated(name: str) -> bool:
    """Whether a version of the product, once it is stated, can be dated by endoflife.date."""
    return any(one.name == name and one.endoflife and one.parts for one in products())


def stated(observations: Iterable[Observation[Any]]) -> tuple[Stated, ...]:
    """Every product that the observations state, ordered by service and name."""
    best: dict[tuple[str, int, str], Stated] = {}
    for one in _every(observations):
        key = (one.target.name or one.target.address or "", one.target.port or 0, one.product.name)
        if key not in best or one.weight() > best[key].weight():
            best[key] = one
    return tuple(best[key] for key in sorted(best))


def named(observations: Iterable[Observation[Any]]) -> tuple[Observation[Any], ...]:
    """The observations, with the CPE name of every product that a greeting states and the table knows."""
    return tuple(_named(obs) for obs in observations)


def _named(obs: Observation[Any]) -> Observation[Any]:
    fact = obs.result.value if isinstance(obs.result, Seen) else None
    product = _by_name(fact.product) if isinstance(fact, ServiceProduct) and fact.cpe is None else None
    if product is None or not isinstance(obs.result, Seen) or not isinstance(fact, ServiceProduct):
        return obs
    told = replace(fact, cpe=product.cpe_name(product.version(fact.version)))
    return replace(obs, result=replace(obs.result, value=told))


def _every(observations: Iterable[Observation[Any]]) -> Iterator[Stated]:
    web: dict[tuple[str, str], Stated] = {}
    for obs in observations:
        fact = obs.result.value if isinstance(obs.result, Seen) else None
        if isinstance(fact, ServiceProduct):
            yield from _greeted(obs.target, fact)
        elif isinstance(fact, PortsHost):
            yield from _swept(obs.target, fact)
        elif isinstance(fact, WebResponse):
            for one in _served(obs.target, fact):
                _prefer_https(web, one)
    yield from web.values()


def _prefer_https(web: dict[tuple[str, str], Stated], one: Stated) -> None:
    """One web server is one service, though it answers on 80 and 443."""
    key = (one.target.name or one.target.address or "", one.product.name)
    known = web.get(key)
    if (
        known is None
        or one.weight() > known.weight()
        or (one.weight() == known.weight() and (one.target.port or 0) != 80 and known.target.port == 80)
    ):
        web[key] = one


def _greeted(target: Target, fact: ServiceProduct) -> Iterator[Stated]:
    product = _by_name(fact.product)
    if product is not None:
        yield _one(target, product, fact.version, (fact.how, fact.confidence), fact.banner)


def _swept(target: Target, fact: PortsHost) -> Iterator[Stated]:
    for port in fact.open_ports():
        product = _by_name(port.product)
        if product is not None and port.confidence >= _READ and fact.suspicious is None:
            place = Target(name=target.name, address=target.address, port=port.port)
            yield _one(place, product, port.version, ("nmap", port.confidence), port.version or "")


def _served(target: Target, fact: WebResponse) -> Iterator[Stated]:
    """What the host that was asked states in its headers, and what its page is recognised by."""
    own = [hop for hop in hops(fact) if host(hop.url) == host(fact.asked)]
    lines = [f"{name}: {value}" for hop in own for name, value in hop.headers]
    for product in products():
        for line in lines:
            if product.header is not None and (match := product.header.search(line)):
                yield _one(target, product, match["version"], ("http-header", _SURE), line)
    for kind in fingerprints.KINDS:
        for entry in fingerprints.recognised(fact, kind):
            known = _by_name(entry.product)
            if known is not None:
                yield _one(target, known, None, ("fingerprint", _READ), "")


def _by_name(name: str | None) -> Product | None:
    return next((product for product in products() if name in product.named), None) if name else None


def _one(target: Target, product: Product, version: str | None, how: tuple[str, int], text: str) -> Stated:
    read = product.version(version)
    marked = _DISTRIBUTION.search(text)
    return Stated(
        target=Target(name=target.name, address=target.address, port=target.port),
        product=product,
        version=None if read is None else read.number + (read.update or ""),
        how=how[0],
        confidence=how[1],
        distribution=marked[0] if marked else None,
    )
