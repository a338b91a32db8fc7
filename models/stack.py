"""The stacked likelihood: a row per policy and peril, coefficients shared through the tilts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import PoissonRegressor

if TYPE_CHECKING:
    from models.estimator import Design

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Prior sd of the not-observed indicators: nuisance terms of the fit, never priced.
INDICATOR_SD = 0.25
#: Stands for NaN while rows are compared; no feature takes it.
_BLANK = -1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """R rows (policy x peril). `columns` (R, J) are tilt x state, unseen ones imputed as in scoring.

    `base` (R,) are expected claims at posture factor 1 divided by N, `claims` (R,) those that came;
    `nuisance` (R, P + I) the scaled level columns and not-observed indicators; `mean` and `tau` (J,)
    the prior. `perils` is P.
    """

    columns: Floats
    nuisance: Floats
    base: Floats
    claims: Floats
    mean: Floats
    tau: Floats
    perils: int

    def offset(self, fixed: Flags) -> Floats:
        """The prior's log relativity of every row, without the features fixed at 0."""
        total: Floats = self.columns @ np.where(fixed, 0.0, self.mean)
        return total

    def matrix(self, fixed: Flags) -> Floats:
        """Columns scaled by the prior sd; those fixed are empty."""
        return np.hstack([self.columns * np.where(fixed, 0.0, self.tau), self.nuisance])

    def expected(self) -> Floats:
        """Claims the prior expects, by peril, shape (P,)."""
        weight = self.base * np.exp(self.offset(np.zeros(len(self.mean), dtype=bool)))
        return np.asarray(weight.reshape(self.perils, -1).sum(axis=1), dtype=np.float64)


def stack(design: "Design", values: Floats, claims: Floats, base: Floats, level_sd: float) -> Stack:
    """Stack `values` (n, J), `claims` and `base` (n, P): all rows of the first peril come first.

    Policies with the same features are summed first: for a Poisson likelihood nothing is lost by it.
    """
    values, claims, base = _summed(values, claims, base)
    count, perils = base.shape
    states = _states(design, values)
    columns = np.vstack([states[index] * design.tilt[index] for index in range(perils)])
    levels = level_sd * np.repeat(np.eye(perils), count, axis=0)
    return Stack(
        columns=columns,
        nuisance=np.hstack([levels, np.tile(_indicators(design, values), (perils, 1))]),
        base=(base / np.exp(design.off_balance)).T.ravel(),
        claims=claims.T.ravel(),
        mean=design.mean,
        tau=design.tau,
        perils=perils,
    )


def solve(rows: Stack, fixed: Flags, tol: float) -> Floats:
    """Posterior mode in prior standard deviations: coefficients, log levels, indicators.

    With w = base x exp(offset) the target is claims / w, and alpha = 1 / sum(w) makes the penalty
    exactly a standard normal prior on every scaled column.
    """
    weight = rows.base * np.exp(rows.offset(fixed))
    matrix = rows.matrix(fixed)
    kept = weight > 0
    if not kept.any():
        return np.zeros(matrix.shape[1])
    model = PoissonRegressor(
        alpha=1 / weight[kept].sum(), fit_intercept=False, solver="newton-cholesky", tol=tol, max_iter=300
    )
    model.fit(matrix[kept], rows.claims[kept] / weight[kept], sample_weight=weight[kept])
    found: Floats = model.coef_
    return found


def covariance(rows: Stack, solution: Floats, level_sd: float) -> Floats:
    """Laplace covariance of the coefficients and log levels, shape (J + P, J + P)."""
    free = np.zeros(len(rows.mean), dtype=bool)
    matrix = rows.matrix(free)
    mu = rows.base * np.exp(rows.offset(free) + matrix @ solution)
    inverse = np.linalg.inv(matrix.T @ (matrix * mu[:, None]) + np.eye(matrix.shape[1]))
    size = len(rows.tau) + rows.perils
    scale = np.concatenate([rows.tau, np.full(rows.perils, level_sd)])
    return np.asarray(inverse[:size, :size] * np.outer(scale, scale), dtype=np.float64)


def _summed(values: Floats, claims: Floats, base: Floats) -> tuple[Floats, Floats, Floats]:
    """One row for each distinct row of `values`, with the sums of its claims and expected claims."""
    _, first, place = np.unique(
        np.nan_to_num(values, nan=_BLANK), axis=0, return_index=True, return_inverse=True
    )
    claimed, expected = np.zeros((len(first), claims.shape[1])), np.zeros((len(first), base.shape[1]))
    np.add.at(claimed, place.ravel(), claims)
    np.add.at(expected, place.ravel(), base)
    return values[first], claimed, expected


def _states(design: "Design", values: Floats) -> list[Floats]:
    """By peril: 0 to 1 as seen (weakened by the overlap rule), unseen imputed as scoring counts it."""
    seen = np.nan_to_num(values)
    if len(design.overlap) > 1:
        columns = list(design.overlap)
        found = seen[:, columns] > 0
        later = found & (found.cumsum(axis=1) > 1)
        seen[:, columns] *= np.where(later, design.strength, 1.0)
    return [np.where(np.isnan(values), imputed, seen) for imputed in _imputed(design)]


def _imputed(design: "Design") -> Floats:
    """The state whose log relativity is the log of the mean factor, (P, J); the mean state where it is 0."""
    found = design.tilt * design.mean
    unseen = design.unseen(found)
    safe = np.where(found == 0, 1.0, found)
    return np.asarray(
        np.where(found == 0, design.prevalence + design.half / 2, unseen / safe), dtype=np.float64
    )


def _indicators(design: "Design", values: Floats) -> Floats:
    """One column per group with anything unseen: share of its features not observed, scaled."""
    blank = np.isnan(values)
    groups = sorted({design.groups[column] for column in np.flatnonzero(blank.any(axis=0))})
    members = [[index for index, group in enumerate(design.groups) if group == name] for name in groups]
    columns = [INDICATOR_SD * blank[:, indices].mean(axis=1, keepdims=True) for indices in members]
    return np.hstack([np.empty((len(values), 0)), *columns])
