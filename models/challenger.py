"""The challenger: boosted trees without interactions, exactly multiplicative, against the MAP model.

It replaces the MAP model only where its deviance out of time is lower with a paired bootstrap
interval that excludes zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from models import build, draws, learn
from models.batch import Floats
from models.build import Deployable, Exact
from models.estimator import Design
from models.evaluate import metrics
from models.evaluate.metrics import Estimate
from models.experience import Policy
from models.perils import LEARNT
from posture.core.errors import PostureError

#: Rows a leaf must hold; with less experience than this the trees do not split at all.
_LEAF = 200
_SEED = 20261001


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Mean deviance a policy out of time of both models, and challenger less MAP with its interval."""

    learnt_from: int
    tested_on: int
    deviance_map: float
    deviance_challenger: float
    difference: Estimate
    promoted: bool


def trees(shape: Design, policies: Sequence[Policy]) -> Deployable:
    """Fit one boosted model a peril and read its relativities off exactly."""
    values, ratios, base = learn.arrays(shape, policies)
    found, levels = shape.tilt * shape.mean, np.ones(len(shape.perils))
    for index, peril in enumerate(shape.perils):
        if peril in LEARNT and base[:, index].any():
            grown = _grow(values, ratios[:, index], base[:, index])
            found[index], clean = read_off(grown, len(shape.names))
            levels[index] = np.exp(clean + shape.off_balance[index])
    plain = shape.relativities(shape.mean)
    learnt = [index for index, peril in enumerate(shape.perils) if peril in LEARNT]
    return Deployable(
        names=shape.names,
        relative=replace(plain, found=found, unseen=shape.unseen(found)),
        tilt=shape.tilt,
        untilted=found[learnt].mean(axis=0),
        moved=draws.moved(np.zeros(len(shape.names)), np.diag(shape.tau**2)),
        sd=shape.tilt * shape.tau,
        levels=levels,
        expected=float(base.sum()),
        exact=Exact(found[learnt].mean(axis=0), levels),
    )


def read_off(grown: HistGradientBoostingRegressor, width: int) -> tuple[Floats, float]:
    """Log relativity of every feature and log of the clean policy's ratio, exact for an additive model."""
    logs = np.log(grown.predict(np.vstack([np.zeros(width), np.eye(width)])))
    return logs[1:] - logs[0], float(logs[0])


def contest(policies: Sequence[Policy], cut: date) -> Contest:
    """Fit both on policies incepted before `cut`, compare on the later ones. Raises PostureError."""
    before = [item for item in policies if item.inception < cut]
    after = [item for item in policies if item.inception >= cut and item.exposure > 0]
    if not before or not after:
        raise PostureError(
            f"All policies lie on one side of {cut.isoformat()}: there is nothing to compare out of time.",
            remedy="Choose a day between the first and the last inception.",
            code="bad-experience",
        )
    shape = build.shipped_design()
    rivals = (trees(shape, before), build.deployable(learn.estimate(shape, before)))
    losses = [_deviances(made, shape, after) for made in rivals]
    difference = metrics.paired_bootstrap(losses[0], losses[1], seed=_SEED)
    return Contest(
        learnt_from=len(before),
        tested_on=len(after),
        deviance_challenger=float(losses[0].mean()),
        deviance_map=float(losses[1].mean()),
        difference=difference,
        promoted=difference.high < 0,
    )


def _grow(values: Floats, ratio: Floats, base: Floats) -> HistGradientBoostingRegressor:
    model = HistGradientBoostingRegressor(
        loss="poisson",
        monotonic_cst=[1] * values.shape[1],
        interaction_cst="no_interactions",
        min_samples_leaf=_LEAF,
        l2_regularization=1.0,
        learning_rate=0.05,
        max_iter=150,
        early_stopping=False,
        random_state=_SEED,
    )
    kept = base > 0
    # A book without a claim has no Poisson rate to start from; half a claim keeps the level low and finite.
    target = ratio[kept] if ratio[kept].any() else np.full(int(kept.sum()), 0.5 / base.sum())
    return model.fit(values[kept], target, sample_weight=base[kept])


def _deviances(made: Deployable, shape: Design, policies: Sequence[Policy]) -> Floats:
    """Poisson deviance of every policy, summed over the perils that have claims."""
    values, ratios, base = learn.arrays(shape, policies)
    expected = base * np.exp(made.relative.log_factors(values)) * made.levels
    learnt = [index for index, peril in enumerate(shape.perils) if peril in LEARNT]
    terms = [metrics.deviances(expected[:, i], ratios[:, i] * base[:, i]) for i in learnt]
    return np.asarray(sum(terms), dtype=np.float64)
