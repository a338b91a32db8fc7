"""Pure premiums by cover and peril: frequency x trigger x layer (docs/method.md §3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from models.perils import Peril
from models.severity import interruption_days
from models.tables import Tables
from posture.core.application import CoverTerms
from posture.core.decisions import Cover

#: Covers with a limit of their own; `crime` and `it` extend them.
HOSTS = (Cover.A, Cover.B, Cover.C)
_OPTION_PERILS = {Cover.CRIME: Peril.CRIME, Cover.IT: Peril.IT_SERVICES}
#: Perils that only an option insures.
OPTIONAL = frozenset(_OPTION_PERILS.values())

PurePremiums = Mapping[Cover, Mapping[Peril, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the premium depends on besides posture. Money in minor units of the market's currency."""

    revenue: float
    sector: float
    employees: float
    it_revenue: float
    daily_gross_profit: float
    covers: Mapping[Cover, CoverTerms]


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


def _cover(tables: Tables, risk: Risk, cover: Cover) -> dict[Peril, float]:
    if cover in _OPTION_PERILS:
        return _option(tables, risk, cover)
    return {
        peril: frequency(tables, risk, peril) * triggers[cover] * _layer(tables, risk, peril, cover)
        for peril, triggers in tables.triggers.items()
        if cover in triggers and peril not in OPTIONAL
    }


def _option(tables: Tables, risk: Risk, option: Cover) -> dict[Peril, float]:
    """An option extends the trigger of the covers bought, up to the smaller of the two limits."""
    peril = _OPTION_PERILS[option]
    costs = (
        probability * _layer(tables, risk, peril, cover, cap=risk.covers[option].limit)
        for cover, probability in tables.triggers[peril].items()
        if cover in risk.covers
    )
    return {peril: frequency(tables, risk, peril) * math.fsum(costs)}


def _layer(tables: Tables, risk: Risk, peril: Peril, cover: Cover, cap: float = math.inf) -> float:
    terms = risk.covers[cover]
    limit = min(terms.limit, cap)
    if cover is Cover.C:
        return _interruption(tables, risk, peril, limit)
    return tables.severity[peril][cover].layer(terms.deductible, limit)


def _interruption(tables: Tables, risk: Risk, peril: Peril, limit: float) -> float:
    """Lost gross profit of the insured days, and extra expense up to its sub-limit."""
    terms, rules = risk.covers[Cover.C], tables.interruption
    days = interruption_days(
        rules.outage[peril],
        waiting=(terms.waiting_hours or 0) / 24,
        indemnity=rules.indemnity_days,
        limit_days=limit / risk.daily_gross_profit,
    )
    extra = rules.extra_expense.limited(min(limit, rules.extra_expense_limit))
    return risk.daily_gross_profit * days + extra
