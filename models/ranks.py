"""The applicant's rank in the reference book under every draw of the coefficients, in plain Python.

Both are drawn together: what a draw does to everybody moves no rank. So the interval says how sure the order
is, not how sure the level of the factor is (that is the interval of G).
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from models.artefact import Artefact, Balance, Feature
from models.perils import Peril
from models.score import Values, percentile


def interval(model: Artefact, balance: Balance, values: Values, level: float) -> tuple[float, float]:
    """Percentiles (0 to 100) between which the rank lies: unknowns clean at the low end, found at the high.

    Needs a model with draws.
    """
    rest = (1 - level) / 2
    ends = [
        sorted(ranks(model, balance, {k: unknown if v is None else v for k, v in values.items()}))
        for unknown in ((0.0, 1.0) if None in values.values() else (0.0,))
    ]
    return _quantile(ends[0], rest), _quantile(ends[-1], 1 - rest)


def ranks(model: Artefact, balance: Balance, values: Mapping[str, float | None]) -> list[float]:
    """The rank under each draw; every value is known."""
    found = [(feature, values[feature.name] or 0.0) for feature in model.features if values[feature.name]]
    logs = {peril: _logs(model, peril, found) for peril in balance.standard}
    weights = balance.standard
    relativities = (
        math.fsum(weight * math.exp(log) for weight, log in zip(weights.values(), each, strict=True))
        for each in zip(*(logs[peril] for peril in weights), strict=True)
    )
    return [percentile(grid, g) for grid, g in zip(balance.ranks, relativities, strict=True)]


def _logs(model: Artefact, peril: Peril, found: Iterable[tuple[Feature, float]]) -> list[float]:
    """Log factor of a peril under each draw: relativities, overlap, caps and off-balance, as in `score`."""
    terms = {feature.name: _terms(feature, peril, value) for feature, value in found}
    _overlap(model, terms)
    parts = [[-log for log in model.drawn[peril]], *terms.values()]
    for group, cap in model.group_caps.items():
        members = [terms[one.name] for one in model.features if one.group is group and one.name in terms]
        if members:
            most = math.log(cap)
            parts.append([min(0.0, most - sum(each)) for each in zip(*members, strict=True)])
    return [sum(each) for each in zip(*parts, strict=True)]


def _terms(feature: Feature, peril: Peril, value: float) -> list[float]:
    """As in the deployed model, no finding is held to lower the risk: what a draw puts below 0 is 0."""
    log, tilt = value * math.log(feature.cells[peril].found), value * feature.tilt[peril]
    return [max(0.0, log + tilt * moved) for moved in feature.moved]


def _overlap(model: Artefact, terms: dict[str, list[float]]) -> None:
    """Leave the strongest overlapping feature of each draw in full, weaken the others in place."""
    names = [name for name in model.overlap_order if name in terms]
    if len(names) < 2:
        return
    weakened = [
        [value if place == best else model.overlap_strength * value for place, value in enumerate(each)]
        for each in zip(*(terms[name] for name in names), strict=True)
        for best in (each.index(max(each)),)
    ]
    terms.update(zip(names, map(list, zip(*weakened, strict=True)), strict=True))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """What a further draw lies below with this probability: between two of n, at place (n + 1) x share."""
    place = min(max((len(ordered) + 1) * share - 1, 0.0), len(ordered) - 1.0)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
