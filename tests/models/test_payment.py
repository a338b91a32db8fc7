"""Payment curves against direct arithmetic and simulation, and annual limits against simulated years."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import aggregate, payment
from models.aggregate import Cause
from models.batch import Floats
from models.payment import Payment
from models.severity import Lognormal

LOSS = Lognormal(median=5e6, sigma=1.8)
ITEMS = ((0.05, 1e6, 0.1), (0.10, 2e6, 0.0), (0.10, 5e6, 0.2))


def paid(x: float) -> float:
    """What the items of `ITEMS` pay, 100,000 deducted, 30 million at most: written out."""
    found = 0.75 * x + sum((1 - borne) * min(part * x, most) for part, most, borne in ITEMS)
    return min(max(found - 1e5, 0.0), 3e7)


@given(st.floats(0, 1e9))
@settings(max_examples=60)
def test_items_pay_as_written_out(x: float) -> None:
    curve = payment.itemised(ITEMS).layer(1e5, 3e7)
    assert curve.of(x) == pytest.approx(paid(x), rel=1e-9, abs=1e-3)


@given(st.floats(0, 1e9))
@settings(max_examples=60)
def test_defence_costs_outside_are_paid_beside_the_limit(x: float) -> None:
    curve = payment.both(payment.share(0.75).layer(1e5, 1e8), payment.share(0.25, 1e8))
    assert curve.of(x) == pytest.approx(
        min(max(0.75 * x - 1e5, 0.0), 1e8) + min(0.25 * x, 1e8), rel=1e-9, abs=1e-3
    )


def test_a_plain_layer_costs_what_the_curve_says() -> None:
    assert payment.WHOLE.layer(1e5, 3e7).expected(LOSS) == LOSS.layer(1e5, 3e7)
    assert payment.WHOLE.layer(0, 3e7).expected(LOSS) == LOSS.limited(3e7)


def drawn(count: int = 400_000) -> Floats:
    return np.asarray(LOSS.median * np.exp(LOSS.sigma * np.random.default_rng(3).standard_normal(count)))


@pytest.mark.parametrize("most", [1e6, 1e7, math.inf])
def test_the_expected_payment_is_the_mean_of_simulated_ones(most: float) -> None:
    amounts = np.minimum([paid(float(x)) for x in drawn(60_000)], most)
    expected = payment.itemised(ITEMS).layer(1e5, 3e7).expected(LOSS, most)
    assert expected == pytest.approx(amounts.mean(), rel=0.02)


def test_a_curve_that_never_reaches_the_limit() -> None:
    flat = payment.share(0.5, 1e6)
    assert flat.reached(2e6) == math.inf
    assert flat.layer(0, 5e6).expected(LOSS) == pytest.approx(flat.expected(LOSS))
    assert Payment(((0.0, 0.0),)).expected(LOSS) == 0.0


def years(rate: float, count: int = 300_000) -> Floats:
    """Totals of simulated years, each claim a plain layer of 100,000 to 30 million."""
    rng = np.random.default_rng(5)
    claims = rng.poisson(rate, count)
    losses = LOSS.median * np.exp(LOSS.sigma * rng.standard_normal(claims.sum()))
    each = np.clip(losses - 1e5, 0, 3e7)
    return np.asarray(np.bincount(np.repeat(np.arange(count), claims), weights=each, minlength=count))


@pytest.mark.parametrize("rate", [0.01, 0.3, 2.0])
@pytest.mark.parametrize("year", [3e7, 6e7])
def test_an_annual_limit_leaves_what_simulated_years_do(rate: float, year: float) -> None:
    curve = payment.WHOLE.layer(1e5, 3e7)
    cause = Cause(rate=rate, parts=((1.0, lambda most: curve.expected(LOSS, most)),))
    totals = years(rate)
    simulated = np.minimum(totals, year).mean() / totals.mean()
    assert aggregate.left([cause], year=year) == pytest.approx(simulated, abs=0.004)


def test_a_limit_shared_per_claim_counts_the_covers_together() -> None:
    """A with chance .4 and B always, 30 million each, 40 million together; years of 60 million at most."""
    curve = payment.WHOLE.layer(1e5, 3e7)
    parts = ((0.4, lambda most: curve.expected(LOSS, most)), (1.0, lambda most: curve.expected(LOSS, most)))
    rng, count = np.random.default_rng(6), 300_000
    claims = rng.poisson(0.5, count)
    places = np.repeat(np.arange(count), claims)
    losses = np.clip(LOSS.median * np.exp(LOSS.sigma * rng.standard_normal((len(places), 2))) - 1e5, 0, 3e7)
    losses[:, 0] *= rng.random(len(places)) < 0.4
    whole = losses.sum(axis=1)
    each = np.minimum(whole, 4e7)
    totals = np.bincount(places, weights=each, minlength=count)
    cause = Cause(rate=0.5, parts=parts)
    assert aggregate.left([cause], claim=4e7) == pytest.approx(each.sum() / whole.sum(), abs=0.004)
    assert aggregate.left([cause], claim=4e7, year=6e7) == pytest.approx(
        np.minimum(totals, 6e7).sum() / whole.sum(), abs=0.004
    )


def test_without_a_limit_everything_is_left() -> None:
    curve = payment.WHOLE.layer(1e5, 3e7)
    cause = Cause(rate=0.1, parts=((1.0, lambda most: curve.expected(LOSS, most)),))
    assert aggregate.left([cause]) == 1.0
    assert aggregate.left([], year=1e6) == 1.0
    assert aggregate.left([cause], year=1e12) == pytest.approx(1.0, abs=0.003)
