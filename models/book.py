"""Whole books at once: the calculation of `rating` for arrays of applicants and covers A, B and C."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr  # type: ignore[import-untyped]  # published without annotations

from models import batch, credibility, premium
from models.artefact import Artefact
from models.batch import Floats
from models.perils import Peril
from models.rating import level, moves
from models.severity import Lognormal
from models.tables import Bounds, Exposure, Tables, scaled
from posture.core.decisions import Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Limit and deductible in minor units, waiting time in hours; each (n,)."""

    limit: Floats
    deductible: Floats
    waiting_hours: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """n applicants. `values` (n, J) with NaN for unknown; `sector` and `controls` are factors (n,)."""

    values: Floats
    revenue: Floats
    sector: Floats
    controls: Floats
    daily_gross_profit: Floats
    covers: Mapping[Cover, Terms]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """G (n,) and the rounded premium of every cover (n,) in minor units, before any referral."""

    relativity: Floats
    premium: Mapping[Cover, Floats]


def price(model: Artefact, tables: Tables, book: Book) -> Priced:
    """Score and price every applicant; equal to `rating.rate` one by one (tested).

    Plain terms only: limit and deductible or waiting time. Annual and shared limits, items, defence costs
    outside and territories are priced one by one.
    """
    balance, tables = model.balanced(tables), scaled(tables, model.severity)
    relative = batch.relativities(model)
    factors = dict(zip(relative.perils, np.exp(relative.log_factors(book.values)).T, strict=True))
    bounds = credibility.charged_bounds(tables, model.expected_claims)
    floored = _floored(model, book.values)
    exposure = _exposure(tables.revenue, book.revenue) * book.sector
    still: dict[Cover, Floats] = {}
    moving: dict[Cover, Floats] = {}
    for cover, terms in book.covers.items():
        still[cover], moving[cover] = _pure(model, tables, book, cover, terms, exposure)
    charged = {
        cover: _charged(
            tables, balance.scale[cover] * _mix(balance.cover[cover], factors), book, bounds, floored
        )
        / balance.capped[cover]
        for cover in book.covers
    }
    costs = {cover: still[cover] + moving[cover] * charged[cover] for cover in book.covers}
    average = {cover: still[cover] + moving[cover] for cover in book.covers}
    return Priced(relativity=_mix(balance.standard, factors), premium=_gross(tables, costs, average))


def _mix(weights: Mapping[Peril, float], factors: Mapping[Peril, Floats]) -> Floats:
    total = sum(weight * factors[peril] for peril, weight in weights.items())
    return np.asarray(total, dtype=np.float64)


def _charged(tables: Tables, scaled: Floats, book: Book, bounds: Bounds, floored: Floats) -> Floats:
    """Steps 8 to 10."""
    technical = _clip(_clip(scaled, tables.clip) * book.controls, tables.clip)
    return _clip(np.maximum(technical, floored), bounds)


def _clip(values: Floats, bounds: Bounds) -> Floats:
    return np.asarray(np.clip(values, bounds.low, bounds.high), dtype=np.float64)


def _floored(model: Artefact, values: Floats) -> Floats:
    """1 where a watched group has anything unseen, else 0: the least factor charged."""
    watched = [index for index, feature in enumerate(model.features) if feature.group in model.unseen]
    return np.asarray(np.isnan(values[:, watched]).any(axis=1), dtype=np.float64)


def _exposure(exposure: Exposure, x: Floats) -> Floats:
    """`Exposure.factor` for an array."""
    total = np.full(len(x), 1.0)
    ends = (*(start for start, _ in exposure.segments[1:]), np.inf)
    for (start, power), end in zip(exposure.segments, ends, strict=True):
        low = start or exposure.reference
        reached = np.maximum(np.minimum(x, end), start) if start else np.minimum(x, end)
        total = total * np.power(reached / low, power)
    return np.asarray(total / exposure.level(exposure.reference), dtype=np.float64)


def _pure(
    model: Artefact, tables: Tables, book: Book, cover: Cover, terms: Terms, exposure: Floats
) -> tuple[Floats, Floats]:
    """Pure premium of a cover from perils that ignore posture, and from those that follow it."""
    still, moving = np.zeros(len(exposure)), np.zeros(len(exposure))
    for peril, triggers in tables.triggers.items():
        if cover not in triggers or peril in premium.OPTIONAL:
            continue
        rate = tables.frequency[peril] * triggers[cover] * level(model, peril)
        cost = rate * exposure * _layer(tables, book, peril, cover, terms)
        if moves(model, peril):
            moving += cost
        else:
            still += cost
    return still, moving


def _layer(tables: Tables, book: Book, peril: Peril, cover: Cover, terms: Terms) -> Floats:
    if cover is not Cover.C:
        loss = tables.severity[peril][cover]
        return _limited(loss, terms.limit + terms.deductible) - _limited(loss, terms.deductible)
    rules, waiting = tables.interruption, terms.waiting_hours / 24
    end = np.minimum(rules.indemnity_days, waiting + terms.limit / book.daily_gross_profit)
    outage = rules.outage[peril]
    days = np.maximum(0.0, _limited(outage, end) - _limited(outage, waiting))
    extra = _limited(rules.extra_expense, np.minimum(terms.limit, rules.extra_expense_limit))
    return np.asarray(book.daily_gross_profit * days + extra, dtype=np.float64)


def _limited(loss: Lognormal, x: Floats) -> Floats:
    """`Lognormal.limited` for an array; equal entries are computed once."""
    points, place = np.unique(x, return_inverse=True)
    z = np.log(np.maximum(points, 1e-300) / loss.median) / loss.sigma
    values = np.where(points > 0, loss.mean() * ndtr(z - loss.sigma) + points * ndtr(-z), 0.0)
    return np.asarray(values[place], dtype=np.float64)


def _gross(
    tables: Tables, costs: Mapping[Cover, Floats], average: Mapping[Cover, Floats]
) -> dict[Cover, Floats]:
    """Steps 12 to 14."""
    loads, unit = tables.expenses, tables.rounding
    total = np.asarray(sum(average.values()), dtype=np.float64)
    kept = 1 - loads.variable - loads.profit
    priced: dict[Cover, Floats] = {}
    for cover, cost in costs.items():
        share = average[cover] / total
        gross = (cost * (1 + loads.ulae) + loads.fixed * share) / kept
        least = np.ceil(loads.minimum * share / unit - 1e-9)
        priced[cover] = np.maximum(np.floor(gross / unit + 0.5), least) * unit
    return priced
