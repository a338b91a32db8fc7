"""Coverage, score and intervals: what the features say before anything is decided."""

import math
from collections.abc import Mapping

from models import ranks, rating
from models import score as scoring
from models.perils import Peril
from models.rating import Basis, Rated
from models.score import PerilFactor, Unseen
from posture.core.decisions import Contribution, Coverage, Interval, RiskScore
from posture.core.features import FeatureVector

#: Level of every interval, and the standard normal deviate that leaves half of the rest on each side.
LEVEL = 0.90
_Z = 1.6448536269514722

#: Peril factors at the low and the high end of the interval.
Ends = tuple[Mapping[Peril, float], Mapping[Peril, float]]


def coverage(basis: Basis, features: FeatureVector) -> Coverage:
    """Share of the prior's information that was observed, by peril and over the A+B blend."""
    by_peril = {
        peril: scoring.coverage(basis.model, features.values, peril) for peril in basis.balance.standard
    }
    overall = scoring.blend(basis.balance.standard, by_peril)
    unseen: dict[str, str] = {}
    reasons = {**features.unseen, **features.partly}
    for feature in basis.model.features:
        if feature.name in reasons:
            unseen.setdefault(feature.group.value, reasons[feature.name].value)
    return Coverage(
        overall=overall,
        by_peril={peril.value: share for peril, share in by_peril.items()},
        floor=basis.model.coverage_floor,
        unseen=unseen,
    )


def score(basis: Basis, rated: Rated, features: FeatureVector, ends: Ends) -> RiskScore:
    """G as a percentile of the reference book, with what made it and how sure it is."""
    low, high = (rating.relativity(basis.balance, end) for end in ends)
    value = scoring.percentile(basis.balance.grid, rated.relativity)
    return RiskScore(
        value=value,
        letter=letter(basis.model.letters, value),
        interval=_rank_interval(basis, value, low, high),
        relativity=rated.relativity,
        relativity_interval=Interval(low=low, high=high, level=LEVEL),
        contributions=_contributions(basis, rated.factors, features),
    )


def _rank_interval(basis: Basis, value: float, low: float, high: float) -> Interval:
    """How sure the rank is: applicant and book under the same draws of the coefficients.

    Models older than draws have the percentiles of both ends of G instead, as when they were shipped.
    """
    if basis.balance.ranks:
        first, last = ranks.interval(basis.model, basis.balance, basis.values, LEVEL)
    else:
        first, last = (scoring.percentile(basis.balance.grid, end) for end in (low, high))
    return Interval(low=min(first, value), high=max(last, value), level=LEVEL)


def interval_ends(basis: Basis) -> Ends:
    """Peril factors with every unknown clean, and as found, then parameter uncertainty added."""
    clean = scoring.peril_factors(basis.model, basis.values, unseen=Unseen.CLEAN)
    found = scoring.peril_factors(basis.model, basis.values, unseen=Unseen.FOUND)
    return _moved(clean, -_Z), _moved(found, _Z)


def letter(letters: Mapping[str, float], value: float) -> str:
    """The first letter whose percentile lies above the score; the last one for 100."""
    return next((name for name, end in letters.items() if value < end), list(letters)[-1])


def _moved(factors: Mapping[Peril, PerilFactor], deviates: float) -> dict[Peril, float]:
    return {peril: math.exp(factor.log() + deviates * factor.sd) for peril, factor in factors.items()}


def _contributions(
    basis: Basis, factors: Mapping[Peril, PerilFactor], features: FeatureVector
) -> tuple[Contribution, ...]:
    """Every feature and every rule, strongest first; their product is G."""
    made = scoring.contributions(basis.balance.standard, factors)
    found = [
        Contribution(
            feature=name,
            factor=factor,
            state=_state(name, features),
            findings=features.sources.get(name, ()),
        )
        for name, factor in made.items()
    ]
    return tuple(sorted(found, key=lambda item: (-abs(math.log(item.factor)), item.feature)))


def _state(name: str, features: FeatureVector) -> str:
    if name not in features.values:
        return "rule"
    return "unseen" if features.values[name] is None else "seen"
