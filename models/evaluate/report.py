"""All measures of one artefact on one experience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import artefact, batch
from models.artefact import Artefact
from models.batch import Floats
from models.credibility import z
from models.evaluate import metrics
from models.evaluate.metrics import Bin, Estimate
from models.experience import Policy
from models.perils import LEARNT, Peril

SEED = 20261001
#: Policies of the simulators are named so; every figure made from them alone says it.
SYNTHETIC = "synthetic-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerilEvaluation:
    """One peril. `gini_gain`: Gini of the model less that of size and sector alone.

    Deviances are means a policy: of the model, of the shipped prior, of one rate for all.
    `lift` orders policies by predicted claims per unit of base, `double_lift` by model over base.
    """

    claims: float
    expected: float
    credibility: float
    gini: Estimate
    gini_gain: float | None
    auc: Estimate
    actual_to_expected: Estimate
    deviance: float
    deviance_prior: float
    deviance_mean: float
    lift: tuple[Bin, ...]
    double_lift: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The pack.

    `psi` by feature against the reference book; `monotone` counts relativities below 1; `off_balance`
    is the mean posture factor of this book by peril; `synthetic`: no policy here is real.
    """

    model: str
    synthetic: bool
    policies: int
    exposure: float
    perils: Mapping[str, PerilEvaluation]
    psi: Mapping[str, float | None]
    unseen: Mapping[str, float]
    monotone: int
    off_balance: Mapping[str, float]


def evaluate(model: Artefact, policies: Sequence[Policy]) -> Evaluation:
    """Measure an artefact on policies; claims a model was fitted to flatter it, so use later ones."""
    values = states(model, policies)
    factors, prior = _factors(model, values), _factors(artefact.shipped(), values)
    return Evaluation(
        model=model.name,
        synthetic=all(item.policy.startswith(SYNTHETIC) for item in policies),
        policies=len(policies),
        exposure=float(sum(item.exposure for item in policies)),
        perils={
            peril.value: _peril(peril, policies, factors[peril] * model.levels.get(peril, 1.0), prior[peril])
            for peril in LEARNT
        },
        psi=_psi(model, values),
        unseen={
            feature.name: float(np.isnan(values[:, j]).mean()) for j, feature in enumerate(model.features)
        },
        monotone=sum(cell.found < 1 for feature in model.features for cell in feature.cells.values()),
        off_balance={peril.value: float(factors[peril].mean()) for peril in LEARNT},
    )


def states(model: Artefact, policies: Sequence[Policy]) -> Floats:
    """Feature values (n, J) with NaN for unknown."""
    rows = [[item.values[feature.name] for feature in model.features] for item in policies]
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def _factors(model: Artefact, values: Floats) -> dict[Peril, Floats]:
    relative = batch.relativities(model)
    return dict(zip(relative.perils, np.exp(relative.log_factors(values)).T, strict=True))


def _peril(peril: Peril, policies: Sequence[Policy], factor: Floats, prior: Floats) -> PerilEvaluation:
    base = np.array([item.base[peril] for item in policies])
    claims = np.array([float(item.claims[peril]) for item in policies])
    years = np.array([item.exposure for item in policies])
    exposed = base > 0
    base, claims, years = base[exposed], claims[exposed], years[exposed]
    factor, prior = factor[exposed], prior[exposed]
    expected, rate = base * factor, max(float(claims.sum() / years.sum()), 1e-12)
    return PerilEvaluation(
        claims=float(claims.sum()),
        expected=float(expected.sum()),
        credibility=z(float(expected.sum())),
        gini=metrics.gini_interval(expected / years, claims, years, seed=SEED),
        gini_gain=_gain(expected / years, base / years, claims, years),
        auc=metrics.auc(expected, claims),
        actual_to_expected=metrics.actual_to_expected(claims, expected),
        deviance=metrics.deviance(expected, claims),
        deviance_prior=metrics.deviance(base * prior, claims),
        deviance_mean=metrics.deviance(years * rate, claims),
        lift=metrics.tenths(factor, expected, claims, base),
        double_lift=metrics.tenths(expected / base, base, claims, base),
    )


def _gain(risk: Floats, rival: Floats, claims: Floats, years: Floats) -> float | None:
    """Gini of the model less that of its rival; None without any claim."""
    mine, theirs = metrics.gini(risk, claims, years), metrics.gini(rival, claims, years)
    return None if mine is None or theirs is None else mine - theirs


def _psi(model: Artefact, values: Floats) -> dict[str, float | None]:
    """Stability of every feature; None where it was never seen."""
    found: dict[str, float | None] = {}
    for column, feature in enumerate(model.features):
        seen = values[~np.isnan(values[:, column]), column]
        found[feature.name] = metrics.psi(float((seen > 0).mean()), feature.prevalence) if len(seen) else None
    return found
