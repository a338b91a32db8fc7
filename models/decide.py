"""Tier, action, loadings, premium and the reasons for them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models import appetite, declared, measure, rating
from models import application as applications
from models import score as scoring
from models.appetite import Appetite
from models.perils import Peril
from models.rating import Basis, Factors, Rated
from models.statements import ReasonId
from posture.core.application import Application
from posture.core.decisions import (
    Action,
    AmountInterval,
    Cover,
    Coverage,
    Decision,
    Interval,
    Loading,
    Premium,
    RiskScore,
    Statement,
    Tier,
)
from posture.core.features import FeatureVector
from posture.core.findings import Argument, Finding
from posture.core.observations import Reason

#: How many raising, and how many lowering, contributions become reasons.
_TOP = 4
#: Reasons for not seeing that are the applicant's doing.
_WITHHELD = (Reason.NOT_PERMITTED, Reason.BLOCKED)
_NO_PRICE = "no-price"
_REFER = "refer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the decision looks at."""

    basis: Basis
    rated: Rated
    coverage: Coverage
    score: RiskScore
    ends: measure.Ends
    features: FeatureVector
    application: Application | None
    findings: Sequence[Finding]
    on: date
    profile: Appetite


def decide(case: Case) -> Decision:
    """The advice to the underwriter. Any reason to refer outweighs the tier."""
    tier = case.profile.tier(case.score.value)
    knock_outs = appetite.knock_outs(case.findings, case.profile)
    remedies = appetite.subjectivities(case.findings, case.on, case.profile)
    unpriced = tuple(_unpriced(case))
    compared = declared.compare(case.application.controls if case.application else {}, case.findings)
    differences = declared.differences(compared, case.findings)
    outside = tuple(_outside(case, knock_outs))
    refers = (*outside, *unpriced, *_referrals(case, tier, knock_outs), *differences)
    action = (
        Action.DECLINE
        if outside
        else _action(case.profile.actions[tier], refer=bool(refers), remedies=bool(remedies))
    )
    priced = not unpriced and not outside and case.application is not None
    return Decision(
        tier=tier,
        action=action,
        loading=loadings(case.basis, case.rated.technical, case.rated.charged),
        loading_interval=_loading_intervals(case).get(
            "total", Interval(low=0.0, high=0.0, level=measure.LEVEL)
        ),
        loading_intervals=_loading_intervals(case),
        premium=_premium(case) if priced else _no_premium(case),
        premium_intervals=_premium_intervals(case, priced=priced),
        knock_outs=knock_outs,
        subjectivities=remedies,
        reasons=(*refers, *_notes(case, priced=priced), *_drivers(case.score, tier, action)),
        indication=action is Action.REFER or not case.basis.tables.filing.in_force(case.on),
        steps=case.rated.steps,
        facts_known=differences,
        declared=compared,
        scannable=rating.scannable(case.basis),
    )


def loadings(basis: Basis, technical: Factors, charged: Factors) -> dict[str, Loading | None]:
    """Loadings against the average applicant by cover and in total; None for a cover not priced."""
    pair = (_loading(basis, technical), _loading(basis, charged))
    names = (*(cover.value for cover in Cover), "total")
    return {
        name: Loading(technical=pair[0][name], charged=pair[1][name]) if name in pair[0] else None
        for name in names
    }


def _loading(basis: Basis, factors: Factors) -> dict[str, float]:
    costs, average = rating.moved(basis, factors), rating.neutral(basis)
    if not costs:
        return {}
    by_cover = {cover.value: costs[cover] / average[cover] - 1 for cover in costs}
    return by_cover | {"total": math.fsum(costs.values()) / math.fsum(average.values()) - 1}


def _loading_intervals(case: Case) -> dict[str, Interval]:
    """The technical loadings by cover and in total at both ends of the posture factor's interval."""
    low, high = (_loading(case.basis, _technical(case.basis, end)) for end in case.ends)
    return {name: Interval(low=low[name], high=high[name], level=measure.LEVEL) for name in low}


def _premium_intervals(case: Case, *, priced: bool) -> dict[str, AmountInterval | None]:
    """The premiums by cover and in total at the same ends, each charged as the premium itself is."""
    found: dict[str, AmountInterval | None] = dict.fromkeys((*(cover.value for cover in Cover), "total"))
    if not priced or not case.rated.premium:
        return found
    low, high = (rating.priced(case.basis, _technical(case.basis, end)) for end in case.ends)
    found |= {
        cover.value: AmountInterval(low=low[cover], high=high[cover], level=measure.LEVEL) for cover in low
    }
    total = AmountInterval(low=sum(low.values()), high=sum(high.values()), level=measure.LEVEL)
    return found | {"total": total}


def _technical(basis: Basis, balanced: Mapping[Peril, float]) -> Factors:
    clipped = rating.clip(basis.tables, basis.balance, rating.blend(basis.balance, balanced))
    return rating.controls(basis.tables, clipped, basis.controls)


def _unpriced(case: Case) -> Iterator[Statement]:
    """Reasons for which nothing may be priced at all."""
    if case.application is None:
        yield _say(ReasonId.NO_APPLICATION)
    floor = case.coverage.floor
    for peril, share in case.coverage.by_peril.items():
        if share < floor:
            yield _say(ReasonId.COVERAGE, peril=peril, coverage=share, floor=floor)
    yield from _unseen_groups(case, _NO_PRICE)


def _unseen_groups(case: Case, consequence: str) -> Iterator[Statement]:
    model = case.basis.model
    for group in rating.unseen_groups(case.basis):
        if model.unseen[group] == consequence:
            yield _say(ReasonId.GROUP_UNSEEN, group=group.value, reason=case.coverage.unseen[group.value])


def _referrals(case: Case, tier: Tier, knock_outs: Sequence[Statement]) -> Iterator[Statement]:
    """Reasons for which a person decides, with an indication of the price."""
    if knock_outs:
        yield _say(ReasonId.KNOCK_OUT, count=len(knock_outs))
    advised = case.profile.actions[tier]
    if advised is Action.REFER:
        yield _say(ReasonId.TIER, tier=tier.value)
    if advised is Action.DECLINE and case.profile.actions[_sure(case)] is not Action.DECLINE:
        yield _say(ReasonId.NOT_SURE, tier=tier.value, observed=_sure(case).value)
    yield from _unseen_groups(case, _REFER)
    for reason in _WITHHELD:
        names = tuple(name for name, why in case.features.open_questions().items() if why is reason)
        if names:
            yield _say(ReasonId.WITHHELD, features=names, reason=reason.value)
    if case.application is not None:
        yield from applications.referrals(case.basis.tables, case.application, case.on)
        for name in case.profile.declarations:
            if case.application.further.get(name) is True:
                yield _say(ReasonId.DECLARATION, declaration=name)


def _outside(case: Case, knock_outs: Sequence[Statement]) -> Iterator[Statement]:
    """Why the profile declines: on observed failures alone, never on unknowns or inferred versions."""
    stated = appetite.declines(knock_outs, case.profile)
    if stated:
        yield _say(ReasonId.OUTSIDE, count=len(stated), tier=_sure(case).value)
    elif case.profile.actions[_sure(case)] is Action.DECLINE:
        yield _say(ReasonId.OUTSIDE, count=0, tier=_sure(case).value)


def _sure(case: Case) -> Tier:
    """The tier that what was observed alone gives: unknowns clean, what was only inferred absent."""
    seen = {name: 1.0 if value == 1.0 else 0.0 for name, value in case.features.values.items()}
    factors = scoring.peril_factors(case.basis.model, seen)
    g = rating.relativity(case.basis.balance, rating.off_balance(factors))
    return case.profile.tier(scoring.percentile(case.basis.balance.grid, g))


def _action(advised: Action, *, refer: bool, remedies: bool) -> Action:
    if refer:
        return Action.REFER
    return Action.SUBJECTIVITIES if remedies and advised is Action.QUOTE else advised


def _notes(case: Case, *, priced: bool) -> Iterator[Statement]:
    """What stands between the model's loading and the price."""
    if not priced:
        return
    tables, rated = case.basis.tables, case.rated
    shown = loadings(case.basis, rated.technical, rated.charged)
    if not tables.filing.in_force(case.on):
        yield _say(ReasonId.INDICATION, country=tables.market)
    groups = rating.unseen_groups(case.basis)
    if groups:
        yield _say(ReasonId.FLOORED, groups=tuple(group.value for group in groups))
    for cover in case.basis.pure:
        loading = shown[cover.value]
        if loading is not None and not groups and abs(loading.technical - loading.charged) > 5e-4:
            figures = {"technical": loading.technical, "charged": loading.charged}
            yield _say(ReasonId.CAPPED, cover=cover.value, **figures)
    if any(rated.least[cover] > amount for cover, amount in rated.gross.items()):
        yield _say(ReasonId.MINIMUM, amount=int(tables.expenses.minimum), currency=tables.currency)


def _drivers(score: RiskScore, tier: Tier, action: Action) -> Iterator[Statement]:
    """The strongest contributions of what was seen, raising ones first.

    What is better than average is no reason to refer; for T4 it comes only once all that is worse was said.
    """
    seen = [item for item in score.contributions if item.state == "seen"]
    raising = [item for item in seen if item.factor > 1]
    offered = action in {Action.QUOTE, Action.SUBJECTIVITIES} and (tier < Tier.T4 or len(raising) <= _TOP)
    lowering = [item for item in seen if item.factor < 1] if offered else []
    for name, chosen in ((ReasonId.RAISES, raising), (ReasonId.LOWERS, lowering)):
        for item in chosen[:_TOP]:
            arguments: dict[str, Argument] = {"feature": item.feature, "factor": item.factor}
            yield Statement(id=name.value, arguments=arguments, findings=item.findings)


def _premium(case: Case) -> Premium:
    by_cover = {cover: case.rated.premium.get(cover) for cover in Cover}
    amounts = [amount for amount in by_cover.values() if amount is not None]
    return Premium(
        currency=case.basis.tables.currency, by_cover=by_cover, total=sum(amounts) if amounts else None
    )


def _no_premium(case: Case) -> Premium:
    return Premium(currency=case.basis.tables.currency, by_cover=dict.fromkeys(Cover), total=None)


def _say(name: ReasonId, **arguments: Argument) -> Statement:
    return Statement(id=name.value, arguments=arguments)
