"""Measures of a frequency model, each with the precision its number of claims allows.

Arguments are (n,) arrays: `expected` claims the model predicts, `claims` observed, `base` claims
expected by size and sector alone (posture factor 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv  # type: ignore[import-untyped]  # published without annotations

from models.batch import Floats

#: Standard normal deviate of a two-sided 95 % interval.
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with a 95 % interval; None, with the widest interval, where the data cannot say."""

    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A tenth of the exposure: claims by size and sector alone, predicted, observed; exact interval."""

    base: float
    predicted: float
    observed: float
    low: float
    high: float


def gini(risk: Floats, claims: Floats, years: Floats) -> float | None:
    """Exposure-weighted Gini: twice the area between the Lorenz curve of claims and the diagonal.

    Policies are ordered by `risk` (claims a year), those that tie count as one; `years` is the
    horizontal axis. None without any claim.
    """
    if not claims.any():
        return None
    _, place = np.unique(risk, return_inverse=True)
    width = np.bincount(place, weights=years) / years.sum()
    curve = np.concatenate([[0.0], np.cumsum(np.bincount(place, weights=claims)) / claims.sum()])
    return float(1 - (width * (curve[1:] + curve[:-1])).sum())


def lorenz(risk: Floats, claims: Floats, years: Floats, points: int = 101) -> tuple[Floats, Floats]:
    """Shares of exposure and of claims, safest policies first: `points` of the curve behind the Gini."""
    order = np.argsort(risk, kind="stable")
    across = np.concatenate([[0.0], np.cumsum(years[order]) / years.sum()])
    up = np.concatenate([[0.0], np.cumsum(claims[order]) / max(float(claims.sum()), 1e-12)])
    at = np.linspace(0.0, 1.0, points)
    return at, np.asarray(np.interp(at, across, up))


def gini_gain(
    risk: Floats, rival: Floats, claims: Floats, years: Floats, *, seed: int, rounds: int = 400
) -> Estimate:
    """Gini of a model less that of its rival, with a bootstrap interval over the same policies for both."""
    rng, count, drawn = np.random.default_rng(seed), len(risk), []
    for _ in range(rounds):
        pick = rng.integers(count, size=count)
        mine = gini(risk[pick], claims[pick], years[pick])
        theirs = gini(rival[pick], claims[pick], years[pick])
        if mine is not None and theirs is not None:
            drawn.append(mine - theirs)
    mine, theirs = gini(risk, claims, years), gini(rival, claims, years)
    if mine is None or theirs is None or not drawn:
        return Estimate(value=None, low=-2.0, high=2.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value=mine - theirs, low=float(low), high=float(high))


def gini_interval(risk: Floats, claims: Floats, years: Floats, *, seed: int, rounds: int = 400) -> Estimate:
    """Gini with a bootstrap interval over policies."""
    rng, count = np.random.default_rng(seed), len(risk)
    picks = (rng.integers(count, size=count) for _ in range(rounds))
    drawn = [found for pick in picks if (found := gini(risk[pick], claims[pick], years[pick])) is not None]
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (-1.0, 1.0)
    return Estimate(value=gini(risk, claims, years), low=float(low), high=float(high))


def auc(risk: Floats, claims: Floats) -> Estimate:
    """Probability that a policy with a claim was ranked above one without (Hanley and McNeil 1982)."""
    hit = claims > 0
    positives, negatives = int(hit.sum()), int((~hit).sum())
    if not positives or not negatives:
        return Estimate(value=None, low=0.0, high=1.0)
    _, place, counts = np.unique(risk, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    value = float((ranks[hit].sum() - positives * (positives + 1) / 2) / (positives * negatives))
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (positives - 1) * (one - value**2) + (negatives - 1) * (two - value**2)
    half = _Z95 * float(np.sqrt(variance / (positives * negatives)))
    return Estimate(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def deviances(expected: Floats, claims: Floats) -> Floats:
    """Poisson deviance of every policy: 2 (y ln(y / mu) - y + mu)."""
    safe = np.where(claims > 0, claims, 1.0)
    terms = np.where(claims > 0, claims * np.log(safe / expected), 0.0) - claims + expected
    return np.asarray(2 * terms, dtype=np.float64)


def deviance(expected: Floats, claims: Floats) -> float:
    """Mean Poisson deviance a policy."""
    return float(deviances(expected, claims).mean())


def poisson_interval(count: float) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson mean (Garwood 1936). It covers more than 95 %: conservative."""
    low = float(gammaincinv(count, 0.025)) if count > 0 else 0.0
    return low, float(gammaincinv(count + 1, 0.975))


def tenths(risk: Floats, expected: Floats, claims: Floats, base: Floats) -> tuple[Bin, ...]:
    """Predicted and observed claims by tenths of the exposure, ordered by `risk`."""
    order = np.argsort(risk, kind="stable")
    place = np.minimum(9, (10 * (np.cumsum(base[order]) - base[order] / 2) / base.sum()).astype(int))
    bins: list[Bin] = []
    for tenth in range(10):
        inside = order[place == tenth]
        observed = float(claims[inside].sum())
        low, high = poisson_interval(observed)
        both = {"base": float(base[inside].sum()), "predicted": float(expected[inside].sum())}
        bins.append(Bin(**both, observed=observed, low=low, high=high))
    return tuple(bins)


def actual_to_expected(claims: Floats, expected: Floats) -> Estimate:
    """All claims over all predicted, with the exact interval."""
    count, total = float(claims.sum()), float(expected.sum())
    low, high = poisson_interval(count)
    return Estimate(value=count / total, low=low / total, high=high / total)


def psi(shares: Sequence[float], reference: Sequence[float]) -> float:
    """Population stability index over the same classes: above .10 look, above .25 stop."""
    pairs = zip(shares, reference, strict=True)
    return float(sum((a - b) * np.log(max(a, 1e-6) / max(b, 1e-6)) for a, b in pairs))


def double_lift_slope(bins: Sequence[Bin]) -> float | None:
    """Slope of log(observed / base) on log(predicted / base) over the tenths, weighted by base; 1 is ideal.

    None where the model does not differ from the base, or no tenth has a claim.
    """
    kept = [
        (item.predicted / item.base, item.observed / item.base, item.base) for item in bins if item.observed
    ]
    if len(kept) < 2:
        return None
    x, y, weight = (np.array(column) for column in zip(*kept, strict=True))
    across, up = np.log(x), np.log(y)
    middle = np.average(across, weights=weight)
    spread = np.average((across - middle) ** 2, weights=weight)
    if spread < 1e-12:
        return None
    return float(
        np.average((across - middle) * (up - np.average(up, weights=weight)), weights=weight) / spread
    )


def paired_bootstrap(one: Floats, other: Floats, *, seed: int, rounds: int = 1000) -> Estimate:
    """Mean of one - other over policies with a bootstrap interval: below 0 where `one` is better."""
    rng, gaps = np.random.default_rng(seed), one - other
    means = [gaps[rng.integers(len(gaps), size=len(gaps))].mean() for _ in range(rounds)]
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(value=float(gaps.mean()), low=float(low), high=float(high))
