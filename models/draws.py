"""Draws of the coefficients, and the reference book under each: what the score's interval is made from.

A score is a rank, so its interval has to ask how sure the rank is: under one draw of the coefficients the
applicant *and* the book move together (docs/method.md §6).
"""

from dataclasses import replace

import numpy as np

from models.batch import Floats, Relativities

#: Draws kept in an artefact.
COUNT = 120
#: Applicants of the reference book that are ranked under each draw.
BOOK = 10_000
_SEED = 20261125


def deviates(width: int) -> Floats:
    """Standard normal draws, (COUNT, width): pairs of z and -z, with a sample covariance of exactly 1.

    Mean and spread of anything linear in them are then exact, however few they are.
    """
    half = np.random.default_rng(_SEED).standard_normal((COUNT // 2, width))
    if width < len(half):
        half = half @ np.linalg.inv(np.linalg.cholesky(half.T @ half / len(half))).T
    return np.asarray(np.vstack([half, -half]))


def moved(centre: Floats, covariance: Floats) -> Floats:
    """Differences from the deployed coefficients (COUNT, J), normal with mean `centre` and `covariance`."""
    return np.asarray(centre + deviates(len(centre)) @ np.linalg.cholesky(covariance).T)


def log_factors(relative: Relativities, tilt: Floats, moves: Floats, book: Floats) -> tuple[Floats, Floats]:
    """Log factors of the book under one draw (n, P), each peril's mean factor 1, and the logs of its N (P,).

    As in the model that is deployed, no finding is held to lower the risk: what a draw puts below 0 is 0.
    """
    drawn = replace(relative, found=np.maximum(relative.found + tilt * moves, 0.0)).balanced_on(book)
    return drawn.log_factors(book), drawn.off_balance
