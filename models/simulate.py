"""The synthetic reference book and synthetic experience. Nothing here is data about real companies."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from models.shares import Shares

Floats = npt.NDArray[np.float64]

#: Correlation of the latent tendencies to have any two findings (judgement).
CORRELATION = 0.25


def findings(shares: Sequence[Shares], count: int, rng: np.random.Generator) -> Floats:
    """`count` synthetic applicants as features of 0, ½ and 1, shape (count, len(shares)).

    A Gaussian copula with one common factor: every pair of latent variables is correlated by
    `CORRELATION`. What counts half is drawn by itself among those without the finding.
    """
    common = rng.standard_normal((count, 1))
    own = rng.standard_normal((count, len(shares)))
    latent = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
    thresholds = np.array([NormalDist().inv_cdf(1 - share.found) for share in shares])
    found: Floats = (latent > thresholds).astype(np.float64)
    for column, share in enumerate(shares):
        if share.half:
            drawn = rng.random(count) < share.half / (1 - share.found)
            found[:, column] = np.where(drawn & (found[:, column] == 0), 0.5, found[:, column])
    return found


def revenues(count: int, median: float, rng: np.random.Generator) -> Floats:
    """Synthetic revenues: lognormal, log sd 1.3 (judgement: small and middle-sized firms)."""
    drawn: Floats = median * np.exp(1.3 * rng.standard_normal(count))
    return drawn
