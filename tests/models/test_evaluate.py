"""The measures against answers known otherwise, and the pack as a whole."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_poisson_deviance, roc_auc_score

from models import artefact, experience, synthetic
from models.evaluate import evaluate, metrics, plots
from models.evaluate.report import Evaluation

RNG = np.random.default_rng(2)
RISK = RNG.gamma(2.0, size=500)
CLAIMS = RNG.poisson(0.1 * RISK).astype(float)
YEARS = np.ones(500)


def test_auc_is_scikit_learns() -> None:
    found = metrics.auc(RISK, CLAIMS)
    assert found.value == pytest.approx(roc_auc_score(CLAIMS > 0, RISK))
    assert found.value is not None
    assert found.low < found.value < found.high


def test_the_width_of_auc_is_that_of_its_claims() -> None:
    """Field figure: ± .13 at 20 claims, ± .06 at 100, with 66 policies without a claim for each."""
    for positives, half in ((20, 0.13), (100, 0.06)):
        hit = np.zeros(positives * 67)
        hit[:positives] = 1
        risk = RNG.normal(size=len(hit)) + 0.4 * hit
        found = metrics.auc(risk, hit)
        assert (found.high - found.low) / 2 == pytest.approx(half, abs=0.015)


def test_auc_without_claims_says_nothing() -> None:
    found = metrics.auc(RISK, np.zeros(500))
    assert found.value is None
    assert (found.low, found.high) == (0.0, 1.0)


def test_gini_of_known_books() -> None:
    two = np.array([0.0, 1.0])
    assert metrics.gini(two, two, np.ones(2)) == pytest.approx(0.5)
    assert metrics.gini(np.ones(4), np.array([1.0, 0, 0, 3]), np.ones(4)) == pytest.approx(0.0)
    assert metrics.gini(-two, two, np.ones(2)) == pytest.approx(-0.5)
    assert metrics.gini(two, np.zeros(2), np.ones(2)) is None


def test_deviance_is_scikit_learns() -> None:
    assert metrics.deviance(0.1 * RISK, CLAIMS) == pytest.approx(mean_poisson_deviance(CLAIMS, 0.1 * RISK))


@pytest.mark.parametrize(("count", "low", "high"), [(10, 0.48, 1.84), (30, 0.67, 1.43), (100, 0.81, 1.22)])
def test_exact_poisson_intervals(count: int, low: float, high: float) -> None:
    found = metrics.poisson_interval(count)
    assert (found[0] / count, found[1] / count) == pytest.approx((low, high), abs=0.006)


def test_no_claim_has_an_interval_from_zero() -> None:
    assert metrics.poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)


def test_tenths_hold_everything_once() -> None:
    bins = metrics.tenths(RISK, 0.1 * RISK, CLAIMS, YEARS)
    assert len(bins) == 10
    assert sum(item.predicted for item in bins) == pytest.approx((0.1 * RISK).sum())
    assert sum(item.observed for item in bins) == CLAIMS.sum()
    assert [item.predicted for item in bins] == sorted(item.predicted for item in bins)


def test_psi() -> None:
    assert metrics.psi([0.3, 0.7], [0.3, 0.7]) == 0.0
    assert metrics.psi([0.5, 0.5], [0.3, 0.7]) == pytest.approx(
        0.2 * math.log(0.5 / 0.3) - 0.2 * math.log(0.5 / 0.7)
    )


def test_a_paired_bootstrap_finds_the_better_one() -> None:
    better = metrics.paired_bootstrap(RISK, RISK + 0.1, seed=1)
    assert better.high < 0
    equal = metrics.paired_bootstrap(RISK, RNG.permutation(RISK), seed=1)
    assert equal.low < 0 < equal.high


#: So many that the mean factor of an intrusion is known to about 0.0125, well within what is asked below.
POLICIES = 12_000


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    path = tmp_path_factory.mktemp("experience") / "synthetic.csv"
    path.write_text(synthetic.csv_text(POLICIES, seed=8), encoding="utf-8")
    return evaluate(artefact.shipped(), experience.read(path))


def test_the_pack_is_complete(pack: Evaluation) -> None:
    assert pack.synthetic
    assert pack.policies == POLICIES
    assert list(pack.perils) == ["intrusion", "email", "data", "total"]
    assert pack.perils["total"].claims == sum(
        pack.perils[name].claims for name in ("intrusion", "email", "data")
    )
    assert (pack.violations, pack.vectors) == (0, 2000)
    assert pack.psi_score < 0.1
    for mean in pack.off_balance_reference.values():
        assert mean == pytest.approx(1.0, abs=0.005)
    assert [scale.peril for scale in pack.severity] == ["intrusion", "email", "data"]
    assert pack.monotone == 0
    assert all(value is not None and value < 0.1 for value in pack.psi.values())
    assert all(0.02 < share < 0.08 for share in pack.unseen.values())
    for mean in pack.off_balance.values():
        assert mean == pytest.approx(1.0, abs=0.03)
    for found in pack.perils.values():
        assert found.deviance == found.deviance_prior
        assert (found.against_prior.low, found.against_prior.high) == (0.0, 0.0)
        assert found.against_mean.value == pytest.approx(found.deviance - found.deviance_mean)
        assert found.gini_gain.low <= found.gini_gain.high
        assert found.lorenz[0] == (0.0, 0.0)
        assert found.lorenz[-1] == pytest.approx((1.0, 1.0))
        assert found.actual_to_expected.low < found.actual_to_expected.high
        assert 0 < found.credibility < 1


@pytest.mark.slow
def test_every_figure_of_synthetic_policies_says_so(pack: Evaluation, tmp_path: Path) -> None:
    written = plots.write(pack, tmp_path)
    assert len(written) == 17
    for path in written:
        assert "synthetic policies" in path.read_text(encoding="utf-8")
    again = plots.write(pack, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_the_slope_of_a_double_lift() -> None:
    """Observed = base x ratio ^ 0.5 where the model says base x ratio: slope a half; no difference: none."""
    ratios = np.exp(np.linspace(-1, 1, 10))
    bins = [metrics.Bin(base=10.0, predicted=10 * r, observed=10 * r**0.5, low=0.0, high=1.0) for r in ratios]
    assert metrics.double_lift_slope(bins) == pytest.approx(0.5)
    flat = [metrics.Bin(base=10.0, predicted=10.0, observed=9.0, low=0.0, high=1.0)] * 10
    assert metrics.double_lift_slope(flat) is None
    assert metrics.double_lift_slope([]) is None


def test_the_lorenz_curve_of_a_book_in_which_half_has_every_claim() -> None:
    risk, claims = np.array([0.0, 1.0]), np.array([0.0, 4.0])
    at, up = metrics.lorenz(risk, claims, np.ones(2))
    assert np.interp([0.25, 0.5, 0.75, 1.0], at, up) == pytest.approx([0, 0, 0.5, 1.0])


def test_a_gain_over_the_same_ranking_is_none() -> None:
    same = metrics.gini_gain(RISK, RISK, CLAIMS, YEARS, seed=1)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    none = metrics.gini_gain(RISK, RISK, np.zeros(500), YEARS, seed=1)
    assert none.value is None
    better = metrics.gini_gain(RISK, np.ones(500), CLAIMS, YEARS, seed=1)
    assert better.low > 0


def test_a_model_with_a_relativity_below_one_is_caught(tmp_path: Path) -> None:
    shipped = artefact.shipped()
    first = shipped.features[0]
    cells = {peril: replace(cell, found=0.8) for peril, cell in first.cells.items()}
    bent = replace(shipped, features=(replace(first, cells=cells), *shipped.features[1:]))
    path = tmp_path / "synthetic.csv"
    path.write_text(synthetic.csv_text(50, seed=8), encoding="utf-8")
    found = evaluate(bent, experience.read(path))
    assert found.monotone == len(cells)
    assert found.violations > 0
