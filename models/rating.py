"""The fourteen steps of the calculation, one function each, in order (docs/method.md §4).

Steps 1 and 2 are in the artefact's tables; what they gave is read back here so that all can be printed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import credibility, score
from models.artefact import Artefact, Balance
from models.perils import Group, Peril
from models.premium import PurePremiums
from models.score import PerilFactor, Values
from models.statements import Rule, StepName
from models.tables import Bounds, Tables
from posture.core.decisions import Cover, Step
from posture.core.errors import PostureError

_CAPS = tuple(rule for rule in Rule if rule.name.startswith("CAP_"))

Factors = Mapping[Cover, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What every step may look at. `pure` are the pure premiums of the covers bought, at factor 1.

    `open_questions` names the features with a question left open on some machine, found elsewhere or not;
    `unasked` those unknown for want of a feed or record of ours.
    """

    model: Artefact
    tables: Tables
    balance: Balance
    values: Values
    pure: PurePremiums
    controls: float
    schedule: float
    open_questions: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()


def shrinkage(model: Artefact, values: Values) -> Mapping[str, float]:
    """1. Shrunk relativities of what was found, before the tilt (the artefact holds them tilted)."""
    return {
        feature.name: feature.relativity ** (values[feature.name] or 0.0)
        for feature in model.features
        if values[feature.name]
    }


def tilt(factors: Mapping[Peril, PerilFactor]) -> Mapping[Peril, float]:
    """2. Product of all relativities by peril, unseen ones at the book's mean."""
    return {peril: factor.after() for peril, factor in factors.items()}


def overlap(factors: Mapping[Peril, PerilFactor]) -> Mapping[Peril, float]:
    """3. After the overlap rule."""
    return {peril: factor.after(Rule.OVERLAP) for peril, factor in factors.items()}


def group_caps(factors: Mapping[Peril, PerilFactor]) -> Mapping[Peril, float]:
    """4. After the caps of the groups."""
    return {peril: factor.after(Rule.OVERLAP, *_CAPS) for peril, factor in factors.items()}


def off_balance(factors: Mapping[Peril, PerilFactor]) -> Mapping[Peril, float]:
    """5. Posture factors by peril; their mean over the reference book is 1."""
    return {peril: math.exp(factor.log()) for peril, factor in factors.items()}


def blend(balance: Balance, balanced: Mapping[Peril, float]) -> Factors:
    """6. Posture factors by cover, perils weighted by pure premium at standard terms."""
    return {cover: score.blend(weights, balanced) for cover, weights in balance.cover.items()}


def relativity(balance: Balance, balanced: Mapping[Peril, float]) -> float:
    """7. G: the A+B blend at standard limits, unclipped. Tier and score are read from it."""
    return score.blend(balance.standard, balanced)


def clip(tables: Tables, balance: Balance, blended: Factors) -> Factors:
    """8. The factor x s, clipped, with s solved so that the mean over the reference book is 1."""
    return {cover: tables.clip.clip(balance.scale[cover] * factor) for cover, factor in blended.items()}


def controls(tables: Tables, clipped: Factors, declared: float) -> Factors:
    """9. Times the declared controls, posture and controls together within the clip: technical."""
    return {cover: tables.clip.clip(factor * declared) for cover, factor in clipped.items()}


def floor_and_cap(technical: Factors, bounds: Bounds, *, floored: bool) -> Factors:
    """10. No discount while a watched group is unseen; then the charged bounds: charged."""
    return {
        cover: bounds.clip(max(1.0, factor) if floored else factor) for cover, factor in technical.items()
    }


def schedule(tables: Tables, factor: float, charged: Factors) -> float:
    """11. The underwriter's schedule. Raises PostureError outside the filed range, alone or in total."""
    _inside(tables.filing.schedule, factor, f"A schedule factor of {factor}")
    for cover, posture in charged.items():
        _inside(tables.filing.total, posture * factor, f"Cover {cover} at {posture * factor:.4f} in total")
    return factor


def _inside(allowed: Bounds, factor: float, what: str) -> None:
    if not allowed.low <= factor <= allowed.high:
        raise PostureError(
            f"{what} lies outside the filed range {allowed.low} to {allowed.high}.",
            remedy="Stay inside the range, or refer; nothing leaves the filing.",
            code="outside-filing",
        )


def expenses(
    tables: Tables, pure: Mapping[Cover, float], shares: Mapping[Cover, float]
) -> Mapping[Cover, float]:
    """12. (PP x (1 + ulae) + fixed) / (1 - variable - profit); the fixed part by `shares`."""
    loads = tables.expenses
    kept = 1 - loads.variable - loads.profit
    return {
        cover: (cost * (1 + loads.ulae) + loads.fixed * shares[cover]) / kept for cover, cost in pure.items()
    }


def minimum(tables: Tables, shares: Mapping[Cover, float]) -> Mapping[Cover, float]:
    """13. Each cover's share of the policy's minimum premium.

    Shares are those at average posture: were they the actual ones, fixing a finding could move
    minimum premium from one cover to another and raise it there.
    """
    return {cover: tables.expenses.minimum * share for cover, share in shares.items()}


def rounding(
    tables: Tables,
    gross: Mapping[Cover, float],
    least: Mapping[Cover, float],
    filed: Mapping[Cover, Bounds],
) -> Mapping[Cover, int]:
    """14. Half up to the table's unit, inside the filed amounts; the minimum is never undercut."""
    unit = tables.rounding
    return {
        cover: max(
            min(math.floor(amount / unit + 0.5), math.floor(filed[cover].high / unit + 1e-9)),
            math.ceil(filed[cover].low / unit - 1e-9),
            math.ceil(least[cover] / unit - 1e-9),
        )
        * unit
        for cover, amount in gross.items()
    }


def filed_amounts(basis: Basis, shares: Mapping[Cover, float]) -> Mapping[Cover, Bounds]:
    """Gross premium of each cover at both ends of the filed range in total."""
    ends = basis.tables.filing.total
    base = moved(basis, {cover: 1 / mean for cover, mean in basis.balance.capped.items()})
    low, high = (
        expenses(basis.tables, {cover: amount * end for cover, amount in base.items()}, shares)
        for end in (ends.low, ends.high)
    )
    return {cover: Bounds(low=low[cover], high=high[cover]) for cover in basis.pure}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One run through the steps. Factors are by cover and apply to the perils that move with posture."""

    factors: Mapping[Peril, PerilFactor]
    relativity: float
    technical: Factors
    charged: Factors
    gross: Mapping[Cover, float]
    least: Mapping[Cover, float]
    premium: Mapping[Cover, int]
    steps: tuple[Step, ...]


def rate(basis: Basis, *, unseen: score.Unseen = score.Unseen.MEAN) -> Rated:
    """Run all fourteen steps."""
    model, tables, balance = basis.model, basis.tables, basis.balance
    factors = score.peril_factors(model, basis.values, unseen=unseen)
    balanced = off_balance(factors)
    blended = blend(balance, balanced)
    clipped = clip(tables, balance, blended)
    technical = controls(tables, clipped, basis.controls)
    bounds = credibility.charged_bounds(tables, model.expected_claims)
    charged = floor_and_cap(technical, bounds, floored=bool(unseen_groups(basis)))
    scheduled = schedule(tables, basis.schedule, charged)
    amounts = _amounts(basis, charged, dict.fromkeys(charged, scheduled))
    gross, least, premium = amounts.gross, amounts.least, amounts.premium
    g = relativity(balance, balanced)
    steps: dict[StepName, Mapping[Any, float]] = {
        StepName.SHRINKAGE: shrinkage(model, basis.values),
        StepName.TILT: tilt(factors),
        StepName.OVERLAP: overlap(factors),
        StepName.CAPS: group_caps(factors),
        StepName.OFF_BALANCE: balanced,
        StepName.BLEND: blended,
        StepName.RELATIVITY: {"G": g},
        StepName.CLIP: clipped,
        StepName.CONTROLS: technical,
        StepName.CHARGED: charged,
        StepName.SCHEDULE: {"schedule": scheduled},
        StepName.EXPENSES: gross,
        StepName.MINIMUM: {cover: max(amount, least[cover]) for cover, amount in gross.items()},
        StepName.ROUNDING: {cover: float(amount) for cover, amount in premium.items()},
    }
    return Rated(
        factors=factors,
        relativity=g,
        technical=technical,
        charged=charged,
        gross=gross,
        least=least,
        premium=premium,
        steps=tuple(
            Step(name=name.value, values={str(key): value for key, value in values.items()})
            for name, values in steps.items()
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amounts:
    """Steps 12 to 14 by cover."""

    gross: Mapping[Cover, float]
    least: Mapping[Cover, float]
    premium: Mapping[Cover, int]


def _amounts(basis: Basis, charged: Factors, scheduled: Factors) -> _Amounts:
    """The schedule is `scheduled` on covers that posture moves, and stands as it is on the others."""
    restored = {cover: factor / basis.balance.capped[cover] for cover, factor in charged.items()}
    cost = {
        cover: amount * scheduled.get(cover, basis.schedule)
        for cover, amount in moved(basis, restored).items()
    }
    shares = neutral_shares(basis)
    gross, least = expenses(basis.tables, cost, shares), minimum(basis.tables, shares)
    filed = filed_amounts(basis, shares)
    return _Amounts(gross=gross, least=least, premium=rounding(basis.tables, gross, least, filed))


def priced(basis: Basis, technical: Factors) -> Mapping[Cover, int]:
    """Steps 10 to 14 for other technical factors than those found: what would be charged for them.

    Where the schedule would leave the filed range in total, it reaches only to the end of the range.
    """
    bounds = credibility.charged_bounds(basis.tables, basis.model.expected_claims)
    charged = floor_and_cap(technical, bounds, floored=bool(unseen_groups(basis)))
    total = basis.tables.filing.total
    scheduled = {
        cover: min(max(basis.schedule, total.low / factor), total.high / factor)
        for cover, factor in charged.items()
    }
    return _amounts(basis, charged, scheduled).premium


def moves(model: Artefact, peril: Peril) -> bool:
    """Whether a peril's frequency follows posture."""
    return model.follows.get(peril, peril) in model.perils


def level(model: Artefact, peril: Peril) -> float:
    """What own claims have made of a peril's base frequency; 1 where nothing was learnt."""
    return model.levels.get(model.follows.get(peril, peril), 1.0)


def moved(basis: Basis, factors: Factors) -> Mapping[Cover, float]:
    """Pure premium by cover with the factor on the perils that follow posture."""
    return {
        cover: math.fsum(
            cost * level(basis.model, peril) * (factors[cover] if moves(basis.model, peril) else 1.0)
            for peril, cost in costs.items()
        )
        for cover, costs in basis.pure.items()
    }


def neutral(basis: Basis) -> Mapping[Cover, float]:
    """Pure premium by cover of the average applicant."""
    return moved(basis, dict.fromkeys(basis.pure, 1.0))


def neutral_shares(basis: Basis) -> Mapping[Cover, float]:
    """Each cover's share of the average applicant's pure premium."""
    costs = neutral(basis)
    total = math.fsum(costs.values())
    return {cover: cost / total for cover, cost in costs.items()}


def scannable(basis: Basis) -> Mapping[str, float]:
    """Share of the pure premium that a scan can move, by cover and in total."""
    costs = neutral(basis)
    follow = {
        cover: math.fsum(
            cost * level(basis.model, peril)
            for peril, cost in basis.pure[cover].items()
            if moves(basis.model, peril)
        )
        for cover in costs
    }
    if not costs:
        return {}
    shares = {cover.value: follow[cover] / costs[cover] for cover in costs}
    return shares | {"total": math.fsum(follow.values()) / math.fsum(costs.values())}


def unseen_groups(basis: Basis) -> tuple[Group, ...]:
    """Watched groups (data/perils.toml, [unseen]) with a question left open on any machine."""
    model, values = basis.model, basis.values
    blank = {feature.name for feature in model.features if values[feature.name] is None}
    left = (blank | basis.open_questions) - basis.unasked
    return tuple(
        group
        for group in model.unseen
        if any(feature.group is group and feature.name in left for feature in model.features)
    )
