"""Findings to features. Unknown stays unknown: it is never 0."""

import hashlib
from collections.abc import Iterable, Sequence

from models import priors
from models.priors import Prior, Source
from posture.core.features import FeatureVector
from posture.core.findings import Confidence, Finding, Outcome, Owner
from posture.core.observations import Reason

#: What a failure known only by inference (a banner) counts: half, because distributions back-port.
INFERRED = 0.5


def names() -> tuple[str, ...]:
    """The model's features: those a shipped check can observe."""
    return tuple(row.name for row in priors.table().active())


def schema(features: Iterable[str]) -> str:
    """The feature schema's version; it changes with any feature added, dropped or renamed."""
    digest = hashlib.sha256("\n".join(features).encode()).hexdigest()
    return f"posture.features/1+{digest[:8]}"


def vector(findings: Sequence[Finding]) -> FeatureVector:
    """The feature vector of one applicant's findings; those about other people's machines are left out."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    rows = priors.table().active()
    values: dict[str, float | None] = {}
    unseen: dict[str, Reason] = {}
    partly: dict[str, Reason] = {}
    unasked: list[str] = []
    sources: dict[str, tuple[str, ...]] = {}
    for row in rows:
        value, reason, deciding = _feature(row, by_check)
        values[row.name] = value
        sources[row.name] = tuple(finding.id for finding in deciding)
        if reason is not None:
            (unseen if value is None else partly)[row.name] = reason
            if deciding and _never_asked(row, by_check):
                unasked.append(row.name)
    return FeatureVector(
        schema=schema(row.name for row in rows),
        values=values,
        unseen=unseen,
        sources=sources,
        partly=partly,
        unasked=tuple(unasked),
    )


def _never_asked(row: Prior, by_check: dict[str, list[Finding]]) -> bool:
    """Whether every open question of a feature is of our own making: no feed, no record that decides."""
    return all(
        finding.message in source.unasked
        for source in row.sources
        for finding in by_check.get(source.check, ())
        if _open(source, finding) and finding.owner is not Owner.PROVIDER
    ) and all(by_check.get(source.check) for source in row.sources)


def _feature(
    row: Prior, by_check: dict[str, list[Finding]]
) -> tuple[float | None, Reason | None, Sequence[Finding]]:
    """Value, the reason of a question left open anywhere, and the findings that decided the value.

    What is found on one machine is found, and no second machine makes it worse. But the question that another
    machine left open may hide what this one does not show (a knock-out of another check, say): it stays open.
    """
    absent = [source.check for source in row.sources if not by_check.get(source.check)]
    relevant = [
        (source, finding)
        for source in row.sources
        for finding in by_check.get(source.check, ())
        if finding.owner is not Owner.PROVIDER
    ]
    failures = [finding for source, finding in relevant if _counts(source, finding)]
    open_questions = [finding for source, finding in relevant if _open(source, finding)]
    reason = _worst(open_questions) if open_questions else Reason.NO_DATA if absent else None
    if failures:
        observed = any(finding.confidence is Confidence.OBSERVED for finding in failures)
        return (1.0 if observed else INFERRED), reason, failures
    if reason is not None:
        return None, reason, open_questions
    return 0.0, None, [finding for _, finding in relevant]


def _counts(source: Source, finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and (not source.messages or finding.message in source.messages)


def _open(source: Source, finding: Finding) -> bool:
    return finding.outcome is Outcome.UNKNOWN and finding.message not in source.moot


#: Reasons that are the applicant's doing come first: they decide more.
_ORDER = (Reason.NOT_PERMITTED, Reason.BLOCKED)


def _worst(findings: Sequence[Finding]) -> Reason:
    reasons = [finding.reason or Reason.NO_DATA for finding in findings]
    return next((reason for reason in _ORDER if reason in reasons), reasons[0])
