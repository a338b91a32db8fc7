"""The appetite profile as data: tiers, knock-outs, subjectivities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from models import reading
from models.statements import KnockOutId, SubjectivityId
from posture.core.decisions import Action, Statement, Tier
from posture.core.findings import Argument, Confidence, Finding, Outcome, Owner

_PATH = reading.DATA / "appetite.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A subjectivity: the checks whose failure asks for it, when it is due, in days."""

    checks: tuple[str, ...]
    phase: str
    due_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """What the underwriter takes, and on what condition."""

    tiers: Mapping[Tier, float]
    actions: Mapping[Tier, Action]
    knock_outs: Mapping[KnockOutId, str]
    remedies: Mapping[SubjectivityId, Remedy]

    def tier(self, relativity: float) -> Tier:
        """The tier of G; a bound belongs to the worse tier."""
        return next((tier for tier, end in self.tiers.items() if relativity < end), Tier.T5)


@cache
def profile() -> Appetite:
    """The shipped profile. Raises PostureError naming what does not fit."""
    content = reading.document(_PATH)
    remedies = reading.section(_PATH, content, "subjectivities")
    return Appetite(
        tiers={Tier(k): float(v) for k, v in reading.section(_PATH, content, "tiers").items()},
        actions={Tier(k): Action(v) for k, v in reading.section(_PATH, content, "actions").items()},
        knock_outs={KnockOutId(k): str(v) for k, v in reading.section(_PATH, content, "knock_outs").items()},
        remedies={
            SubjectivityId(k): Remedy(
                checks=tuple(entry["checks"]), phase=entry["phase"], due_days=int(entry["due_days"])
            )
            for k, entry in remedies.items()
        },
    )


def knock_outs(findings: Sequence[Finding]) -> tuple[Statement, ...]:
    """Findings that refer whatever the score says. An inferred version alone never does."""
    found: list[Statement] = []
    for name, check in profile().knock_outs.items():
        failures = _failures(findings, (check,), inferred=False)
        if failures:
            found.append(Statement(id=name.value, arguments={"check": check}, findings=_ids(failures)))
    return tuple(found)


def subjectivities(findings: Sequence[Finding]) -> tuple[Statement, ...]:
    """Remedies to be shown done before or after cover begins."""
    asked: list[Statement] = []
    for name, remedy in profile().remedies.items():
        failures = _failures(findings, remedy.checks, inferred=True)
        if failures:
            closed_by = tuple(sorted({finding.check for finding in failures}))
            arguments: dict[str, Argument] = {
                "phase": remedy.phase,
                "due_days": remedy.due_days,
                "closed_by": closed_by,
            }
            asked.append(Statement(id=name.value, arguments=arguments, findings=_ids(failures)))
    return tuple(asked)


def _failures(findings: Iterable[Finding], checks: Sequence[str], *, inferred: bool) -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.check in checks
        and finding.outcome is Outcome.FAIL
        and finding.owner is not Owner.PROVIDER
        and (inferred or finding.confidence is Confidence.OBSERVED)
    ]


def _ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)
