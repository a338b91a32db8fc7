"""Turns observations into findings. A judge never sees a failure: unseen becomes unknown here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from posture.checks.registry import Check, all_checks
from posture.core.findings import (
    Argument,
    Confidence,
    Finding,
    Outcome,
    Owner,
    Severity,
    Verdict,
    finding_id,
)
from posture.core.observations import Observation, Reason, Seen, reason_at
from posture.core.targets import Target

#: Message ids of `common.toml`, shared by every check.
UNSEEN = "unseen"
NOTHING_TO_ASK = "nothing_to_ask"
#: Said by a rescan alone: no judge knows what was there before.
PORT_SHUT = "port_shut"

_NOTHING = Verdict(outcome=Outcome.NOT_APPLICABLE, message=NOTHING_TO_ASK)

OwnerOf = Callable[[Target], Owner]
#: The name of who runs a target that is not the applicant's, as far as it is known.
OperatorOf = Callable[[Target], str]

#: Of several machines' owners the first of these decides: whoever has something to mend himself.
_NEAREST = (Owner.SELF, Owner.HOSTED, Owner.UNKNOWN, Owner.PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All findings, ordered by check and target; `faults` are our own bugs, for the log."""

    findings: tuple[Finding, ...]
    faults: tuple[str, ...]


def judge(
    observations: Iterable[Observation[Any]],
    *,
    subject: Target,
    owner_of: OwnerOf,
    operator_of: OperatorOf = Target.label,
    checks: Sequence[Check] | None = None,
) -> Judgement:
    """Run every check over the observations of its kind.

    A kind without any observation had nothing to be asked of: its checks are not applicable to `subject`.
    Several addresses of one name make one finding; the worst decides. So a pass for a whole host does not
    stand beside something worse on one of its ports. What a verdict says of others' machines is theirs to
    mend: their operators stand in the argument `operators`.
    """
    whose = Whose(owner_of=owner_of, operator_of=operator_of)
    by_kind: dict[str, list[Observation[Any]]] = {}
    for obs in observations:
        by_kind.setdefault(obs.kind, []).append(obs)
    merged: dict[str, Finding] = {}
    faults: list[str] = []
    for check in all_checks() if checks is None else checks:
        for finding in _check(check, by_kind.get(check.card.reads, []), subject, whose, faults):
            known = merged.get(finding.id)
            merged[finding.id] = finding if known is None else _worse(known, finding)
    ordered = sorted(_without_overruled(merged.values()), key=lambda f: (f.check, f.target.label(), f.id))
    return Judgement(findings=tuple(ordered), faults=tuple(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Who runs a target, and under which name."""

    owner_of: OwnerOf
    operator_of: OperatorOf

    def owner(self, verdict: Verdict, target: Target) -> Owner:
        """The target's owner, or that of the machines the verdict is about."""
        owners = {self.owner_of(machine) for machine in verdict.machines or (target,)}
        return next(owner for owner in _NEAREST if owner in owners)

    def operators(self, verdict: Verdict) -> tuple[str, ...]:
        """Whom to ask, each once: those who run the machines that are not the applicant's."""
        others = [m for m in verdict.machines if self.owner_of(m) is not Owner.SELF]
        return tuple(dict.fromkeys(self.operator_of(machine) for machine in others))


def _check(
    check: Check,
    observed: Sequence[Observation[Any]],
    subject: Target,
    whose: Whose,
    faults: list[str],
) -> Iterator[Finding]:
    if not observed:
        yield _finding(check, _NOTHING, subject, whose.owner_of(subject))
    for obs in observed:
        yield from _observation(check, obs, whose, faults)


def _observation(check: Check, obs: Observation[Any], whose: Whose, faults: list[str]) -> Iterator[Finding]:
    owner = whose.owner_of(obs.target)
    if not isinstance(obs.result, Seen):
        yield _unseen(check, obs.target, owner, obs.result.reason)
        return
    try:
        verdicts = list(check.judge(obs.result.value)) or [_NOTHING]
    except Exception as error:  # noqa: BLE001 - a judge's own bug becomes unknown here alone (DESIGN §5)
        faults.append(f"{check.card.check} on {obs.target.label()}: {type(error).__name__}: {error}")
        yield _unseen(check, obs.target, owner, Reason.BUG)
        return
    for verdict in verdicts:
        unknown = verdict.outcome is Outcome.UNKNOWN
        reason = reason_at(obs.result.gaps, verdict.path) if unknown else None
        target = obs.target if verdict.port is None else replace(obs.target, port=verdict.port, url=None)
        finding = _finding(check, verdict, target, whose.owner(verdict, obs.target), reason)
        operators = whose.operators(verdict)
        said = {"operators": operators} if operators else {}
        yield replace(finding, evidence=obs.evidence, arguments=_sorted({**finding.arguments, **said}))


def _unseen(check: Check, target: Target, owner: Owner, reason: Reason) -> Finding:
    verdict = Verdict(outcome=Outcome.UNKNOWN, message=UNSEEN, arguments={"reason": reason.value})
    return _finding(check, verdict, target, owner, reason)


def _finding(
    check: Check,
    verdict: Verdict,
    target: Target,
    owner: Owner,
    reason: Reason | None = None,
) -> Finding:
    return Finding(
        id=finding_id(check.card.check, target, verdict.discriminator),
        check=check.card.check,
        version=check.card.version,
        target=target,
        outcome=verdict.outcome,
        reason=reason,
        message=verdict.message,
        arguments=_sorted(verdict.arguments),
        severity=check.card.severities.get(verdict.message, Severity.INFO),
        owner=owner,
        confidence=verdict.confidence if verdict.outcome is not Outcome.UNKNOWN else Confidence.OBSERVED,
    )


def _sorted(arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    return {name: arguments[name] for name in sorted(arguments)}


def _without_overruled(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A host's pass is what one of its addresses showed; what another shows on a port overrules it."""
    every = list(findings)
    worse = {
        (found.check, found.target.name)
        for found in every
        if found.target.port is not None and found.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    }
    for found in every:
        whole_host = found.target.port is None and found.target.name is not None
        if not (whole_host and found.outcome is Outcome.PASS and (found.check, found.target.name) in worse):
            yield found


def _worse(one: Finding, other: Finding) -> Finding:
    worst = max(one, other, key=Finding.badness)
    return replace(worst, evidence=tuple(sorted({*one.evidence, *other.evidence})))
