"""Findings to features. Unknown stays unknown: it is never 0."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from models import priors
from models.priors import Source
from posture.core.features import FeatureVector
from posture.core.findings import Confidence, Finding, Outcome, Owner
from posture.core.observations import Reason

#: Feature -> the checks that set it.
Readings = Mapping[str, tuple[Source, ...]]

#: What a failure known only by inference (a banner) counts: half, because distributions back-port. A version
#: that is not shown counts the same: were it less, hiding would pay (docs/adr/0016-hidden-versions.md).
INFERRED = 0.5


def names() -> tuple[str, ...]:
    """The model's features: those a shipped check can observe."""
    return tuple(row.name for row in priors.table().active())


def schema(features: Iterable[str]) -> str:
    """The feature schema's version; it changes with any feature added, dropped or renamed."""
    digest = hashlib.sha256("\n".join(features).encode()).hexdigest()
    return f"posture.features/1+{digest[:8]}"


def readings() -> Readings:
    """What sets each of this release's features."""
    return {row.name: row.sources for row in priors.table().active()}


def vector(findings: Sequence[Finding], read_by: Readings | None = None) -> FeatureVector:
    """The feature vector of one applicant's findings; those about other people's machines are left out.

    `read_by` are the readings of the model that is asked: what a finding meant to it when it was made;
    without them this release's.
    """
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    values: dict[str, float | None] = {}
    unseen: dict[str, Reason] = {}
    partly: dict[str, Reason] = {}
    unasked: list[str] = []
    sources: dict[str, tuple[str, ...]] = {}
    taken = readings() if read_by is None else read_by
    for name, read in taken.items():
        value, reason, deciding = _feature(read, by_check)
        values[name] = value
        sources[name] = tuple(finding.id for finding in deciding)
        if reason is not None:
            (unseen if value is None else partly)[name] = reason
            if deciding and _never_asked(read, by_check):
                unasked.append(name)
    return FeatureVector(
        schema=schema(taken),
        values=values,
        unseen=unseen,
        sources=sources,
        partly=partly,
        unasked=tuple(unasked),
    )


def _never_asked(read: Sequence[Source], by_check: dict[str, list[Finding]]) -> bool:
    """Whether every open question of a feature is of our own making: no feed, no record that decides."""
    return all(
        finding.message in source.unasked
        for source in read
        for finding in by_check.get(source.check, ())
        if _open(source, finding) and finding.owner is not Owner.PROVIDER
    ) and all(by_check.get(source.check) for source in read)


def _feature(
    read: Sequence[Source], by_check: dict[str, list[Finding]]
) -> tuple[float | None, Reason | None, Sequence[Finding]]:
    """Value, the reason of a question left open anywhere, and the findings that decided the value.

    What is found on one machine is found, and no second machine makes it worse. But the question that another
    machine left open may hide what this one does not show (a knock-out of another check, say): it stays open.
    """
    absent = [source.check for source in read if not by_check.get(source.check)]
    relevant = [
        (source, finding)
        for source in read
        for finding in by_check.get(source.check, ())
        if finding.owner is not Owner.PROVIDER
    ]
    failures = [finding for source, finding in relevant if _counts(source, finding)]
    halves = [
        finding
        for source, finding in relevant
        if finding.message in source.half and not _shown(finding, source.shown_by, by_check)
    ]
    open_questions = [finding for source, finding in relevant if _open(source, finding)]
    reason = _worst(open_questions) if open_questions else Reason.NO_DATA if absent else None
    if any(finding.confidence is Confidence.OBSERVED for finding in failures):
        return 1.0, reason, failures
    if failures or halves:
        return INFERRED, reason, failures or halves
    if reason is not None:
        return None, reason, open_questions
    return 0.0, None, [finding for _, finding in relevant]


def _counts(source: Source, finding: Finding) -> bool:
    counted = not source.messages or finding.message in source.messages
    return finding.outcome is Outcome.FAIL and counted and finding.message not in source.half


def _shown(finding: Finding, checks: Iterable[str], by_check: dict[str, list[Finding]]) -> bool:
    """Whether a check passed on the finding's machine that answers what the finding leaves open."""
    return any(
        other.outcome is Outcome.PASS and _machine(other) == _machine(finding)
        for check in checks
        for other in by_check.get(check, ())
    )


def _machine(finding: Finding) -> str | None:
    return finding.target.name or finding.target.address


def _open(source: Source, finding: Finding) -> bool:
    return finding.outcome is Outcome.UNKNOWN and finding.message not in source.moot | source.half


#: Reasons that are the applicant's doing come first: they decide more.
_ORDER = (Reason.NOT_PERMITTED, Reason.BLOCKED)


def _worst(findings: Sequence[Finding]) -> Reason:
    reasons = [finding.reason or Reason.NO_DATA for finding in findings]
    return next((reason for reason in _ORDER if reason in reasons), reasons[0])
