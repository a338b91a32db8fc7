"""How often the score's interval holds the true rank: part of `benchmarks/model.py`."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import model_worlds as worlds
from benchmarks.model_worlds import ACTIVE, TABLE, Bars
from models import artefact, batch, build, ranks, simulate, tables
from models.artefact import Artefact
from models.batch import Floats
from models.estimator import RiskModel
from models.measure import LEVEL
from models.perils import Peril

MARKET = "JP"
TODAY = date(2026, 12, 1)
#: Applicants of the reference book among whom a true rank is counted.
BOOK = 10_000
_FITS = 12


def coverage(options: argparse.Namespace) -> Bars:
    """The 90 % interval of the score holds 90 ± 3 % of true ranks: on the prior, and on fitted models."""
    rng = np.random.default_rng([options.seed, 23])
    truths = 2 * options.replications
    share = 100 * prior_coverage(rng, truths=truths, applicants=300)
    line = f"prior, {truths} truths, 300 applicants: {share:.1f} % of ranks inside the 90 % interval"
    yield line, 87 <= share <= 93
    for size in (165, 500):
        share = 100 * float(np.mean([fitted_coverage(size, rng) for _ in range(_FITS)]))
        line = f"fitted to {size} expected claims, {_FITS} truths: {share:.1f} % of ranks inside"
        yield line, 84 <= share <= 96


def prior_coverage(rng: np.random.Generator, *, truths: int, applicants: int) -> float:
    """Share of true ranks inside the shipped model's intervals, coefficients drawn from the prior."""
    shape, model = build.shipped_design(), artefact.shipped()
    values = simulate.findings(ACTIVE, applicants, rng)
    low, high = _intervals(model, values)
    inside = [
        _inside(shape.mean + shape.tau * rng.standard_normal(len(shape.names)), model, values, low, high)
        for _ in range(truths)
    ]
    return float(np.mean(inside))


def fitted_coverage(size: int, rng: np.random.Generator) -> float:
    """The same for a model fitted to claims of one world drawn from the prior."""
    shape = worlds.shape_of_learning()
    truth = worlds.world(shape, size, rng)
    whole = build.shipped_design()
    base = np.zeros((len(truth.values), len(whole.perils)))
    ratios = np.zeros_like(base)
    places = [whole.perils.index(peril) for peril in shape.perils]
    base[:, places], ratios[:, places] = truth.base, truth.claims / truth.base
    fitted = RiskModel(whole).fit(truth.values, ratios, sample_weight=base)
    model = artefact.parse(build.export(build.deployable(fitted), TABLE, name="fitted"), Path("fitted"))
    values = simulate.findings(ACTIVE, 100, rng)
    return _inside(truth.coefficients, model, values, *_intervals(model, values))


def _intervals(model: Artefact, values: Floats) -> tuple[Floats, Floats]:
    names, balance = [feature.name for feature in model.features], model.balanced(tables.load(MARKET, TODAY))
    ends = [
        ranks.interval(model, balance, dict(zip(names, map(float, row), strict=True)), LEVEL)
        for row in values
    ]
    return np.array([low for low, _ in ends]), np.array([high for _, high in ends])


def _inside(coefficients: Floats, model: Artefact, values: Floats, low: Floats, high: Floats) -> float:
    """Share of applicants whose rank under these coefficients, none below 0, lies inside."""
    rank = true_ranks(coefficients, model, values)
    return float(np.mean((rank >= low - 0.5) & (rank <= high + 0.5)))


def true_ranks(coefficients: Floats, model: Artefact, values: Floats) -> Floats:
    """Percentiles of applicants in the reference book, both under these coefficients; ties at the middle."""
    shape = build.shipped_design()
    book = build.reference_book(TABLE.active())[-BOOK:]
    relative = replace(
        batch.relativities(model), found=shape.tilt * np.maximum(coefficients, 0.0)
    ).balanced_on(book)
    everyone = np.exp(relative.log_factors(np.vstack([values, book])))
    factors: Mapping[Peril, Floats] = dict(zip(relative.perils, everyone.T, strict=True))
    g = build.blend(model.balanced(tables.load(MARKET, TODAY)).standard, factors)
    ordered, own = np.sort(g[len(values) :]), g[: len(values)]
    ties = 1e-9 * own
    below, upto = np.searchsorted(ordered, own - ties), np.searchsorted(ordered, own + ties)
    return np.asarray(50.0 * (below + upto) / len(ordered))
