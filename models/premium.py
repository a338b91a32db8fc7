"""Pure premiums by cover and peril: frequency x trigger x payment (docs/method.md §3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models import aggregate, payment
from models.aggregate import Cause, Limited
from models.perils import Peril
from models.severity import interruption_days
from models.tables import Tables
from posture.core.application import CoverTerms, Defence, SharedLimit, Territory
from posture.core.decisions import Cover

#: Covers with a limit of their own; `crime` and `it` extend them.
HOSTS = (Cover.A, Cover.B, Cover.C)
_OPTION_PERILS = {Cover.CRIME: Peril.CRIME, Cover.IT: Peril.IT_SERVICES}
#: Perils that only an option insures.
OPTIONAL = frozenset(_OPTION_PERILS.values())

PurePremiums = Mapping[Cover, Mapping[Peril, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the premium depends on besides posture. Money in minor units of the market's currency.

    `overseas` and `us_canada` are shares of the revenue, the second within the first.
    """

    revenue: float
    sector: float
    employees: float
    it_revenue: float
    daily_gross_profit: float
    covers: Mapping[Cover, CoverTerms]
    shared: tuple[SharedLimit, ...] = ()
    overseas: float = 0.0
    us_canada: float = 0.0


def standard_risk(tables: Tables, covers: Mapping[Cover, CoverTerms] | None = None) -> Risk:
    """The risk at which perils are blended: every exposure at its reference, standard terms of `covers`."""
    return Risk(
        revenue=tables.revenue.reference,
        sector=1.0,
        employees=tables.headcount.reference,
        it_revenue=tables.it_revenue.reference,
        daily_gross_profit=tables.standard_gross_profit,
        covers=tables.standard if covers is None else covers,
    )


def pure_premiums(tables: Tables, risk: Risk) -> PurePremiums:
    """Expected annual cost of every cover bought, by peril, at posture factor 1."""
    return {cover: _cover(tables, risk, cover) for cover in risk.covers}


def frequency(tables: Tables, risk: Risk, peril: Peril) -> float:
    """Claims a year of a peril at posture factor 1."""
    base = tables.frequency[peril]
    if peril is Peril.CRIME:
        return base * tables.headcount.factor(risk.employees)
    if peril is Peril.IT_SERVICES:
        return base * tables.it_revenue.factor(risk.it_revenue)
    return base * tables.revenue.factor(risk.revenue) * risk.sector


def territory(tables: Tables, risk: Risk, cover: Cover) -> float:
    """Cost against a business at home alone: each part of the revenue that is insured at its relativity."""
    abroad, terms = tables.territory[cover], risk.covers[cover].territory
    parts = [1.0 - risk.overseas]
    if terms is not Territory.DOMESTIC:
        parts.append((risk.overseas - risk.us_canada) * abroad.overseas)
    if terms is Territory.WORLDWIDE:
        parts.append(risk.us_canada * abroad.us_canada)
    return math.fsum(parts)


def annual(tables: Tables, risk: Risk, cover: Cover) -> float:
    """Share of a cover's expected cost left by its annual limit, and by limits shared with others."""
    most = risk.covers[cover].aggregate
    own = 1.0
    if most is not None:
        own = aggregate.left(_causes(tables, risk, (cover,)), year=most)
    shared = (
        aggregate.left(
            _causes(tables, risk, limit.covers),
            claim=math.inf if limit.limit is None else limit.limit,
            year=math.inf if limit.aggregate is None else limit.aggregate,
        )
        for limit in risk.shared
        if cover in limit.covers
    )
    return own * math.prod(shared)


def _cover(tables: Tables, risk: Risk, cover: Cover) -> dict[Peril, float]:
    if cover in _OPTION_PERILS:
        return _option(tables, risk, cover)
    part = territory(tables, risk, cover) * annual(tables, risk, cover)
    return {
        peril: frequency(tables, risk, peril) * triggers[cover] * _paid(tables, risk, peril, cover) * part
        for peril, triggers in tables.triggers.items()
        if cover in triggers and peril not in OPTIONAL
    }


def _option(tables: Tables, risk: Risk, option: Cover) -> dict[Peril, float]:
    """An option extends the trigger of the covers bought, up to the smaller of the two limits."""
    peril, most = _OPTION_PERILS[option], risk.covers[option].limit
    costs = (
        probability
        * _paid(tables, _at_most(risk, cover, most), peril, cover)
        * territory(tables, risk, cover)
        for cover, probability in tables.triggers[peril].items()
        if cover in risk.covers
    )
    return {peril: frequency(tables, risk, peril) * math.fsum(costs)}


def _at_most(risk: Risk, cover: Cover, most: int) -> Risk:
    terms = risk.covers[cover]
    if terms.limit <= most:
        return risk
    return replace(risk, covers={**risk.covers, cover: replace(terms, limit=most)})


def curve(tables: Tables, terms: CoverTerms, cover: Cover) -> payment.Payment:
    """What cover A or B pays of a loss under its terms."""
    whole = payment.WHOLE
    if cover is Cover.A and terms.defence is Defence.OUTSIDE:
        disputes = payment.share(tables.defence_share, terms.limit)
        damages = payment.share(1.0 - tables.defence_share).layer(terms.deductible, terms.limit)
        return payment.both(damages, disputes)
    if cover is Cover.B and terms.items:
        whole = payment.itemised(
            (tables.items[name], terms.limit if item.limit is None else item.limit, item.coinsurance)
            for name, item in terms.items.items()
        )
    return whole.layer(terms.deductible, terms.limit)


def _paid(tables: Tables, risk: Risk, peril: Peril, cover: Cover) -> float:
    """Expected payment of one claim that triggers the cover."""
    return math.fsum(limited(math.inf) for limited in _limited(tables, risk, peril, cover))


def _limited(tables: Tables, risk: Risk, peril: Peril, cover: Cover) -> tuple[Limited, ...]:
    """The payments of one claim under a cover, each as E[min(payment, y)]."""
    if cover is Cover.C:
        return _interruption(tables, risk, peril)
    loss, paid = tables.severity[peril][cover], curve(tables, risk.covers[cover], cover)
    return (lambda most: paid.expected(loss, most),)


def _interruption(tables: Tables, risk: Risk, peril: Peril) -> tuple[Limited, Limited]:
    """Lost gross profit of the insured days, and extra expense up to its sub-limit."""
    terms, rules, daily = risk.covers[Cover.C], tables.interruption, risk.daily_gross_profit

    def profit(most: float) -> float:
        return daily * interruption_days(
            rules.outage[peril],
            waiting=waiting_days(terms, daily),
            indemnity=rules.indemnity_days,
            limit_days=min(terms.limit, most) / daily,
        )

    def extra(most: float) -> float:
        return rules.extra_expense.limited(min(terms.limit, rules.extra_expense_limit, most))

    return profit, extra


def waiting_days(terms: CoverTerms, daily: float) -> float:
    """The waiting time of cover C in days; a deductible is so many days of gross profit."""
    return terms.deductible / daily if terms.waiting_hours is None else terms.waiting_hours / 24


def _causes(tables: Tables, risk: Risk, covers: tuple[Cover, ...]) -> tuple[Cause, ...]:
    """Claims a year of every peril and what each pays under these covers, at average posture."""
    return tuple(
        Cause(
            rate=frequency(tables, risk, peril),
            parts=tuple(
                (triggers[cover], limited)
                for cover in covers
                if cover in triggers
                for limited in _limited(tables, risk, peril, cover)
            ),
        )
        for peril, triggers in tables.triggers.items()
        if peril not in OPTIONAL and any(cover in triggers for cover in covers)
    )
