"""Whether hiding pays, findings and versions: part of `benchmarks/model.py`."""

import argparse
from collections.abc import Collection, Sequence
from datetime import date

import numpy as np

from benchmarks.model_worlds import TABLE, Bars
from models import assess
from models.perils import Group
from posture.core.decisions import Action, Decision
from posture.core.findings import Confidence, Finding, Outcome
from posture.core.observations import Reason
from tests.support.applicants import application, finding, findings

#: An applicant as seen, and with something hidden.
Pair = tuple[Sequence[Finding], Sequence[Finding]]
TODAY = date(2026, 12, 1)
WATCHED = (Group.REMOTE_ACCESS, Group.VULNERABILITY, Group.EXPOSED_SERVICE)
REASONS = (Reason.TIMEOUT, Reason.BLOCKED, Reason.NOT_PERMITTED, Reason.NO_DATA, Reason.REFUSED)
APPLICANTS = 150
_TABLE, _FEED = "web/supported_software", "products/still_supported"
_AGES = (_TABLE, _FEED, "services/supported_software")


def hiding(options: argparse.Namespace) -> Bars:
    """A known bad finding of a watched group, or an old version, hidden: never a lower premium to bind."""
    rng = np.random.default_rng([options.seed, 19])
    for what, pairs in (("findings", list(_findings(rng))), ("versions", list(_versions(rng)))):
        paid = sum(_pays(decided(seen), decided(kept)) for seen, kept in pairs)
        yield f"{paid} of {len(pairs):,} hidden {what} paid", paid == 0


def decided(found: Sequence[Finding]) -> Decision:
    """The decision of the ordinary applicant with these findings."""
    return assess(found, application(), on=TODAY).decision


def _findings(rng: np.random.Generator) -> Collection[Pair]:
    """Applicants with a bad finding seen, and the same with it unknown."""
    watched = [row.name for row in TABLE.active() if row.group in WATCHED]
    pairs: list[Pair] = []
    for _ in range(APPLICANTS):
        found = _drawn(rng)
        for name in watched:
            reason = REASONS[rng.integers(len(REASONS))]
            pairs.append((findings(found | {name}), findings(found - {name}, {name: reason})))
    return pairs


def _versions(rng: np.random.Generator) -> Collection[Pair]:
    """Applicants with an old version visible to table, feed or both, and the same in every way to hide it.

    Without its version, without anything that names the product, and, withheld where the feed would prove it.
    """
    pairs: list[Pair] = []
    for _ in range(APPLICANTS):
        rest = [item for item in findings(_drawn(rng)) if item.check not in _AGES]
        rest.append(finding(_AGES[2], Outcome.NOT_APPLICABLE, message="nothing_to_ask"))
        unnamed = finding(_TABLE, Outcome.NOT_APPLICABLE, message="not_stated")
        quiet = finding(_FEED, Outcome.NOT_APPLICABLE, message="nothing_to_ask")
        for table, feed in ((True, None), (True, Confidence.INFERRED), (False, Confidence.INFERRED)):
            old = [
                _old(_TABLE, Confidence.INFERRED) if table else unnamed,
                _old(_FEED, feed) if feed else quiet,
            ]
            ways = (_hidden("version_hidden"), quiet)
            pairs.extend(([*rest, *old], [*rest, unnamed, way]) for way in ways)
        proved = [unnamed, _old(_FEED, Confidence.OBSERVED)]
        pairs.append(([*rest, *proved], [*rest, unnamed, _hidden("version_withheld")]))
    return pairs


def _drawn(rng: np.random.Generator) -> set[str]:
    return {row.name for row in TABLE.active() if rng.random() < row.shares.found * 2}


def _old(check: str, confidence: Confidence) -> Finding:
    return finding(check, Outcome.FAIL, confidence=confidence, message="ended")


def _hidden(message: str) -> Finding:
    return finding(_FEED, Outcome.UNKNOWN, reason=Reason.NO_DATA, message=message)


def _pays(seen: Decision, kept: Decision) -> bool:
    """Whether a price to bind is lower in any cover."""
    offered = kept.action in {Action.QUOTE, Action.SUBJECTIVITIES}
    prices = [(kept.premium.by_cover[cover], amount) for cover, amount in seen.premium.by_cover.items()]
    return offered and any(now is not None and was is not None and now < was for now, was in prices)
