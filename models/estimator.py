"""The frequency model as a scikit-learn estimator: the literature prior, updated by own claims.

Exact maximum a posteriori with stock `PoissonRegressor` (docs/method.md §2): columns scaled by the
prior sd, the prior mean moved into the weights, alpha = 1 / sum of weights. One stacked fit: a row
per policy and peril, coefficients shared through the tilts, one level per peril.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import d2_tweedie_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from models import batch, stack
from models.perils import Group, Peril
from models.priors import Prior, PriorTable

Floats = npt.NDArray[np.float64]

#: Prior sd of each peril's log level: Bühlmann-Straub with K = 1 / .4² = 6.25 expected claims.
LEVEL_SD = 0.4
#: Prior sd of a coefficient nothing is known about.
_VAGUE_SD = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The prior as arrays: J features, P perils. `tilt` is (P, J), the rest (J,).

    `prevalence` and `half` are the shares of the book with a finding in full and at half.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    perils: tuple[Peril, ...]
    tilt: Floats
    mean: Floats
    tau: Floats
    prevalence: Floats
    half: Floats
    caps: tuple[tuple[tuple[int, ...], float], ...]
    overlap: tuple[int, ...]
    strength: float
    off_balance: Floats

    def with_off_balance(self, logs: Floats) -> "Design":
        """The same design with the logs of N, shape (P,)."""
        return replace(self, off_balance=logs)

    def unseen(self, found: Floats) -> Floats:
        """Log of the book's mean factor of features whose log relativities are `found`, (P, J)."""
        return np.asarray(np.log1p(self.prevalence * np.expm1(found) + self.half * np.expm1(found / 2)))

    def relativities(self, coefficients: Floats) -> batch.Relativities:
        """Relativity tables of these coefficients under the design's rules and off-balance."""
        found = self.tilt * coefficients
        return batch.Relativities(
            perils=self.perils,
            found=found,
            unseen=self.unseen(found),
            caps=self.caps,
            overlap=self.overlap,
            strength=self.strength,
            off_balance=self.off_balance,
        )


def design(table: PriorTable, rows: Sequence[Prior], perils: Sequence[Peril], kappa: float) -> Design:
    """The prior's rows as arrays; N is 1 until `balanced_on` has set it."""
    names = [row.name for row in rows]
    return Design(
        names=tuple(names),
        groups=tuple(row.group.value for row in rows),
        perils=tuple(perils),
        tilt=np.array([[row.tilt[peril] for row in rows] for peril in perils]),
        mean=np.array([row.coefficient(kappa) for row in rows]),
        tau=np.array([row.tau for row in rows]),
        prevalence=np.array([row.shares.found for row in rows]),
        half=np.array([row.shares.half for row in rows]),
        caps=batch.caps([row.group for row in rows], {g.value: c for g, c in table.group_caps.items()}),
        overlap=tuple(names.index(name) for name in table.overlap_order if name in names),
        strength=table.overlap_strength,
        off_balance=np.zeros(len(perils)),
    )


def vague(columns: int) -> Design:
    """A prior that knows nothing: mean 0 for every column, for use as an ordinary scikit-learn estimator."""
    return Design(
        names=tuple(f"x{index}" for index in range(columns)),
        groups=(Group.FOOTPRINT.value,) * columns,
        perils=(Peril.INTRUSION,),
        tilt=np.ones((1, columns)),
        mean=np.zeros(columns),
        tau=np.full(columns, _VAGUE_SD),
        prevalence=np.full(columns, 0.5),
        half=np.zeros(columns),
        caps=(),
        overlap=(),
        strength=1.0,
        off_balance=np.zeros(1),
    )


class RiskModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no annotations
    """Posterior frequency relativities. X: (n, J) feature values, NaN = unknown.

    y: claims for each one expected at posture factor 1, (n,) or (n, P); `sample_weight`: those expected,
    exposure x base frequency, in the same shape. `prior` is a `Design` (None: a vague one of X's width).
    Fitted attributes: `coef_` and `level_` (exact MAP), `deployed_coef_` and `deployed_level_` (nothing
    negative), `fixed_` (features set to 0), `covariance_` of (`coef_`, log `level_`), and by peril
    `expected_` and `observed_` claims.
    """

    def __init__(self, prior: Design | None = None, level_sd: float = LEVEL_SD, tol: float = 1e-8) -> None:
        self.prior = prior
        self.level_sd = level_sd
        self.tol = tol

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Update the prior with claims. Weights of zero leave it exactly as it was."""
        values, ratio = validate_data(
            self,
            X,
            y,
            multi_output=self.prior is not None,
            y_numeric=True,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
        )
        self.design_ = self.prior if self.prior is not None else vague(values.shape[1])
        if values.shape[1] != len(self.design_.names):
            raise ValueError(f"X has {values.shape[1]} columns, the prior {len(self.design_.names)} features")
        shape = (len(values), len(self.design_.perils))
        ratios = _broad(ratio, shape, "y")
        base = _broad(np.ones(shape) if sample_weight is None else sample_weight, shape, "sample_weight")
        if np.any(ratios < 0) or np.any(base < 0):
            raise ValueError(
                "Some value(s) of y or sample_weight are negative: claims and exposure are counts."
            )
        if self.prior is None and not base.any():
            raise ValueError("Every sample weight is zero, and there is no prior to return.")
        self._update(stack.stack(self.design_, values, ratios * base, base, self.level_sd))
        return self

    def predict(self, X: npt.ArrayLike) -> Floats:  # noqa: N803 - scikit-learn's name
        """Claims for each one expected at factor 1: level x deployed factor; (n,), or (n, P) when P > 1."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        logs = self.relativities().log_factors(values) + np.log(self.deployed_level_)
        factors: Floats = np.exp(logs)
        return factors[:, 0] if factors.shape[1] == 1 else factors

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:  # noqa: N803
        """Share of the Poisson deviance explained (1 is perfect, 0 the mean)."""
        predicted = self.predict(X)
        shape = (len(predicted), len(self.design_.perils))
        base = _broad(np.ones(shape) if sample_weight is None else sample_weight, shape, "sample_weight")
        observed, kept = _broad(y, shape, "y"), base > 0
        expected = predicted.reshape(shape)[kept]
        return float(d2_tweedie_score(observed[kept], expected, sample_weight=base[kept], power=1))

    def relativities(self) -> batch.Relativities:
        """The deployed relativity tables, under the prior's rules and off-balance."""
        return self.design_.relativities(self.deployed_coef_)

    def _update(self, rows: stack.Stack) -> None:
        size, perils = len(self.design_.names), len(self.design_.perils)
        fixed = np.zeros(size, dtype=bool)
        solution = stack.solve(rows, fixed, self.tol)
        self.coef_, self.level_ = self._unscaled(solution, fixed)
        self.covariance_ = stack.covariance(rows, solution, self.level_sd)
        self.expected_ = rows.expected()
        self.observed_ = rows.claims.reshape(perils, -1).sum(axis=1)
        self.deployed_coef_, self.deployed_level_ = self.coef_, self.level_
        # A vague prior does not say in which direction a column may work, so nothing is fixed.
        while self.prior is not None and np.any(self.deployed_coef_ < 0):
            fixed |= self.deployed_coef_ < 0
            self.deployed_coef_, self.deployed_level_ = self._unscaled(
                stack.solve(rows, fixed, self.tol), fixed
            )
        self.fixed_ = tuple(name for name, flag in zip(self.design_.names, fixed, strict=True) if flag)

    def _unscaled(self, solution: Floats, fixed: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
        size, perils = len(self.design_.names), len(self.design_.perils)
        coefficients = np.where(fixed, 0.0, self.design_.mean + self.design_.tau * solution[:size])
        return coefficients, np.exp(self.level_sd * solution[size : size + perils])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.positive_only = True
        tags.target_tags.multi_output = self.prior is not None
        return tags


def _broad(values: npt.ArrayLike, shape: tuple[int, int], name: str) -> Floats:
    """`values` as (n, P); one column serves every peril only when there is one."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.shape != shape and (name != "sample_weight" or array.shape != (shape[0], 1)):
        raise ValueError(f"{name} has shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity")
    return np.broadcast_to(array, shape).astype(np.float64)
