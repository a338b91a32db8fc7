"""The synthetic reference book and synthetic experience. Nothing here is data about real companies."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Correlation of the latent tendencies to have any two findings (judgement).
CORRELATION = 0.25


def findings(prevalences: Sequence[float], count: int, rng: np.random.Generator) -> Floats:
    """`count` synthetic applicants as 0/1 features, shape (count, len(prevalences)).

    A Gaussian copula with one common factor: every pair of latent variables is correlated by
    `CORRELATION`.
    """
    common = rng.standard_normal((count, 1))
    own = rng.standard_normal((count, len(prevalences)))
    latent = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
    thresholds = np.array([NormalDist().inv_cdf(1 - prevalence) for prevalence in prevalences])
    found: Floats = (latent > thresholds).astype(np.float64)
    return found


def revenues(count: int, median: float, rng: np.random.Generator) -> Floats:
    """Synthetic revenues: lognormal, log sd 1.3 (judgement: small and middle-sized firms)."""
    drawn: Floats = median * np.exp(1.3 * rng.standard_normal(count))
    return drawn
