"""The estimator: an exact update of the prior, and a scikit-learn citizen."""

from unittest import SkipTest

import numpy as np
import pytest
from scipy.optimize import minimize  # type: ignore[import-untyped]  # published without annotations
from sklearn.base import clone
from sklearn.utils.estimator_checks import estimator_checks_generator

from models import build, priors, stack
from models.credibility import z
from models.estimator import LEVEL_SD, Design, Floats, RiskModel, vague

TABLE = priors.table()
EVERY = tuple(TABLE.rows.values())
RNG_SEED = 5


@pytest.fixture(scope="module")
def shape() -> Design:
    return build.shipped_design()


def experience(
    shape: Design, count: int, *, blanks: float = 0.0, level: float = 1.0
) -> tuple[Floats, Floats, Floats]:
    """Synthetic values, claims for each one expected, and those expected, drawn from the prior."""
    rng = np.random.default_rng(RNG_SEED)
    values = build.reference_book(TABLE.active())[:count]
    base = rng.uniform(0.002, 0.02, size=(count, len(shape.perils)))
    truth = shape.mean + shape.tau * rng.standard_normal(len(shape.mean))
    mean = base * level * np.exp(shape.relativities(truth).log_factors(values))
    claims = rng.poisson(mean).astype(float)
    seen = np.where(rng.random(values.shape) < blanks, np.nan, values)
    return seen, claims / base, base


def test_no_exposure_returns_the_prior_exactly(shape: Design) -> None:
    model = build.prior_model(shape)
    assert np.array_equal(model.coef_, shape.mean)
    assert np.array_equal(model.deployed_coef_, shape.mean)
    assert np.array_equal(model.level_, np.ones(len(shape.perils)))
    assert model.fixed_ == ()


def test_the_prior_uncertainty_is_tau_without_exposure(shape: Design) -> None:
    model = build.prior_model(shape)
    expected = np.concatenate([shape.tau, np.full(len(shape.perils), LEVEL_SD)])
    assert np.allclose(np.sqrt(np.diag(model.covariance_)), expected)


@pytest.mark.parametrize("blanks", [0.0, 0.15])
def test_the_update_is_the_posterior_mode(shape: Design, blanks: float) -> None:
    values, claims, base = experience(shape, 4000, blanks=blanks)
    model = RiskModel(shape).fit(values, claims, sample_weight=base)
    rows = stack.stack(shape, values, claims * base, base, LEVEL_SD)
    free = np.zeros(len(shape.names), dtype=bool)
    matrix, weight = rows.matrix(free), rows.base * np.exp(rows.offset(free))

    def posterior(x: Floats) -> tuple[float, Floats]:
        mu = weight * np.exp(matrix @ x)
        value = mu.sum() - rows.claims @ (matrix @ x) + 0.5 * x @ x
        return value, matrix.T @ (mu - rows.claims) + x

    best = minimize(posterior, np.zeros(matrix.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-9}).x
    size = len(shape.names)
    assert np.allclose(model.coef_, shape.mean + shape.tau * best[:size], atol=2e-6)
    assert np.allclose(model.level_, np.exp(LEVEL_SD * best[size : size + len(shape.perils)]), atol=2e-6)


def test_exposure_without_claims_lowers_the_level(shape: Design) -> None:
    values, claims, base = experience(shape, 4000)
    base *= 110 / base[:, 0].sum()  # each coefficient takes a part of what the missing claims say
    model = RiskModel(shape).fit(values, np.zeros_like(claims), sample_weight=base)
    assert 0.1 < model.level_[0] < 0.3
    assert np.all(model.coef_ <= shape.mean + 1e-9)


def test_claims_twice_as_many_raise_the_level_by_credibility(shape: Design) -> None:
    values, claims, base = experience(shape, 20_000, level=2.0)
    model = RiskModel(shape).fit(values, claims, sample_weight=base)
    assert np.all(model.level_[:3] > 1.4)
    assert np.allclose(model.expected_, model.expected_.mean(), rtol=0.2)
    assert [round(z(n), 2) for n in (2, 5, 10, 20, 50)] == [0.24, 0.44, 0.62, 0.76, 0.89]


def test_the_deployed_model_has_no_negative_coefficient(shape: Design) -> None:
    values, claims, base = experience(shape, 4000)
    harmless = values[:, shape.names.index("ftp_exposed")] == 0
    claims = claims * harmless[:, None]
    model = RiskModel(shape).fit(values, claims, sample_weight=base * 20)
    assert (model.coef_ < 0).any()
    assert "ftp_exposed" in model.fixed_
    assert np.all(model.deployed_coef_ >= 0)
    free = [index for index, name in enumerate(shape.names) if name not in model.fixed_]
    assert not np.allclose(model.deployed_coef_[free], model.coef_[free], atol=1e-9)


def test_the_fixed_features_are_refitted_around(shape: Design) -> None:
    """The deployed coefficients are the mode of the likelihood without the fixed columns."""
    values, claims, base = experience(shape, 4000)
    model = RiskModel(shape).fit(values, claims, sample_weight=base)
    rows = stack.stack(shape, values, claims * base, base, LEVEL_SD)
    fixed = np.isin(shape.names, model.fixed_)
    solution = stack.solve(rows, fixed, 1e-10)[: len(shape.names)]
    assert np.allclose(model.deployed_coef_[~fixed], (shape.mean + shape.tau * solution)[~fixed], atol=1e-6)


def test_blanks_are_imputed_as_in_scoring(shape: Design) -> None:
    values = np.array([[np.nan] * len(shape.names)])
    one = np.ones((1, len(shape.perils)))
    rows = stack.stack(shape, values, one, one, LEVEL_SD)
    scored = shape.relativities(shape.mean).unseen.sum(axis=1)
    assert np.allclose(rows.offset(np.zeros(len(shape.names), dtype=bool)), scored, atol=1e-12)


def test_overlapping_findings_are_coded_as_they_are_scored() -> None:
    everything = build.balanced_design(TABLE, EVERY, TABLE.kappa)
    values = np.zeros((3, len(EVERY)))
    order = [everything.names.index(name) for name in TABLE.overlap_order]
    values[0, order] = 1.0
    values[1, order[1:3]] = 1.0
    values[2, order[2]] = 1.0
    one = np.ones((3, len(everything.perils)))
    rows = stack.stack(everything, values, one, one, LEVEL_SD)
    scored = everything.relativities(everything.mean).log_factors(values)
    base = np.log(rows.base).reshape(len(everything.perils), -1).T
    linear = rows.offset(np.zeros(len(EVERY), dtype=bool)).reshape(len(everything.perils), -1).T
    # Rows are sorted while equal ones are summed, so compare them as sets, peril by peril.
    assert np.allclose(np.sort(base + linear, axis=0), np.sort(scored, axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("claims", "base", "said"),
    [
        (-1.0, 1.0, "negative"),
        (1.0, -1.0, "negative"),
        (1.0, np.nan, "sample_weight holds NaN"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(shape: Design, claims: float, base: float, said: str) -> None:
    values = np.zeros((2, len(shape.names)))
    full = np.ones((2, len(shape.perils)))
    with pytest.raises(ValueError, match=said):
        RiskModel(shape).fit(values, claims * full, sample_weight=base * full)


def test_the_wrong_number_of_features_is_refused(shape: Design) -> None:
    with pytest.raises(ValueError, match="X has 3 columns, the prior"):
        RiskModel(shape).fit(np.zeros((2, 3)), np.zeros((2, len(shape.perils))))


def test_score_is_the_deviance_explained(shape: Design) -> None:
    values, claims, base = experience(shape, 20_000)
    model = RiskModel(shape).fit(values, claims, sample_weight=base)
    assert model.score(values, claims, sample_weight=base) > build.prior_model(shape).score(
        values, claims, sample_weight=base
    )
    assert clone(model).prior.names == shape.names


def test_it_is_a_scikit_learn_estimator() -> None:
    """Every check of scikit-learn's own suite passes; those that want other array libraries say so."""
    elsewhere = set()
    for estimator, check in estimator_checks_generator(RiskModel()):
        try:
            check(estimator)
        except SkipTest:
            elsewhere.add(check.func.__name__)
    assert elsewhere <= {
        "check_array_api_input",  # wants SCIPY_ARRAY_API set before scipy is imported
        "check_sample_weights_pandas_series",  # wants pandas, which this project does not use
        "check_regressor_data_not_an_array",  # wants pandas
    }


def test_a_vague_prior_knows_nothing() -> None:
    assert np.array_equal(vague(3).mean, np.zeros(3))
