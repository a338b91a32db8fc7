"""Tiers are shares of the reference book (docs/adr/0007-tiers.md)."""

from datetime import date

import numpy as np
import pytest

from models import artefact, batch, priors, simulate, tables
from posture.core.decisions import Tier

TODAY = date(2026, 12, 1)


def test_tiers_hold_their_shares_of_the_reference_book() -> None:
    """Fresh synthetic applicants, another seed: the shares of data/appetite.toml within ties and chance."""
    rows = priors.table().active()
    fresh = simulate.findings([row.prevalence for row in rows], 20_000, np.random.default_rng(77))
    model, market = artefact.shipped(), tables.load("JP", TODAY)
    relative = batch.relativities(model)
    factors = dict(zip(relative.perils, np.exp(relative.log_factors(fresh)).T, strict=True))
    balance = model.balanced(market)
    g = sum(weight * factors[peril] for peril, weight in balance.standard.items())
    below = [float((g < bound).mean()) for bound in balance.tiers.values()]
    assert below == pytest.approx([0.39, 0.69, 0.85, 0.94], abs=0.06)
    assert list(balance.tiers.values()) == sorted(balance.tiers.values())
    assert min(g) < balance.tiers[Tier.T1]


def test_no_tier_bound_is_the_relativity_of_a_posture() -> None:
    for market in tables.everything():
        balance = artefact.shipped().balanced(market)
        grid = [g for g, _ in balance.grid]
        assert all(min(abs(g - bound) for g in grid) > 1e-7 for bound in balance.tiers.values())
