"""Synthetic experience in the CSV's own columns, for trying things out and for tests of the mechanism.

`ordinary` policies follow the model; `broken` ones do not: findings interact, claims cluster, and what
is bad is more often hidden. Every policy's key begins with `synthetic-`.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from io import StringIO

import numpy as np

from models import build, experience, priors, simulate, tables
from models.batch import Floats
from models.development import months
from models.perils import LEARNT, Peril

#: Share of features not observed.
_BLANKS = 0.05
#: Share of policies with claims of a peril of which one is still open.
_OPEN = 0.2
#: In the broken world: how much more often a bad finding is hidden, and two of them attract each other.
_HIDING = 4.0
_INTERACTION = 0.5
_CLUSTER = 1.0


def csv_text(count: int, *, seed: int, broken: bool = False, market: str = "JP") -> str:
    """A CSV of `count` synthetic policies as `posture model fit` reads it."""
    out = StringIO()
    writer = csv.DictWriter(out, [column.name for column in experience.columns()], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(count, seed=seed, broken=broken, market=market))
    return out.getvalue()


def rows(count: int, *, seed: int, broken: bool, market: str) -> Iterator[Mapping[str, object]]:
    """The rows as mappings from column to value."""
    rng, rated = np.random.default_rng(seed), tables.load(market, _INCEPTION)
    active = priors.table().active()
    values = simulate.findings([row.shares for row in active], count, rng)
    revenue = np.clip(simulate.revenues(count, rated.revenue.reference, rng), *_range(rated)).round()
    sectors = rng.choice(sorted(rated.sectors), size=count)
    years = rng.uniform(0.5, 1.0, size=count).round(3)
    known = rated.development.reported(months(_INCEPTION, _VALUATION))
    base = known * _base(rated, years, revenue, sectors)
    claims = {
        peril: rng.poisson(base * rate) for peril, rate in _rates(rated, values, rng, broken=broken).items()
    }
    shown = _hide(values, rng, broken=broken)
    for index in range(count):
        yield {
            "policy": f"synthetic-{index:06d}",
            "exposure": years[index],
            "inception": _INCEPTION.isoformat(),
            "valuation": _VALUATION.isoformat(),
            "market": market,
            "revenue": int(revenue[index]),
            "sector": sectors[index],
            **{f"claims_{peril}": int(number[index]) for peril, number in claims.items()},
            **{f"loss_{peril}": _loss(rated, peril, number[index], rng) for peril, number in claims.items()},
            **{
                row.name: "" if np.isnan(shown[index, j]) else f"{shown[index, j]:g}"
                for j, row in enumerate(active)
            },
        }


_INCEPTION = date(2026, 4, 1)
_VALUATION = date(2027, 12, 31)


def _loss(rated: tables.Tables, peril: Peril, claims: int, rng: np.random.Generator) -> int | str:
    """What the closed claims of a policy have cost under the table's curves; blank while one is open."""
    if claims and rng.random() < _OPEN:
        return ""
    total = 0.0
    for cover, loss in rated.severity[peril].items():
        hit = rng.random(claims) < rated.triggers[peril][cover]
        total += float((loss.median * np.exp(loss.sigma * rng.standard_normal(claims)) * hit).sum())
    return round(total * rated.development.incurred(months(_INCEPTION, _VALUATION)))


def _range(rated: tables.Tables) -> tuple[float, float]:
    return rated.revenue_range.low, rated.revenue_range.high


def _base(
    rated: tables.Tables, years: Floats, revenue: Floats, sectors: "np.typing.NDArray[np.str_]"
) -> Floats:
    size = np.array([rated.revenue.factor(float(x)) for x in revenue])
    return np.asarray(years * size * np.array([rated.sectors[str(name)] for name in sectors]))


def _rates(
    rated: tables.Tables, values: Floats, rng: np.random.Generator, *, broken: bool
) -> dict[Peril, Floats]:
    """Claims a year by peril at size and sector 1, under coefficients drawn from the prior."""
    shape = build.shipped_design()
    truth = replace(shape, mean=shape.mean + shape.tau * rng.standard_normal(len(shape.mean)))
    logs = truth.relativities(truth.mean).log_factors(values)
    if broken:
        logs = logs + _INTERACTION * (values.sum(axis=1, keepdims=True) > 4)
        logs = logs + np.log(rng.gamma(1 / _CLUSTER, _CLUSTER, size=(len(values), 1)))
    places = {peril: shape.perils.index(peril) for peril in LEARNT}
    return {peril: rated.frequency[peril] * np.exp(logs[:, place]) for peril, place in places.items()}


def _hide(values: Floats, rng: np.random.Generator, *, broken: bool) -> Floats:
    chance = _BLANKS * np.where(values > 0, _HIDING, 1.0) if broken else np.full(values.shape, _BLANKS)
    return np.asarray(np.where(rng.random(values.shape) < chance, np.nan, values))
