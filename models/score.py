"""Scoring from the artefact: steps 1 to 7 of the calculation, in plain Python (docs/method.md).

The artefact holds relativities by feature and peril, already shrunk (step 1) and tilted (step 2).
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from models.artefact import Artefact, Cell, Feature, Grid
from models.perils import Peril
from models.statements import Rule

Values = Mapping[str, float | None]


class Unseen(Enum):
    """What an unseen feature counts as: the book's mean factor, found, or clean."""

    MEAN = "mean"
    FOUND = "found"
    CLEAN = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerilFactor:
    """The posture factor of one peril as log terms: by feature (uncentred), then by rule.

    `mean` is each feature's log mean factor in the reference book, `sd` the parameter uncertainty of
    the log factor. `exp` of the sum of features and rules is the factor; its mean in the book is 1.
    """

    features: Mapping[str, float]
    mean: Mapping[str, float]
    rules: Mapping[Rule, float]
    sd: float

    def log(self) -> float:
        """Natural logarithm of the factor."""
        return math.fsum((*self.features.values(), *self.rules.values()))

    def after(self, *rules: Rule) -> float:
        """The factor with only these rules applied."""
        kept = (self.rules[rule] for rule in rules if rule in self.rules)
        return math.exp(math.fsum((*self.features.values(), *kept)))


def peril_factors(
    model: Artefact, values: Values, *, unseen: Unseen = Unseen.MEAN
) -> dict[Peril, PerilFactor]:
    """Steps 2 to 5 for every peril with relativities of its own."""
    return {peril: _peril(model, peril, values, unseen) for peril in model.perils}


def blend(weights: Mapping[Peril, float], factors: Mapping[Peril, float]) -> float:
    """Step 6: the mean of the perils' factors by pure premium. `weights` sum to 1."""
    return math.fsum(weight * factors[peril] for peril, weight in weights.items())


def contributions(weights: Mapping[Peril, float], factors: Mapping[Peril, PerilFactor]) -> dict[str, float]:
    """Factors by feature and rule that multiply to the blend exactly.

    A blend is a sum of products; its change is shared among the factors by the logarithmic mean
    (Ang, LMDI-I, Energy Policy 33 (2005)), which leaves no residual and favours no order. A feature's
    factor is against the reference book's mean, so an unseen one has exactly 1.
    """
    total = blend(weights, {peril: math.exp(factor.log()) for peril, factor in factors.items()})
    base = math.fsum(weights.values())
    logs: dict[str, float] = {}
    for peril, weight in weights.items():
        factor = factors[peril]
        share = _log_mean(weight * math.exp(factor.log()), weight) / _log_mean(total, base)
        for name, term in _centred(factor).items():
            logs[name] = logs.get(name, 0.0) + share * term
    return {name: math.exp(value) for name, value in logs.items()}


def coverage(model: Artefact, values: Values, peril: Peril) -> float:
    """Share of the prior's log-relativity variance of a peril that was observed, 0 to 1."""
    seen = total = 0.0
    for feature in model.features:
        variance = feature.variance(peril)
        total += variance
        seen += variance if values[feature.name] is not None else 0.0
    return seen / total if total else 1.0


def percentile(grid: Grid, relativity: float) -> float:
    """Percentile (0 to 100) of a relativity in the reference book; linear between the grid's points."""
    place = bisect_left(grid, (relativity,))
    if place == len(grid):
        return 100.0
    return grid[place][1] if place == 0 else _between(grid[place - 1], grid[place], relativity)


def _between(low: tuple[float, float], high: tuple[float, float], x: float) -> float:
    return low[1] + (high[1] - low[1]) * (x - low[0]) / (high[0] - low[0])


def _peril(model: Artefact, peril: Peril, values: Values, unseen: Unseen) -> PerilFactor:
    cells = {feature.name: feature.cells[peril] for feature in model.features}
    logs = {name: _term(cells[name], values[name], unseen) for name in cells}
    mean = {name: math.log(cell.unseen) for name, cell in cells.items()}
    overlap = _overlap(model, logs, values, unseen)
    rules = {Rule.OVERLAP: math.fsum(overlap.values())}
    for group, cap in model.group_caps.items():
        members = [feature.name for feature in model.features if feature.group is group]
        product = math.fsum(logs[name] + overlap.get(name, 0.0) for name in members)
        rules[Rule(f"cap_{group}")] = min(0.0, math.log(cap) - product)
    rules[Rule.OFF_BALANCE] = -math.log(model.off_balance[peril])
    return PerilFactor(features=logs, mean=mean, rules=rules, sd=_uncertainty(model, peril, values, unseen))


def _term(cell: Cell, value: float | None, unseen: Unseen) -> float:
    if value is not None:
        return value * math.log(cell.found)
    if unseen is Unseen.MEAN:
        return math.log(cell.unseen)
    return math.log(cell.found) if unseen is Unseen.FOUND else 0.0


def _overlap(model: Artefact, logs: Mapping[str, float], values: Values, unseen: Unseen) -> dict[str, float]:
    """Step 3: of the overlapping features found, all but the strongest lose part of their log relativity.

    The order in the data decides ties. An unseen one keeps its mean in full and demotes nobody, so
    that fixing a finding never raises the factor.
    """
    found = [
        name
        for name in model.overlap_order
        if name in logs and (values[name] or (values[name] is None and unseen is Unseen.FOUND))
    ]
    found.sort(key=lambda name: -logs[name])
    return {name: -(1 - model.overlap_strength) * logs[name] for name in found[1:]}


def _uncertainty(model: Artefact, peril: Peril, values: Values, unseen: Unseen) -> float:
    """Sd of the log factor from the coefficients, against the book's average applicant."""
    return math.sqrt(
        math.fsum(
            (feature.cells[peril].sd * (_state(feature, values, unseen) - feature.shares.mean)) ** 2
            for feature in model.features
        )
    )


def _state(feature: Feature, values: Values, unseen: Unseen) -> float:
    value = values[feature.name]
    if value is not None:
        return value
    return {Unseen.MEAN: feature.shares.mean, Unseen.FOUND: 1.0, Unseen.CLEAN: 0.0}[unseen]


def _centred(factor: PerilFactor) -> dict[str, float]:
    centred = {name: value - factor.mean[name] for name, value in factor.features.items()}
    rules = {rule.value: value for rule, value in factor.rules.items()}
    rules[Rule.OFF_BALANCE.value] += math.fsum(factor.mean.values())
    return centred | rules


def _log_mean(a: float, b: float) -> float:
    """Logarithmic mean of two positive numbers; continuous where they meet."""
    ratio = math.log(a / b)
    if abs(ratio) < 1e-4:
        return b * (1 + ratio / 2 + ratio * ratio / 6 + ratio**3 / 24)
    return (a - b) / ratio
