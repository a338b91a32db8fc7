"""The score's interval: a rank against the book under the same draw of the coefficients."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from benchmarks import model_ranks
from models import artefact, assess, batch, build, draws, priors, ranks, tables
from models.score import percentile
from tests.support.applicants import application, findings

TODAY = date(2026, 12, 1)
MODEL = artefact.shipped()
BALANCE = MODEL.balanced(tables.load("JP", TODAY))


def test_the_plain_ranks_are_those_of_the_arrays() -> None:
    """The same draws with the vectorised tables: overlap, caps and off-balance are the same rules."""
    rng = np.random.default_rng(5)
    names = [feature.name for feature in MODEL.features]
    values = rng.choice([0.0, 0.5, 1.0], size=(12, len(names)), p=[0.6, 0.1, 0.3])
    relative = batch.relativities(MODEL)
    tilt = np.array([[feature.tilt[peril] for feature in MODEL.features] for peril in MODEL.perils])
    for place in range(0, draws.COUNT, 17):
        moved = np.array([feature.moved[place] for feature in MODEL.features])
        drawn = replace(
            relative,
            found=np.maximum(relative.found + tilt * moved, 0.0),
            off_balance=np.array([MODEL.drawn[peril][place] for peril in MODEL.perils]),
        )
        factors = dict(zip(MODEL.perils, np.exp(drawn.log_factors(values)).T, strict=True))
        expected = build.blend(BALANCE.standard, factors)
        for row, g in zip(values, expected, strict=True):
            found = ranks.ranks(MODEL, BALANCE, dict(zip(names, map(float, row), strict=True)))
            assert found[place] == pytest.approx(percentile(BALANCE.ranks[place], float(g)), abs=1e-6)


def test_draws_have_the_moments_of_the_belief_exactly() -> None:
    shape = build.shipped_design()
    moved = draws.moved(np.zeros(len(shape.names)), np.diag(shape.tau**2))
    assert moved.shape == (draws.COUNT, len(shape.names))
    assert np.allclose(moved.mean(axis=0), 0.0)
    assert np.allclose(moved.T @ moved / draws.COUNT, np.diag(shape.tau**2))


@pytest.mark.parametrize(
    "bad", [(), ("eol_software",), ("rdp_exposed", "smb_exposed"), tuple(priors.table().rows)]
)
def test_the_interval_holds_the_score_and_widens_with_what_is_unknown(bad: tuple[str, ...]) -> None:
    seen = assess(findings(bad), application(), on=TODAY).score
    assert 0 <= seen.interval.low <= seen.value <= seen.interval.high <= 100
    open_question = assess(findings(bad, {"tls_weak"}), application(), on=TODAY).score
    assert open_question.interval.low <= seen.interval.low + 0.5
    assert open_question.interval.high >= seen.interval.high - 1e-9 or "tls_weak" in bad


def test_a_rank_is_surer_than_the_level_of_the_factor() -> None:
    """What a draw does to everybody moves no rank: the old interval, by the ends of G, was wider."""
    for bad in (
        (),
        ("dmarc_not_enforced", "tls_weak", "ftp_exposed"),
        ("rdp_exposed", "smb_exposed", "kev_exposed"),
    ):
        score = assess(findings(bad), application(), on=TODAY).score
        ends = [
            percentile(BALANCE.grid, end)
            for end in (score.relativity_interval.low, score.relativity_interval.high)
        ]
        assert score.interval.high - score.interval.low < ends[1] - ends[0]


def test_nine_in_ten_true_ranks_lie_inside() -> None:
    """Truths drawn from the belief; `make bench-model` does it with more, and on fitted models."""
    share = model_ranks.prior_coverage(np.random.default_rng(7), truths=60, applicants=60)
    assert 0.86 <= share <= 0.94
