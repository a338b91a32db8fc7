"""What the same model and tables would say if findings were fixed, or unknowns answered. No scan, no I/O.

A fix is the finding turned into a pass; everything else stays as it was seen. What a fix leaves
unanswered elsewhere is said (`Fix.opens`), and no premium is named for it.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from models import application as applications
from models import artefact, effort, plan, premium, rating, underwrite
from models.artefact import Artefact, Feature
from models.statements import StepName
from models.tables import Tables
from models.underwrite import Result
from posture.core.application import Application
from posture.core.decisions import Cover, Premium, Tier
from posture.core.errors import PostureError
from posture.core.features import FeatureVector
from posture.core.findings import Confidence, Finding, Owner, Severity, finding_id
from posture.core.findings import Outcome as Said
from posture.core.targets import Target
from posture.core.whatif import Answer, Fix, Held, Outcome, Plan, WhatIf

#: Differences of factors and loadings below this are none.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One applicant as seen, with the result everything is compared to.

    `unit` is what the whole average premium is in minor units a year, by which a change of the total
    technical loading becomes money; None where nothing may be priced.
    """

    findings: tuple[Finding, ...]
    application: Application | None
    on: date
    model: Artefact
    base: Result
    unit: float | None

    def without(self, fixed: Collection[str]) -> tuple[Finding, ...]:
        """The findings with these (ids) fixed."""
        return tuple(_turned(item, Said.PASS) if item.id in fixed else item for item in self.findings)

    def assess(self, findings: Sequence[Finding]) -> Result:
        """The same model on the same tables, other findings."""
        return underwrite.assess(findings, self.application, on=self.on, model=self.model)

    def failed(self) -> tuple[Finding, ...]:
        """Every failed finding."""
        return tuple(item for item in self.findings if item.outcome is Said.FAIL)


def case(
    findings: Sequence[Finding],
    application: Application | None,
    *,
    on: date,
    model: Artefact | None = None,
) -> Case:
    """Price the applicant as seen. Raises PostureError as `models.assess` does."""
    used = model or artefact.shipped()
    base = underwrite.assess(findings, application, on=on, model=used)
    priced = base.decision.premium.total is not None
    return Case(
        findings=tuple(findings),
        application=application,
        on=on,
        model=used,
        base=base,
        unit=_unit(used, application, on) if application is not None and priced else None,
    )


def study(it: Case) -> WhatIf:
    """Every fix, every answer, and the plan to the next tier."""
    answers = tuple(_answer(it, [name]) for name in it.base.features.unseen)
    better = _better(it.base.decision.tier)
    return WhatIf(
        before=_outcome(it.base),
        fixes=_ordered(fix(it, (item.id,)) for item in it.failed()),
        groups=_ordered(fix(it, group) for group in groups(it)),
        answers=answers,
        everything=_answer(it, list(it.base.features.unseen)) if answers else None,
        plan=None if better is None else reach(it, better),
        effort_as_of=effort.table().as_of,
    )


def before(it: Case) -> Outcome:
    """The decision as it stands."""
    return _outcome(it.base)


def fix(it: Case, ids: Sequence[str]) -> Fix:
    """Fix these failed findings together. Raises PostureError for an id that is not a failed finding."""
    failed = {item.id: item for item in it.failed()}
    unknown = [name for name in ids if name not in failed]
    if unknown:
        raise PostureError(
            f"“{unknown[0]}” is no failed finding of this assessment.",
            remedy="Name findings that failed; `posture whatif ASSESSMENT` lists them.",
            code="no-finding",
        )
    after = it.assess(it.without(frozenset(ids)))
    opens = _opened(it.base.features, after.features)
    gain = _technical(it.base) - _technical(after)
    return Fix(
        findings=tuple(ids),
        after=_outcome(after, priced=not opens),
        gain=gain,
        fall=it.base.score.relativity - after.score.relativity,
        worth=None if it.unit is None else round(gain * it.unit),
        effort=math.fsum(effort.tasks(failed[name] for name in ids).values()),
        held=_held(it, ids, after, opens),
        opens=opens,
    )


def groups(it: Case) -> tuple[tuple[str, ...], ...]:
    """Failed findings (ids) that bear on the price, put together where only all of them count.

    Findings that feed the same features with the same confidence are worth something only together: as
    long as one of them fails, each of these features is what it was.
    """
    together: dict[tuple[frozenset[str], Confidence], list[str]] = {}
    feeds = _feeds(it.base.features)
    for item in it.failed():
        if item.id in feeds:
            together.setdefault((feeds[item.id], item.confidence), []).append(item.id)
    return tuple(tuple(dict.fromkeys(ids)) for ids in together.values())


def reach(it: Case, target: Tier, *, exact_up_to: int = plan.EXACT) -> Plan:
    """The cheapest fixes that reach a tier: exact for so many candidates, greedy beyond."""
    candidates = groups(it)
    failed = {item.id: item for item in it.failed()}
    found = plan.search(
        plan.Search(
            it.model,
            _market(it),
            it.findings,
            candidates,
            tuple(effort.tasks(failed[name] for name in group) for group in candidates),
            target,
        ),
        exact_up_to=exact_up_to,
    )
    ids = [name for number in found.chosen for name in candidates[number]]
    whole = fix(it, ids)
    return Plan(
        target=target,
        reached=found.reached,
        exact=found.exact,
        candidates=len(candidates),
        fixes=_ordered(fix(it, candidates[number]) for number in found.chosen),
        effort=whole.effort,
        after=whole.after,
        opens=whole.opens,
    )


def _market(it: Case) -> Tables:
    return underwrite.market_of(it.model, it.application, it.on)


def _unit(model: Artefact, application: Application, on: date) -> float:
    """Minor units a year for each 1.0 of total technical loading: losses and what goes with them."""
    market = underwrite.market_of(model, application, on)
    basis = rating.Basis(
        model=model,
        tables=market,
        balance=model.balanced(market),
        values={},
        pure=premium.pure_premiums(market, applications.risk(market, application)),
        controls=1.0,
        schedule=1.0,
    )
    return _gross(market, sum(rating.neutral(basis).values()))


def _gross(market: Tables, cost: float) -> float:
    loads = market.expenses
    return cost * (1 + loads.ulae) / (1 - loads.variable - loads.profit)


def _outcome(result: Result, *, priced: bool = True) -> Outcome:
    decision, score = result.decision, result.score
    nothing = Premium(currency=decision.premium.currency, by_cover=dict.fromkeys(Cover), total=None)
    return Outcome(
        tier=decision.tier,
        action=decision.action,
        score=score.value,
        relativity=score.relativity,
        relativity_interval=score.relativity_interval,
        factors=next(step.values for step in decision.steps if step.name == StepName.BLEND),
        loading=decision.loading,
        loading_interval=decision.loading_interval,
        premium=decision.premium if priced else nothing,
    )


def _technical(result: Result) -> float:
    total = result.decision.loading["total"]
    return 0.0 if total is None else total.technical


def _turned(finding: Finding, outcome: Said) -> Finding:
    return replace(finding, outcome=outcome, reason=None)


def _feeds(features: FeatureVector) -> dict[str, frozenset[str]]:
    """The features that each failed finding (id) sets."""
    fed: dict[str, set[str]] = {}
    for name, value in features.values.items():
        for source in features.sources[name] if value else ():
            fed.setdefault(source, set()).add(name)
    return {source: frozenset(names) for source, names in fed.items()}


def _opened(was: FeatureVector, now: FeatureVector) -> tuple[str, ...]:
    return tuple(name for name in now.unseen if name not in was.unseen)


def _ordered(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Best gain for the effort first. Beyond the clip no fix gains anything: there the fall of G decides."""

    def order(one: Fix) -> tuple[float, float, float, tuple[str, ...]]:
        return -round(one.rate, 12), -round(one.fall / one.effort, 12), one.effort, one.findings

    return tuple(sorted(fixes, key=order))


def _held(it: Case, ids: Sequence[str], after: Result, opens: Sequence[str]) -> Held | None:
    """The first thing on the way from finding to premium that keeps the premium where it is."""
    base = it.base
    if opens:
        return Held.OPENS
    if base.features.values == after.features.values:
        feeds = _feeds(base.features)
        return Held.SHARED if any(name in feeds for name in ids) else Held.NOT_READ
    if abs(base.score.relativity - after.score.relativity) < _SAME:
        return Held.GROUP_CAP
    return _held_loading(base, after) or _held_premium(base, after)


def _held_loading(base: Result, after: Result) -> Held | None:
    was, now = base.decision.loading, after.decision.loading
    pairs = [(one, two) for one, two in ((was[name], now[name]) for name in was) if one and two]
    if pairs and all(abs(one.technical - two.technical) < _SAME for one, two in pairs):
        return Held.CLIP
    if not pairs or any(abs(one.charged - two.charged) >= _SAME for one, two in pairs):
        return None
    # The floor of step 10 stands at the average exactly; the caps are away from it.
    floored = all(abs(two.charged) < _SAME for _, two in pairs)
    return Held.FLOOR if floored else Held.CHARGED_CAP


def _held_premium(base: Result, after: Result) -> Held | None:
    was, now = base.decision.premium.total, after.decision.premium.total
    if was is None or now is None:
        return Held.NO_PRICE
    return None if now < was else Held.MINIMUM


def _better(tier: Tier) -> Tier | None:
    order = list(Tier)
    place = order.index(tier)
    return order[place - 1] if place else None


def _answer(it: Case, names: Sequence[str]) -> Answer:
    rows = [feature for feature in it.model.features if feature.name in names]
    unseen, sources = it.base.features.unseen, it.base.features.sources
    return Answer(
        features=tuple(names),
        reasons=tuple(dict.fromkeys(unseen[name] for name in names)),
        findings=tuple(dict.fromkeys(source for name in names for source in sources[name])),
        clean=_outcome(it.assess(_answered(it.findings, rows, Said.PASS))),
        found=_outcome(it.assess(_answered(it.findings, rows, Said.FAIL))),
    )


def _answered(findings: Sequence[Finding], rows: Sequence[Feature], outcome: Said) -> tuple[Finding, ...]:
    """The findings with every open question of these features answered: all clean, or each feature found."""
    read = {source.check for row in rows for source in row.sources}
    clean = [_turned(item, Said.PASS) if _open(item, read) else item for item in findings]
    never_asked = read - {item.check for item in findings}
    clean += [_supposed(check, Said.PASS, "") for check in sorted(never_asked)]
    if outcome is Said.PASS:
        return tuple(clean)
    opened = never_asked | {item.check for item in findings if _open(item, read)}
    return (*clean, *(_supposed(*_source(row, opened)) for row in rows))


def _open(finding: Finding, checks: Collection[str]) -> bool:
    return finding.check in checks and finding.outcome is Said.UNKNOWN and finding.owner is not Owner.PROVIDER


def _source(row: Feature, opened: Collection[str]) -> tuple[str, Said, str]:
    """The first of the feature's unanswered checks failing, with a message that counts."""
    source = next(source for source in row.sources if source.check in opened)
    return source.check, Said.FAIL, min(source.messages, default="")


def _supposed(check: str, outcome: Said, message: str) -> Finding:
    target = Target()
    return Finding(
        id=finding_id(check, target),
        check=check,
        version=0,
        target=target,
        outcome=outcome,
        message=message,
        severity=Severity.INFO,
        owner=Owner.SELF,
        confidence=Confidence.OBSERVED,
    )
