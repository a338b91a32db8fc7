"""Tiers are shares of the reference book (docs/adr/0007-tiers.md)."""

from datetime import date

import numpy as np
import pytest

from models import appetite, artefact, batch, priors, score, simulate, tables
from posture.core.decisions import Tier

TODAY = date(2026, 12, 1)


def test_tiers_hold_their_shares_of_the_reference_book() -> None:
    """Fresh synthetic applicants, another seed: the shares of data/appetite.toml within ties and chance."""
    rows = priors.table().active()
    fresh = simulate.findings([row.shares for row in rows], 20_000, np.random.default_rng(77))
    model, market = artefact.shipped(), tables.load("JP", TODAY)
    relative = batch.relativities(model)
    factors = dict(zip(relative.perils, np.exp(relative.log_factors(fresh)).T, strict=True))
    balance = model.balanced(market)
    g = sum(weight * factors[peril] for peril, weight in balance.standard.items())
    given = [appetite.profile().tier(score.percentile(balance.grid, float(one))) for one in np.asarray(g)]
    shares = [given.count(tier) / len(given) for tier in Tier]
    assert shares == pytest.approx([0.39, 0.30, 0.16, 0.09, 0.06], abs=0.06)
