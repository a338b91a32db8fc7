"""Bühlmann-Straub credibility of own experience, and what it lets the plan charge."""

from models.tables import Bounds, Tables

#: Expected claims at which experience and prior weigh the same: 1 / between-variance, .4².
K = 1 / 0.4**2
#: Own claims expected before the charged bounds begin to widen (docs/method.md, step 10).
_START = 50.0


def z(expected_claims: float) -> float:
    """Credibility of the level: n / (n + K), n in expected claims."""
    return expected_claims / (expected_claims + K)


def charged_bounds(market: Tables, expected_claims: float) -> Bounds:
    """Bounds of the charged factor: the prior-only ones until 50 claims, then towards the clip with Z."""
    if expected_claims < _START:
        return market.charged
    share = z(expected_claims - _START)
    return Bounds(
        low=market.charged.low + share * (market.clip.low - market.charged.low),
        high=market.charged.high + share * (market.clip.high - market.charged.high),
    )
