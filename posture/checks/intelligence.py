"""Joins what the services state with what the feeds say: a pure function of observations and rows.

The result is an observation of its own kind, kept with the assessment (docs/adr/0008-feeds.md): judges read
it as they read everything else, and a replay needs no feed.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from posture.checks.recognition import Product, Stated, stated
from posture.checks.versions import Version, holds
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.product_intelligence import Match, ProductIntelligence
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_response import WebResponse
from posture.core.feeds import Exploited, FeedName, FeedRows, FeedState, Flaw, Release
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.priority import Priority, priority

_KIND: Final = ProductIntelligence.KIND
_SOURCES: Final = frozenset({WebResponse.KIND, ServiceProduct.KIND, PortsHost.KIND})


def wanted(observations: Iterable[Observation[Any]]) -> tuple[Product, ...]:
    """The products whose rows a join needs."""
    return tuple({one.product.name: one.product for one in stated(observations)}.values())


def look_up(
    observations: Sequence[Observation[Any]], rows: FeedRows, *, at: datetime
) -> tuple[Observation[ProductIntelligence], ...]:
    """One observation per product of a service, and an unseen one per web site, sweep or greeting not seen.

    What was seen and states nothing known brings none: then the question does not arise.
    """
    seen = tuple(
        Observation(kind=_KIND, target=one.target, at=at, result=_joined(one, rows, at))
        for one in stated(observations)
    )
    return (*seen, *_blind(observations, at))


def affected(flaw: Flaw, version: str | None) -> bool | None:
    """Whether a stated version has the flaw; None where that cannot be told."""
    return _told(flaw, Version.read(version) if version else None)


def _told(flaw: Flaw, version: Version | None) -> bool | None:
    if version is None or not flaw.spans:
        return None
    if _affects(flaw, version):
        return True
    return None if _may_affect(flaw, version) else False


def _blind(
    observations: Sequence[Observation[Any]], at: datetime
) -> Iterator[Observation[ProductIntelligence]]:
    sources = [obs for obs in observations if obs.kind in _SOURCES]
    looked_at = {_question(obs) for obs in sources if isinstance(obs.result, Seen)}
    told: set[tuple[str, str, int | None]] = set()
    for obs in sources:
        question = _question(obs)
        if isinstance(obs.result, Unseen) and question not in looked_at | told:
            told.add(question)
            yield Observation(kind=_KIND, target=obs.target, at=at, result=obs.result)


def _question(obs: Observation[Any]) -> tuple[str, str, int | None]:
    """What one answer settles: a site answers on one of its ports, a greeting is each port's own."""
    port = obs.target.port if obs.kind == ServiceProduct.KIND else None
    return obs.kind, obs.target.name or obs.target.address or "", port


def _joined(one: Stated, rows: FeedRows, at: datetime) -> Seen[ProductIntelligence]:
    """A product may go by several names in NVD: nothing found counts only when every one was asked about."""
    version = Version.read(one.version) if one.version else None
    states = _states(one.product, rows)
    known = {state.name for state in states}
    asked = {state.part for state in states if state.name is FeedName.NVD}
    whole = bool(asked) and asked >= set(one.product.keys)
    flaws = [flaw for flaw in rows.flaws if flaw.product in asked]
    listed = _listed(one.product, rows) if FeedName.KEV in known else None
    affecting = [flaw for flaw in flaws if version and _affects(flaw, version)]
    decided = version is not None and (whole or bool(affecting))
    fact = ProductIntelligence(
        vendor=one.product.vendor,
        product=one.product.name,
        version=one.version,
        cpe=one.product.cpe_name(version),
        how=one.how,
        confidence=one.confidence,
        distribution=one.distribution,
        packaged=one.product.packaged,
        on=at.date(),
        feeds=states,
        listed=listed,
        undecided=tuple(_undecided(listed or (), flaws, version)),
        matches=tuple(_matches(affecting, rows, catalog=listed is not None)) if decided else None,
        possible=_possible(flaws, rows) if whole and FeedName.EPSS in known else None,
        release=_release(one.product, version, rows),
    )
    return Seen(value=fact, gaps=tuple(_gaps(fact, known)))


def _gaps(fact: ProductIntelligence, known: set[FeedName]) -> Iterator[Gap]:
    missing = {
        "version": fact.version is None,
        "listed": fact.listed is None,
        "matches": fact.matches is None,
        "likelihoods": FeedName.EPSS not in known,
        "release": FeedName.END_OF_LIFE not in known,
    }
    for path, absent in missing.items():
        if absent:
            yield Gap(path=path, reason=Reason.NO_DATA)


def _states(product: Product, rows: FeedRows) -> tuple[FeedState, ...]:
    """The documents that were asked about the product."""
    return tuple(state for state in rows.states if not state.part or state.part in product.keys)


def _listed(product: Product, rows: FeedRows) -> tuple[Exploited, ...]:
    found = [line for line in rows.exploited if product.kev.search(f"{line.vendor}/{line.product}")]
    return tuple(sorted(found, key=lambda line: line.cve))


def _affects(flaw: Flaw, version: Version) -> bool:
    return any(holds(span, version) for span in flaw.spans if not span.conditional)


def _undecided(listed: Sequence[Exploited], flaws: Sequence[Flaw], version: Version | None) -> Iterator[str]:
    """Listed flaws of which NVD does not say whether they are in the version."""
    for line in listed:
        answers = {_told(flaw, version) for flaw in flaws if flaw.cve == line.cve}
        if True not in answers and (None in answers or not answers):
            yield line.cve


def _may_affect(flaw: Flaw, version: Version) -> bool:
    return any(span.version == "-" or holds(span, version) for span in flaw.spans)


def _matches(flaws: Sequence[Flaw], rows: FeedRows, *, catalog: bool) -> Iterator[Match]:
    """In order of priority, then of severity score; flaws of unknown priority come last."""
    exploited = {line.cve: line for line in rows.exploited}
    found = [_match(flaw, exploited.get(flaw.cve), rows, catalog=catalog) for flaw in flaws]
    one_each = {match.cve: match for match in found}
    yield from sorted(one_each.values(), key=_urgency)


def _match(flaw: Flaw, kev: Exploited | None, rows: FeedRows, *, catalog: bool) -> Match:
    likelihood = rows.likelihoods.get(flaw.cve)
    return Match(
        cve=flaw.cve,
        severity=flaw.severity,
        score=flaw.score,
        epss=likelihood.epss if likelihood else None,
        percentile=likelihood.percentile if likelihood else None,
        kev=kev,
        priority=priority(kev=kev, likelihood=likelihood, severity=flaw.severity, catalog=catalog),
    )


def _possible(flaws: Sequence[Flaw], rows: FeedRows) -> tuple[str, ...] | None:
    matches = tuple(_matches(flaws, rows, catalog=True))
    if any(match.priority is None for match in matches):
        return None
    return tuple(sorted(match.cve for match in matches if match.priority is Priority.LIKELY))


def _urgency(match: Match) -> tuple[int, float, str]:
    rank = 9 if match.priority is None else match.priority.rank
    return rank, -(match.score or 0.0), match.cve


def _release(product: Product, version: Version | None, rows: FeedRows) -> Release | None:
    """The longest release line that begins the version."""
    if version is None or product.endoflife is None:
        return None
    parts = version.number.split(".")
    lines = [line for line in rows.releases if line.product == product.endoflife]
    fitting = [line for line in lines if parts[: len(_line(line))] == _line(line)]
    return max(fitting, key=lambda line: len(_line(line)), default=None)


def _line(release: Release) -> list[str]:
    return release.name.split(".")
