"""A small vulnerability feed for the demo: every flaw in it is made up, and is called synthetic in its name.

Only the ends of support are real; they are those of the table that the project ships.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from posture.core.feeds import (
    SYNTHETIC,
    Exploited,
    FeedName,
    FeedRows,
    FeedState,
    Flaw,
    Likelihood,
    Release,
    Span,
)
from posture.core.findings import Severity

_URL: Final = f"{SYNTHETIC}posture demo"
_RANSOM, _EXPLOITED, _LIKELY, _LIKELY_TOO, _REST = (f"SYNTHETIC-2026-000{n}" for n in range(1, 6))

_FLAWS: Final = (
    (_RANSOM, "apache:http_server", Severity.CRITICAL, 9.8, "2.2.34"),
    (_EXPLOITED, "php:php", Severity.CRITICAL, 9.8, "5.3.29"),
    (_LIKELY, "openbsd:openssh", Severity.HIGH, 8.1, "7.0"),
    (_LIKELY_TOO, "vsftpd_project:vsftpd", Severity.HIGH, 7.5, "3.0.4"),
    (_REST, "oracle:mysql", Severity.MEDIUM, 5.3, "5.5.0"),
)
_LIKELIHOODS: Final = (
    Likelihood(cve=_RANSOM, epss=0.97, percentile=0.999),
    Likelihood(cve=_EXPLOITED, epss=0.9, percentile=0.995),
    Likelihood(cve=_LIKELY, epss=0.4, percentile=0.97),
    Likelihood(cve=_LIKELY_TOO, epss=0.2, percentile=0.93),
    Likelihood(cve=_REST, epss=0.001, percentile=0.2),
)
_RELEASES: Final = (
    Release(product="apache-http-server", name="2.2", ended=date(2017, 7, 11)),
    Release(product="php", name="5.3", ended=date(2014, 8, 14)),
    Release(product="mysql", name="5.1", ended=date(2013, 12, 31)),
)


def rows(products: Iterable[str], at: datetime) -> FeedRows:
    """The rows about these products (`vendor:product`), as if fetched at `at`.

    The exploited flaws were listed a while ago: one is overdue, the other's day is still to come.
    """
    named = sorted(set(products))
    exploited = (
        _listed(_RANSOM, "Apache", "HTTP Server", at.date() - timedelta(days=60), ransomware=True),
        _listed(_EXPLOITED, "PHP", "PHP", at.date() - timedelta(days=10), ransomware=False),
    )
    flaws = tuple(_flaw(*flaw) for flaw in _FLAWS if flaw[1] in named)
    likelihoods = {one.cve: one for one in _LIKELIHOODS}
    whole = {FeedName.KEV: exploited, FeedName.EPSS: _LIKELIHOODS, FeedName.END_OF_LIFE: _RELEASES}
    states = [_state(name, "", at, said) for name, said in whole.items()]
    states += [
        _state(FeedName.NVD, key, at, tuple(flaw for flaw in flaws if flaw.product == key)) for key in named
    ]
    return FeedRows(
        states=tuple(states), exploited=exploited, likelihoods=likelihoods, flaws=flaws, releases=_RELEASES
    )


def _listed(cve: str, vendor: str, product: str, added: date, *, ransomware: bool) -> Exploited:
    """A line of the catalog, to be mended within three weeks as CISA commonly says."""
    return Exploited(
        cve=cve,
        vendor=vendor,
        product=product,
        added=added,
        due=added + timedelta(days=21),
        ransomware=ransomware,
    )


def _flaw(cve: str, product: str, severity: Severity, score: float, mended_in: str) -> Flaw:
    return Flaw(
        cve=cve,
        product=product,
        published=date(2026, 1, 5),
        severity=severity,
        score=score,
        spans=(Span(version="*", end_excluding=mended_in),),
    )


def _state(name: FeedName, part: str, at: datetime, said: tuple[object, ...]) -> FeedState:
    return FeedState(
        name=name,
        part=part,
        url=_URL,
        fetched_at=at,
        published=None,
        sha256=hashlib.sha256(repr(said).encode()).hexdigest(),
        rows=len(said),
    )
