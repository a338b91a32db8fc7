"""All measures of one artefact on one experience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import appetite, artefact, batch, build, losses, priors
from models.artefact import Artefact
from models.batch import Floats
from models.credibility import z
from models.evaluate import metrics
from models.evaluate.metrics import Bin, Estimate
from models.experience import Policy
from models.losses import Scale
from models.perils import LEARNT, Peril

SEED = 20261001
#: Policies of the simulators are named so; every figure made from them alone says it.
SYNTHETIC = "synthetic-"
#: Random postures on which fixing each finding is tried.
_VECTORS = 2_000
#: All perils together, beside each of them.
TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerilEvaluation:
    """One peril, or all together. `gini_gain`: Gini of the model less that of size and sector alone.

    Deviances are means a policy: of the model, of the shipped prior, of one rate for all; `against_prior` and
    `against_mean` are the model's less theirs (below 0: better). `lift` orders policies by predicted claims,
    `double_lift` by model over size and sector alone; `slope` is that of the double lift, ideally 1.
    """

    claims: float
    expected: float
    credibility: float
    gini: Estimate
    gini_gain: Estimate
    auc: Estimate
    actual_to_expected: Estimate
    deviance: float
    deviance_prior: float
    deviance_mean: float
    against_prior: Estimate
    against_mean: Estimate
    lift: tuple[Bin, ...]
    double_lift: tuple[Bin, ...]
    slope: float | None
    lorenz: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The pack.

    `psi` by feature against the reference book (over clean, inferred, found), `psi_score` of the intrusion
    factor over the classes of the tiers; `unseen` shares of blanks; `monotone` counts relativities below 1,
    `violations` fixes that raise a factor among random postures; `off_balance` is the mean posture factor of
    this book by peril, `off_balance_reference` that of the reference book; `severity` what this book's losses
    say of the curves;
    `synthetic`: no policy here is real.
    """

    model: str
    digest: str
    synthetic: bool
    policies: int
    exposure: float
    perils: Mapping[str, PerilEvaluation]
    psi: Mapping[str, float | None]
    psi_score: float
    unseen: Mapping[str, float]
    monotone: int
    violations: int
    vectors: int
    off_balance: Mapping[str, float]
    off_balance_reference: Mapping[str, float]
    severity: tuple[Scale, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """One peril's arrays (n,): claims at factor 1, predicted by model and by prior, seen; years."""

    base: Floats
    predicted: Floats
    prior: Floats
    claims: Floats
    years: Floats


def evaluate(model: Artefact, policies: Sequence[Policy]) -> Evaluation:
    """Measure an artefact on policies; claims a model was fitted to flatter it, so use later ones."""
    values = states(model, policies)
    factors, prior = _factors(model, values), _factors(artefact.shipped(), values)
    book = build.reference_book(tuple(priors.table().rows[feature.name] for feature in model.features))
    reference = _factors(model, book)
    columns = [_columns(peril, policies, model, factors[peril], prior[peril]) for peril in LEARNT]
    named = dict(zip((peril.value for peril in LEARNT), columns, strict=True))
    return Evaluation(
        model=model.name,
        digest=model.digest,
        synthetic=all(item.policy.startswith(SYNTHETIC) for item in policies),
        policies=len(policies),
        exposure=float(sum(item.exposure for item in policies)),
        perils={name: _measured(one) for name, one in {**named, TOTAL: _together(columns)}.items()},
        psi=_psi(model, values),
        psi_score=_psi_score(factors[Peril.INTRUSION], reference[Peril.INTRUSION]),
        unseen={
            feature.name: float(np.isnan(values[:, j]).mean()) for j, feature in enumerate(model.features)
        },
        monotone=sum(cell.found < 1 for feature in model.features for cell in feature.cells.values()),
        violations=_violations(model),
        vectors=_VECTORS,
        off_balance={peril.value: float(factors[peril].mean()) for peril in LEARNT},
        off_balance_reference={peril.value: float(reference[peril].mean()) for peril in LEARNT},
        severity=losses.learn(policies),
    )


def states(model: Artefact, policies: Sequence[Policy]) -> Floats:
    """Feature values (n, J) with NaN for unknown."""
    rows = [[item.values[feature.name] for feature in model.features] for item in policies]
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def _factors(model: Artefact, values: Floats) -> dict[Peril, Floats]:
    relative = batch.relativities(model)
    return dict(zip(relative.perils, np.exp(relative.log_factors(values)).T, strict=True))


def _columns(
    peril: Peril, policies: Sequence[Policy], model: Artefact, factor: Floats, prior: Floats
) -> _Columns:
    base = np.array([item.base[peril] for item in policies])
    claims = np.array([float(item.claims[peril]) for item in policies])
    years = np.array([item.exposure for item in policies])
    return _Columns(base, base * factor * model.levels.get(peril, 1.0), base * prior, claims, years)


def _together(columns: Sequence[_Columns]) -> _Columns:
    def total(name: str) -> Floats:
        return np.asarray(np.sum([getattr(one, name) for one in columns], axis=0))

    return _Columns(total("base"), total("predicted"), total("prior"), total("claims"), columns[0].years)


def _measured(whole: _Columns) -> PerilEvaluation:
    exposed = whole.base > 0
    one = _Columns(*(getattr(whole, name)[exposed] for name in _Columns.__slots__))
    rate = max(float(one.claims.sum() / one.years.sum()), 1e-12)
    risk, rival = one.predicted / one.years, one.base / one.years
    deviances = {
        name: metrics.deviances(expected, one.claims)
        for name, expected in (("model", one.predicted), ("prior", one.prior), ("mean", one.years * rate))
    }
    double = metrics.tenths(one.predicted / one.base, one.predicted, one.claims, one.base)
    at, curve = metrics.lorenz(risk, one.claims, one.years)
    return PerilEvaluation(
        claims=float(one.claims.sum()),
        expected=float(one.predicted.sum()),
        credibility=z(float(one.predicted.sum())),
        gini=metrics.gini_interval(risk, one.claims, one.years, seed=SEED),
        gini_gain=metrics.gini_gain(risk, rival, one.claims, one.years, seed=SEED),
        auc=metrics.auc(risk, one.claims),
        actual_to_expected=metrics.actual_to_expected(one.claims, one.predicted),
        deviance=float(deviances["model"].mean()),
        deviance_prior=float(deviances["prior"].mean()),
        deviance_mean=float(deviances["mean"].mean()),
        against_prior=metrics.paired_bootstrap(deviances["model"], deviances["prior"], seed=SEED),
        against_mean=metrics.paired_bootstrap(deviances["model"], deviances["mean"], seed=SEED),
        lift=metrics.tenths(one.predicted, one.predicted, one.claims, one.base),
        double_lift=double,
        slope=metrics.double_lift_slope(double),
        lorenz=tuple(zip(map(float, at), map(float, curve), strict=True)),
    )


def _psi(model: Artefact, values: Floats) -> dict[str, float | None]:
    """Stability of every feature over clean, inferred and found; None where it was never seen."""
    found: dict[str, float | None] = {}
    for column, feature in enumerate(model.features):
        seen = values[~np.isnan(values[:, column]), column]
        shares = [float((seen == state).mean()) for state in (0.0, 0.5, 1.0)] if len(seen) else None
        common = feature.shares
        reference = (1 - common.found - common.half, common.half, common.found)
        found[feature.name] = None if shares is None else metrics.psi(shares, reference)
    return found


def _psi_score(factors: Floats, reference: Floats) -> float:
    """Stability of the intrusion factor over the classes that the tiers cut from the reference book."""
    edges = np.quantile(reference, [percent / 100 for percent in appetite.profile().tiers.values()])
    shares = [
        np.bincount(np.searchsorted(edges, each), minlength=len(edges) + 1) / len(each)
        for each in (factors, reference)
    ]
    return metrics.psi([float(x) for x in shares[0]], [float(x) for x in shares[1]])


def _violations(model: Artefact) -> int:
    """Findings of random postures whose fixing raises a peril's factor."""
    relative, width = batch.relativities(model), len(model.features)
    values = np.random.default_rng(SEED).choice([0.0, 0.5, 1.0, np.nan], size=(_VECTORS, width))
    before, bad = relative.log_factors(values), 0
    for column in range(width):
        fixed = values.copy()
        fixed[:, column] = 0.0
        raised = (relative.log_factors(fixed) > before + 1e-12).any(axis=1)
        bad += int((raised & (values[:, column] > 0)).sum())
    return bad
