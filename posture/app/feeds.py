"""Fetches, imports and asks the vulnerability feeds; what `posture feeds` does."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from posture.app.settings import Feeds, Settings
from posture.checks.intelligence import wanted
from posture.checks.recognition import Product, products
from posture.core.errors import PostureError
from posture.core.feeds import FeedName, FeedRows, FeedState
from posture.core.observations import Observation
from posture.outbound import formats
from posture.outbound.fetch import Limits, Source, fetch
from posture.outbound.formats import Read
from posture.store import feeds as kept
from posture.store.database import Database

#: Records of one page of NVD (its own upper bound), and pages of one product that are read at most.
_PAGE: Final = 2_000
_MOST_PAGES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What became of one document: updated, unchanged or failed (with the reason)."""

    label: str
    outcome: str
    rows: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an update works with."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime]
    user_agent: str
    pause: Callable[[float], None] = time.sleep


def rows_of(database: Database, observations: Sequence[Observation[Any]]) -> FeedRows:
    """The stored rows that bear on the products these observations state."""
    named = wanted(observations)
    keys = sorted({key for product in named for key in product.keys})
    lines = sorted({product.endoflife for product in named if product.endoflife})
    return kept.rows_for(database, keys, lines)


def seen_products(database: Database) -> tuple[Product, ...]:
    """The products that the newest assessment of any applicant states."""
    found = {
        product.name: product
        for assessment in kept.newest_by_domain(database)
        for product in wanted(assessment.observations)
    }
    return tuple(found[name] for name in sorted(found))


def named_product(name: str) -> Product:
    """A product by its name, one of its names, or `vendor:product`. Raises PostureError."""
    wanted_name = name.casefold()
    for product in products():
        names = {product.name.casefold(), *map(str.casefold, product.named), *product.keys}
        if wanted_name in names:
            return product
    raise PostureError(
        f"“{name}” is no product of our table.",
        remedy="Name it as a finding does, such as “Apache HTTP Server”, or as CPE does: apache:http_server.",
        code="no-product",
    )


def update(desk: Desk, names: Sequence[FeedName], named: Sequence[Product]) -> Iterator[Updated]:
    """Fetch feeds one after the other; one that fails leaves what was stored and stops no other."""
    for name in names:
        if name is not FeedName.NVD:
            yield _attempt(name.value, lambda name=name: _whole(desk, name))  # type: ignore[misc]
    if FeedName.NVD in names:
        for number, key in enumerate(key for product in named for key in product.keys):
            if number:
                desk.pause(desk.settings.feeds.nvd_pause)
            yield _attempt(f"{FeedName.NVD.value}:{key}", lambda key=key: _flaws(desk, key))  # type: ignore[misc]


def import_file(database: Database, path: Path, product: Product | None, at: datetime) -> FeedState:
    """Take a feed from a file. Raises PostureError; then nothing of it is stored."""
    try:
        with path.open("rb") as file:
            body = file.read(max(formats.MOST.values()) + 1)
    except OSError as error:
        raise PostureError(
            f"The feed {path} cannot be read: {error.strerror}.", remedy="Check the path.", code="bad-file"
        ) from None
    name = formats.recognise(body)
    if name is FeedName.NVD and product is None:
        raise PostureError(
            f"{path} holds flaws by NVD, but of which product is not said.",
            remedy="Add --product, such as --product apache:http_server.",
            code="no-product",
        )
    part = product.keys[0] if name is FeedName.NVD and product else ""
    read = formats.read(name, body, product=part)
    if name is FeedName.NVD and read.total != read.entries:
        raise PostureError(
            f"{path} holds {read.entries} of {read.total} records.",
            remedy="Import a document that is whole: fewer pages, or resultsPerPage=2000.",
            code="bad-feed",
        )
    state = _state(read, part, path.name, hashlib.sha256(body).hexdigest(), at)
    kept.keep(database, kept.Document(state=state, rows=read.rows))
    return state


def _attempt(label: str, work: Callable[[], tuple[FeedState, bool]]) -> Updated:
    try:
        state, new = work()
    except PostureError as error:
        if error.code == "database":
            raise
        return Updated(label=label, outcome="failed", rows=0, detail=error.message)
    return Updated(label=label, outcome="updated" if new else "unchanged", rows=state.rows)


def _whole(desk: Desk, name: FeedName) -> tuple[FeedState, bool]:
    """A feed that is one document; asked for only if it changed."""
    url = str(getattr(desk.settings.feeds, name.value))
    known = next((s for s in kept.states(desk.database) if s.name is name and s.url == url), None)
    got = fetch(_source(desk, url), Limits(most=formats.MOST[name]), etag=known.etag if known else "")
    if got.body is None and known is not None:
        kept.touch(desk.database, replace(known, fetched_at=desk.clock()))
        return known, False
    body = got.body or b""
    read = formats.read(name, body)
    state = _state(read, "", url, hashlib.sha256(body).hexdigest(), desk.clock(), etag=got.etag)
    kept.keep(desk.database, kept.Document(state=state, rows=read.rows))
    return state, True


def _flaws(desk: Desk, key: str) -> tuple[FeedState, bool]:
    """Every page of NVD about one product; stored only when all came."""
    feeds, digest, pages = desk.settings.feeds, hashlib.sha256(), list[Read]()
    while not pages or sum(page.entries for page in pages) < pages[0].total:
        if pages:
            desk.pause(feeds.nvd_pause)
        url = _page_url(feeds, key, sum(page.entries for page in pages))
        body = fetch(_source(desk, url), Limits(most=formats.MOST[FeedName.NVD])).body or b""
        digest.update(body)
        pages.append(formats.read(FeedName.NVD, body, product=key))
        if len(pages) > _MOST_PAGES or (not pages[-1].entries and pages[0].total):
            raise PostureError(
                f"NVD's pages about {key} do not add up to the {pages[0].total} records it names.",
                remedy="Nothing of it was stored. Try again later.",
                code="bad-feed",
            )
    read = replace(pages[0], rows=_each_once(row for page in pages for row in page.rows))
    state = _state(read, key, feeds.nvd, digest.hexdigest(), desk.clock())
    kept.keep(desk.database, kept.Document(state=state, rows=read.rows))
    return state, True


def _each_once(rows: Iterator[Any]) -> Sequence[Any]:
    """Records may move from one page to the next while we read."""
    return list({row.cve: row for row in rows}.values())


def _page_url(feeds: Feeds, key: str, start: int) -> str:
    part = next(cpe.partition(":")[0] for p in products() for cpe in p.cpe if cpe.endswith(f":{key}"))
    query = {
        "virtualMatchString": f"cpe:2.3:{part}:{key}",
        "resultsPerPage": _PAGE,
        "startIndex": start,
    }
    return f"{feeds.nvd}?{urlencode(query)}"


def _source(desk: Desk, url: str) -> Source:
    feeds = desk.settings.feeds
    key = {"apiKey": feeds.nvd_key} if feeds.nvd_key and url.startswith(feeds.nvd) else {}
    return Source(url=url, headers={"User-Agent": desk.user_agent, **key}, proxy=feeds.proxy)


def _state(read: Read, part: str, url: str, sha256: str, at: datetime, etag: str = "") -> FeedState:
    return FeedState(
        name=read.name,
        part=part,
        url=url,
        fetched_at=at.replace(microsecond=0),
        published=read.published,
        sha256=sha256,
        rows=len(read.rows),
        etag=etag,
    )
