"""Severity from own losses: one log scale by peril, by credibility with the rating table's curves.

A policy's closed claims of a peril have cost S together. Under the table ln S has a known mean and variance
(drawn once, seeded, from the curves and trigger probabilities of covers A and B). The scale's logarithm has a
normal prior, mean 0 and sd `SCALE_SD`; its posterior mean weighs every policy by w = 1 / Var ln S, with
Z = sum(w) / (sum(w) + 1 / sd^2). Open claims are not zeros: they wait. Claims closed without payment say
nothing about the size of those that cost.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from models import tables
from models.development import months
from models.experience import Policy
from models.perils import LEARNT, Peril
from models.severity import Lognormal

#: Prior sd of the log of a peril's severity scale (judgement, as wide as that of the level).
SCALE_SD = 0.4
_DRAWS = 20_000
_SEED = 20261001
_Curves = tuple[tuple[float, Lognormal], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One peril's losses. `paid` policies had closed claims that cost something, `nil` ones without payment.

    `observed` is the mean of the developed logarithms against the table's, as a factor (None without any);
    `scale` what is made of it with credibility `z`.
    """

    peril: str
    paid: int
    nil: int
    open: int
    observed: float | None
    scale: float
    credibility: float


def learn(policies: Sequence[Policy]) -> tuple[Scale, ...]:
    """The severity scale of every peril that has claims of its own; exactly 1 without losses."""
    return tuple(_scale(peril, policies) for peril in LEARNT)


def _scale(peril: Peril, policies: Sequence[Policy]) -> Scale:
    hit = [item for item in policies if item.claims[peril]]
    pairs = tuple(_surprises(peril, hit))
    weight = math.fsum(1 / variance for _, variance in pairs)
    told = math.fsum(gap / variance for gap, variance in pairs)
    losses = [item.losses[peril] for item in hit]
    return Scale(
        peril=peril.value,
        paid=len(pairs),
        nil=losses.count(0.0),
        open=losses.count(None),
        observed=math.exp(told / weight) if pairs else None,
        scale=math.exp(told / (weight + SCALE_SD**-2)),
        credibility=weight / (weight + SCALE_SD**-2),
    )


def _surprises(peril: Peril, policies: Sequence[Policy]) -> Iterator[tuple[float, float]]:
    """By policy with paid claims: log of the developed loss less the table's mean of it, and its variance."""
    for item in policies:
        loss = item.losses[peril]
        if not loss:
            continue
        market = tables.load(item.market, item.inception)
        mean, variance = expected(_curves(market, peril), item.claims[peril])
        age = months(item.inception, item.valuation)
        yield math.log(loss / market.development.incurred(age)) - mean, variance


def _curves(market: tables.Tables, peril: Peril) -> _Curves:
    triggers = market.triggers[peril]
    return tuple(
        (triggers[cover], loss) for cover, loss in market.severity[peril].items() if cover in triggers
    )


@cache
def expected(curves: _Curves, claims: int) -> tuple[float, float]:
    """Mean and variance of the log of what so many claims cost together, given that they cost something."""
    rng = np.random.default_rng([_SEED, claims])
    total = np.zeros(_DRAWS)
    for _ in range(claims):
        for chance, loss in curves:
            drawn = loss.median * np.exp(loss.sigma * rng.standard_normal(_DRAWS))
            total += np.where(rng.random(_DRAWS) < chance, drawn, 0.0)
    logs = np.log(total[total > 0])
    return float(logs.mean()), float(logs.var())
