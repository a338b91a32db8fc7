"""Limited expected values against numerical integration, and the curves made from them."""

import math

import pytest

from models.severity import Lognormal, deductible_credit, increased_limit_factor, interruption_days


def integrated(loss: Lognormal, x: float) -> float:
    """E[min(X, x)] as the integral of the survival function, by Simpson's rule on a log grid."""
    steps = 20_000
    low = loss.median * math.exp(-12 * loss.sigma)
    points = [low * (x / low) ** (i / steps) for i in range(steps + 1)]
    survival = [0.5 * math.erfc(math.log(p / loss.median) / loss.sigma / math.sqrt(2)) for p in points]
    areas = ((points[i + 1] - points[i]) * (survival[i] + survival[i + 1]) / 2 for i in range(steps))
    return low + math.fsum(areas)


@pytest.mark.parametrize("sigma", [0.9, 1.6, 2.0])
@pytest.mark.parametrize("x", [1e5, 1e6, 3e7, 5e8])
def test_limited_expected_value(sigma: float, x: float) -> None:
    loss = Lognormal(median=14e6, sigma=sigma)
    assert loss.limited(x) == pytest.approx(integrated(loss, x), rel=1e-5)


def test_ends_of_the_curve() -> None:
    loss = Lognormal(median=1000.0, sigma=1.5)
    assert loss.limited(0) == 0.0
    assert loss.limited(-5) == 0.0
    assert loss.limited(math.inf) == loss.mean() == pytest.approx(1000 * math.exp(1.125))
    assert loss.limited(1e15) == pytest.approx(loss.mean(), rel=1e-9)


def test_layers_add_up() -> None:
    loss = Lognormal(median=5e6, sigma=2.0)
    assert loss.layer(0, 1e6) + loss.layer(1e6, 9e6) == pytest.approx(loss.limited(1e7))


def test_published_increased_limits_of_a_plain_lognormal() -> None:
    """Sigma 2.0 with a median of 5 million gives 1.72 from 30 to 100 million, 1.56 from 100 to 500."""
    loss = Lognormal(median=5e6, sigma=2.0)
    assert increased_limit_factor(loss, 100e6, 30e6) == pytest.approx(1.72, abs=0.005)
    assert increased_limit_factor(loss, 500e6, 100e6) == pytest.approx(1.56, abs=0.005)
    assert deductible_credit(loss, 0, 100e6) == 0.0
    assert 0 < deductible_credit(loss, 1e5, 100e6) < deductible_credit(loss, 1e6, 100e6) < 1


def test_interruption_days() -> None:
    outage = Lognormal(median=4.0, sigma=1.3)
    full = interruption_days(outage, waiting=0.5, indemnity=90, limit_days=math.inf)
    assert full == pytest.approx(outage.limited(90) - outage.limited(0.5))
    assert interruption_days(outage, waiting=0.5, indemnity=90, limit_days=10) == pytest.approx(
        outage.limited(10.5) - outage.limited(0.5)
    )
    assert interruption_days(outage, waiting=90, indemnity=30, limit_days=10) == 0.0
