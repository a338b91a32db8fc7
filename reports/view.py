"""One view of an assessment for every audience, language and format: selected, graded, ordered; no words."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue, Language
from posture.core.decisions import Contribution
from posture.core.dossier import Dossier
from posture.core.facts.product_intelligence import ProductIntelligence
from posture.core.findings import Finding, Outcome, Owner, Severity
from posture.core.ledger import Event, Standing
from posture.core.observations import Observation, Seen
from posture.core.priority import Priority
from posture.core.targets import Target
from posture.core.whatif import Fix, Held, WhatIf
from reports import fixes
from reports.delta import Delta, compare


class Effect(StrEnum):
    """How much mending a finding would move the price, without saying the price (field: effect classes)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    NONE = "none"


#: Least factor of each class: what a finding adds to the average applicant's expected losses.
_CLASSES = ((1.15, Effect.LARGE), (1.05, Effect.MEDIUM), (1.005, Effect.SMALL))
_RANK = {Effect.LARGE: 3, Effect.MEDIUM: 2, Effect.SMALL: 1, Effect.NONE: 0}

_LETTERS = {
    Severity.INFO: "A",
    Severity.LOW: "B",
    Severity.MEDIUM: "C",
    Severity.HIGH: "D",
    Severity.CRITICAL: "E",
}
_OWNERS = (Owner.SELF, Owner.HOSTED, Owner.UNKNOWN, Owner.PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing to mend, with its place in the plan (`number` from 1) and what the model made of it.

    `findings` say the same of one or more places: the same check, message, arguments and owner.
    `held`: why mending them alone does not lower the premium; None where it does, or nobody counted.
    """

    number: int
    findings: tuple[Finding, ...]
    effect: Effect
    held: Held | None
    contributions: tuple[Contribution, ...]
    observations: tuple[Observation[Any], ...]

    @property
    def finding(self) -> Finding:
        """The first of the findings: what it says holds for all."""
        return self.findings[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One area of checks. `letter` is that of the worst open finding, A when none is open.

    It is None where nothing was observed; `partial` where something was not. `counts`: issues to mend,
    questions not answered, and checks in order or not applicable.
    """

    name: str
    letter: str | None
    counts: Mapping[Outcome, int]
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything the reports say, in the order they say it."""

    assessment: Assessment
    catalogue: Catalogue
    areas: tuple[Area, ...]
    issues: tuple[Issue, ...]
    unknown: tuple[Finding, ...]
    passed: tuple[Finding, ...]
    not_applicable: tuple[Finding, ...]
    delta: Delta | None
    whatif: WhatIf | None
    dossier: Dossier

    def standing(self, issue: Issue) -> tuple[Standing, ...]:
        """Where the ledger leaves each finding of an issue."""
        return tuple(self.dossier.standing(finding.id) for finding in issue.findings)

    def closed(self, findings: Iterable[str]) -> tuple[Event, ...]:
        """The rescans that found every one of these (ids) in order; none while one of them is open."""
        found = [self.dossier.standing(finding).closed for finding in findings]
        return tuple(one for one in found if one is not None) if found and all(found) else ()

    def disputed(self) -> tuple[Finding, ...]:
        """Findings of this assessment, of whatever outcome, with an open dispute."""
        found = self.assessment.findings
        return tuple(item for item in found if self.dossier.standing(item.id).dispute is not None)


def build(
    assessment: Assessment,
    catalogue: Catalogue,
    previous: Assessment | None = None,
    whatif: WhatIf | None = None,
    dossier: Dossier | None = None,
) -> View:
    """Select, grade and order the findings of an assessment. Effects come from `whatif` if given."""
    by_outcome = {
        outcome: tuple(f for f in assessment.findings if f.outcome is outcome) for outcome in Outcome
    }
    known = dossier or Dossier()
    issues = _issues(by_outcome[Outcome.FAIL], assessment, catalogue, whatif)
    return View(
        assessment=assessment,
        catalogue=catalogue,
        areas=tuple(_areas(assessment.findings, issues)),
        issues=issues,
        unknown=by_outcome[Outcome.UNKNOWN],
        passed=by_outcome[Outcome.PASS],
        not_applicable=by_outcome[Outcome.NOT_APPLICABLE],
        delta=None if previous is None else compare(previous, assessment, known.past),
        whatif=whatif,
        dossier=known,
    )


def effect(contributions: Iterable[Contribution]) -> Effect:
    """The class of the product of the factors a finding takes part in; a factor below 1 counts as none."""
    worth = math.prod(max(1.0, contribution.factor) for contribution in contributions)
    return _class(worth)


def _class(worth: float) -> Effect:
    return next((name for least, name in _CLASSES if worth >= least), Effect.NONE)


def counted(whatif: WhatIf, findings: Iterable[str]) -> Fix | None:
    """The fix that mends at least one of the findings and brings most; None where none is among the fixes."""
    wanted = set(findings)
    fixes = [fix for fix in (*whatif.groups, *whatif.fixes) if wanted & set(fix.findings)]
    return max(fixes, key=lambda fix: fix.fall, default=None)


def _effect(
    ids: Iterable[str], contributions: Iterable[Contribution], whatif: WhatIf | None
) -> tuple[Effect, Held | None]:
    fix = None if whatif is None else counted(whatif, ids)
    if whatif is None or fix is None:
        return effect(contributions), None
    return _class(whatif.before.relativity / fix.after.relativity), fix.held


def priority(issue: Issue) -> Priority | None:
    """The most pressing priority among the flaws its observations name; None where no feed gives one."""
    found = []
    for observation in issue.observations:
        fact = observation.result.value if isinstance(observation.result, Seen) else None
        if isinstance(fact, ProductIntelligence):
            found += [match.priority for match in fact.matches or () if match.priority is not None]
    return min(found, key=lambda one: one.rank, default=None)


def advice(view: View, finding: Finding, language: Language) -> fixes.Advice | None:
    """What to do on the product recognised at the finding's place."""
    item = view.assessment
    return fixes.advice(finding, item.observations, item.domain, language)


def _issues(
    open_findings: Iterable[Finding],
    assessment: Assessment,
    catalogue: Catalogue,
    whatif: WhatIf | None,
) -> tuple[Issue, ...]:
    groups: dict[object, list[Finding]] = {}
    for finding in open_findings:
        groups.setdefault(_same(finding), []).append(finding)
    rows = []
    for findings in groups.values():
        ids = {finding.id for finding in findings}
        contributions = tuple(c for c in assessment.score.contributions if ids & set(c.findings))
        rows.append((findings, *_effect(ids, contributions, whatif), contributions))
    rows.sort(key=lambda row: _order(row[0][0], row[1]))
    return tuple(
        Issue(
            number=number,
            findings=tuple(findings),
            effect=worth,
            held=held,
            contributions=contributions,
            observations=_seen_for(findings, catalogue, assessment.observations),
        )
        for number, (findings, worth, held, contributions) in enumerate(rows, start=1)
    )


def _same(finding: Finding) -> object:
    """What findings of one issue have in common."""
    arguments = tuple(sorted(finding.arguments.items()))
    return finding.check, finding.message, finding.severity, finding.owner, finding.confidence, arguments


def _order(finding: Finding, worth: Effect) -> tuple[int, int, int, str, str, str]:
    return (
        -_RANK[worth],
        -finding.severity.rank,
        _OWNERS.index(finding.owner),
        finding.check,
        finding.target.label(),
        finding.id,
    )


def _seen_for(
    findings: Iterable[Finding], catalogue: Catalogue, observations: Iterable[Observation[Any]]
) -> tuple[Observation[Any], ...]:
    """The observations the findings were judged from: their check's kind, on their targets."""
    judged = list(findings)
    kind = catalogue.cards[judged[0].check].reads
    return tuple(
        obs
        for obs in observations
        if obs.kind == kind and any(_about(obs.target, finding.target) for finding in judged)
    )


def _about(observed: Target, judged: Target) -> bool:
    if judged.url is not None:
        return observed.url == judged.url
    same_host = observed.name == judged.name if judged.name else observed.address == judged.address
    return same_host and observed.port in (None, judged.port)


def _areas(findings: Iterable[Finding], issues: Iterable[Issue]) -> Iterable[Area]:
    by_area: dict[str, list[Finding]] = {}
    for finding in findings:
        by_area.setdefault(_area(finding), []).append(finding)
    to_mend = Counter(_area(issue.finding) for issue in issues)
    for name, found in sorted(by_area.items()):
        unknown = sum(finding.outcome is Outcome.UNKNOWN for finding in found)
        yield Area(
            name=name,
            letter=_letter(found),
            counts={
                Outcome.FAIL: to_mend[name],
                Outcome.PASS: checks(found, Outcome.PASS),
                Outcome.UNKNOWN: unknown,
                Outcome.NOT_APPLICABLE: checks(found, Outcome.NOT_APPLICABLE),
            },
            partial=unknown > 0,
        )


def checks(findings: Iterable[Finding], outcome: Outcome) -> int:
    """How many checks had the outcome somewhere."""
    return len({finding.check for finding in findings if finding.outcome is outcome})


def _area(finding: Finding) -> str:
    """The folder the check lives in, whether or not the check still exists."""
    return finding.check.partition("/")[0]


def _letter(findings: Iterable[Finding]) -> str | None:
    known = [f for f in findings if f.outcome in {Outcome.PASS, Outcome.FAIL}]
    if not known:
        return None
    worst = max((f.severity for f in known if f.outcome is Outcome.FAIL), key=lambda s: s.rank, default=None)
    return "A" if worst is None else _LETTERS[worst]
