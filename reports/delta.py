"""What changed since an earlier assessment, by the stable identity of findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from posture.core.assessment import Assessment
from posture.core.dossier import Past
from posture.core.findings import Finding, Outcome

#: The groups of a comparison, in the order they are told.
GROUPS = ("new", "reappeared", "resolved", "gone", "persisting", "now_unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Every group holds findings of the current assessment, but `gone` those of the earlier one.

    `new`: open now, and never before. `reappeared`: open now, not at the earlier assessment, but at one
    before that. `resolved`: open before, seen in order now. `gone`: open before, and the thing it was about
    is no longer found. `persisting`: open both times. `now_unknown`: open or in order before, not seen now.
    """

    previous: Assessment
    new: tuple[Finding, ...]
    reappeared: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    persisting: tuple[Finding, ...]
    now_unknown: tuple[Finding, ...]


def compare(previous: Assessment, current: Assessment, past: Iterable[Past] = ()) -> Delta:
    """Sort the findings of both assessments into what changed; not seen is never counted as resolved.

    `past` are assessments of the same domain, this comparison's own among them or not.
    """
    ever = {key for earlier in past for key in earlier.failed}
    before = {finding.id: finding for finding in previous.findings}
    was_open = {key for key, finding in before.items() if finding.outcome is Outcome.FAIL}
    was_known = was_open | {key for key, finding in before.items() if finding.outcome is Outcome.PASS}
    now_open = [finding for finding in current.findings if finding.outcome is Outcome.FAIL]
    missing = _missing(before, current)
    hidden = {finding.id for finding in missing if _hidden(finding, current.findings)}
    return Delta(
        previous=previous,
        new=tuple(f for f in now_open if f.id not in was_open and f.id not in ever),
        reappeared=tuple(f for f in now_open if f.id not in was_open and f.id in ever),
        persisting=tuple(f for f in now_open if f.id in was_open),
        resolved=tuple(
            f
            for f in current.findings
            if f.id in was_open and f.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}
        ),
        gone=tuple(f for f in missing if f.id not in hidden),
        now_unknown=(
            *(f for f in current.findings if f.id in was_known and f.outcome is Outcome.UNKNOWN),
            *(f for f in missing if f.id in hidden),
        ),
    )


def _missing(before: Mapping[str, Finding], current: Assessment) -> tuple[Finding, ...]:
    kept = {finding.id for finding in current.findings}
    return tuple(f for f in before.values() if f.id not in kept and f.outcome is Outcome.FAIL)


def _hidden(finding: Finding, now: Iterable[Finding]) -> bool:
    """Whether the same check could not look this time, so that absence says nothing.

    A check that sees nothing of a host makes one unknown finding of it, and none for each port or CVE.
    """
    return any(
        other.check == finding.check and other.outcome is Outcome.UNKNOWN and _same_host(other, finding)
        for other in now
    )


def _same_host(one: Finding, other: Finding) -> bool:
    if one.target.name and other.target.name:
        return one.target.name == other.target.name
    return one.target.address == other.target.address
