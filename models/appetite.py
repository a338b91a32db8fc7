"""The appetite profile as data: tiers, coloured ports, knock-outs, subjectivities (data/appetite.toml)."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from models import reading
from models.statements import KnockOutId
from posture.core.decisions import Action, Phase, Statement, Subjectivity, Tier
from posture.core.findings import Argument, Confidence, Finding, Outcome, Owner
from posture.core.risky_ports import Group

_PATH = reading.DATA / "appetite.toml"
_PORTS = "ports/"
#: Stands for every service that no other entry names.
_ANY = "ports/*"
LANGUAGES = ("en", "ja")


class Colour(StrEnum):
    """What a reachable service does: knocks out, asks for a remedy, or is priced only."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockOut:
    """A check whose observed failure outweighs the score; `then` is refer or decline."""

    check: str
    then: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A subjectivity: the checks whose failure asks for it, when it is due, its sentence by language.

    With `messages` only those failures ask.
    """

    checks: tuple[str, ...]
    messages: frozenset[str]
    phase: Phase
    due_days: int
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """What the underwriter takes, and on what condition. `digest` is SHA-256 (hex) of the file.

    `tiers` are percentiles of G in the reference book: the upper end of each tier but the last.
    """

    tiers: Mapping[Tier, float]
    actions: Mapping[Tier, Action]
    groups: Mapping[Group, Colour]
    numbers: Mapping[int, Colour]
    knock_outs: Mapping[KnockOutId, KnockOut]
    declarations: tuple[str, ...]
    remedies: Mapping[str, Remedy]
    digest: str

    def tier(self, percentile: float) -> Tier:
        """The tier of a percentile of G (the score); a bound belongs to the worse tier."""
        return next((tier for tier, end in self.tiers.items() if percentile < end), Tier.T5)

    def colour(self, finding: Finding) -> Colour | None:
        """The colour of a reachable service; None for a finding about anything else."""
        if not _is_service(finding):
            return None
        own = self.numbers.get(finding.target.port or 0)
        return own or self.groups[Group(finding.check.removeprefix(_PORTS))]


def profile() -> Appetite:
    """The profile in force. Raises PostureError naming what does not fit."""
    return read(_PATH)


@cache
def read(path: Path) -> Appetite:
    """The profile of a file. Raises PostureError naming file, section and what does not fit."""
    content = reading.document(path)
    try:
        found = _read(path, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise reading.bad(path, f"cannot be read: {type(error).__name__} {error}") from None
    _check(path, found)
    return found


def _read(path: Path, content: Mapping[str, Any]) -> Appetite:
    def section(name: str) -> Mapping[str, Any]:
        return reading.section(path, content, name)

    return Appetite(
        tiers={
            Tier(k): reading.number(path, f"[tiers] {k}", v, above=0) for k, v in section("tiers").items()
        },
        actions={Tier(k): Action(v) for k, v in section("actions").items()},
        groups={Group(k): Colour(v) for k, v in section("ports").items()},
        numbers={int(k): Colour(v) for k, v in section("port_numbers").items()},
        knock_outs={
            KnockOutId(k): KnockOut(check=str(v["check"]), then=Action(v["then"]))
            for k, v in section("knock_outs").items()
        },
        declarations=tuple(k for k, v in section("declarations").items() if Action(v) is Action.REFER),
        remedies={k: _remedy(v) for k, v in section("subjectivities").items()},
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _remedy(entry: Mapping[str, Any]) -> Remedy:
    return Remedy(
        checks=tuple(entry["checks"]),
        messages=frozenset(entry.get("messages", ())),
        phase=Phase(entry["phase"]),
        due_days=int(entry["due_days"]),
        text={language: str(entry[language]) for language in LANGUAGES},
    )


def _check(path: Path, found: Appetite) -> None:
    """Gaps and overlaps: every tier has its end and its action, every group its colour."""
    ends = list(found.tiers.values())
    if tuple(found.tiers) != tuple(Tier)[:-1] or ends != sorted(set(ends)) or ends[-1] >= 100:
        raise reading.bad(path, "[tiers] must hold T1 to T4, each above the one before and below 100")
    if set(found.actions) != set(Tier):
        raise reading.bad(path, "[actions] must hold T1 to T5")
    missing = [group.value for group in Group if group not in found.groups]
    if missing:
        raise reading.bad(path, f"[ports] gives no colour to {', '.join(missing)}")
    for name, knock_out in found.knock_outs.items():
        if knock_out.then not in {Action.REFER, Action.DECLINE}:
            raise reading.bad(path, f"[knock_outs] {name}: then is neither refer nor decline")
    for key, remedy in found.remedies.items():
        if not remedy.checks or not 0 < remedy.due_days <= 366 or not all(remedy.text.values()):
            raise reading.bad(path, f"[subjectivities] {key} lacks checks, a sentence, or 1 to 366 due_days")
    if not any(_ANY in remedy.checks for remedy in found.remedies.values()):
        raise reading.bad(path, f"[subjectivities] none asks for {_ANY}: an amber service could ask nothing")
    if _ANY not in {item.check for item in found.knock_outs.values()}:
        raise reading.bad(path, f"[knock_outs] none holds {_ANY}: a red service could knock out nothing")


def knock_outs(findings: Sequence[Finding], taken: Appetite | None = None) -> tuple[Statement, ...]:
    """Findings that refer or decline whatever the score says. An inferred version alone never does."""
    used = taken or profile()
    named = {item.check for item in used.knock_outs.values()}
    found: list[Statement] = []
    for name, item in used.knock_outs.items():
        failures = [
            finding
            for finding in _failures(findings, (item.check,), named)
            if finding.confidence is Confidence.OBSERVED and used.colour(finding) in {None, Colour.RED}
        ]
        if failures:
            checks = tuple(sorted({finding.check for finding in failures}))
            arguments: dict[str, Argument] = {"check": checks[0] if len(checks) == 1 else checks}
            found.append(Statement(id=name.value, arguments=arguments, findings=_ids(failures)))
    return tuple(found)


def declines(stated: Iterable[Statement], taken: Appetite | None = None) -> tuple[Statement, ...]:
    """Those of the knock-outs after which the profile declines."""
    used = taken or profile()
    return tuple(item for item in stated if used.knock_outs[KnockOutId(item.id)].then is Action.DECLINE)


def subjectivities(
    findings: Sequence[Finding], on: date, taken: Appetite | None = None
) -> tuple[Subjectivity, ...]:
    """Remedies to be shown done before or after cover begins; due days are counted from `on`."""
    used = taken or profile()
    named = {check for remedy in used.remedies.values() for check in remedy.checks}
    asked = []
    for name, remedy in used.remedies.items():
        failures = [
            finding
            for finding in _failures(findings, remedy.checks, named)
            if used.colour(finding) in {None, Colour.AMBER}
            and (not remedy.messages or finding.message in remedy.messages)
        ]
        if failures:
            asked.append(_subjectivity(name, remedy, failures, on))
    return tuple(asked)


def _subjectivity(name: str, remedy: Remedy, failures: Sequence[Finding], on: date) -> Subjectivity:
    closed_by = tuple(sorted({finding.check for finding in failures}))
    return Subjectivity(
        id=name,
        arguments={"phase": remedy.phase.value, "due_days": remedy.due_days, "closed_by": closed_by},
        findings=_ids(failures),
        text=remedy.text,
        phase=remedy.phase,
        due_days=remedy.due_days,
        due=on + timedelta(days=remedy.due_days),
        closed_by=closed_by,
    )


def _failures(findings: Iterable[Finding], checks: Sequence[str], named: Collection[str]) -> list[Finding]:
    """Failures of the applicant's own; `ports/*` takes every service that `named` does not."""
    return [
        finding
        for finding in findings
        if finding.outcome is Outcome.FAIL
        and finding.owner is not Owner.PROVIDER
        and (finding.check in checks or (_ANY in checks and _is_unnamed(finding, named)))
    ]


def _is_unnamed(finding: Finding, named: Collection[str]) -> bool:
    return _is_service(finding) and finding.check not in named


def _is_service(finding: Finding) -> bool:
    return finding.check.startswith(_PORTS) and finding.check.removeprefix(_PORTS) in set(Group)


def _ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)
