"""Worlds to learn in, and how the ways to estimate do in them: part of `benchmarks/model.py`."""

import argparse
import dataclasses
from collections.abc import Iterator
from datetime import date

import numpy as np

from models import build, priors, simulate, stack, tables
from models.batch import Floats
from models.estimator import LEVEL_SD, Design, RiskModel
from models.perils import LEARNT

TABLE = priors.table()
ACTIVE = [row.shares for row in TABLE.active()]
SIZES = (16, 50, 165, 500)
POLICIES = 8000
TEST = 20_000
RIDGE_SD = 0.35
FLAT_SD = 30.0
#: Log effect, in the broken world, of more than four findings together.
BROKEN = 0.5
#: Worlds printed without a bar; the last one breaks what the model assumes.
KINDS = ("prior", "half", "double", "null", "level", "broken")

Bars = Iterator[tuple[str, bool]]


def shape_of_learning() -> Design:
    """The prior of the perils that have claims, on every feature a check can see."""
    whole = build.shipped_design()
    kept = [whole.perils.index(peril) for peril in LEARNT]
    return dataclasses.replace(
        whole, perils=LEARNT, tilt=whole.tilt[kept], off_balance=whole.off_balance[kept], caps=(), overlap=()
    )


@dataclasses.dataclass(frozen=True)
class Truth:
    """One world: its coefficients, log levels, a book with claims to learn from and one to be tested on."""

    coefficients: Floats
    levels: Floats
    values: Floats
    base: Floats
    claims: Floats
    test_values: Floats
    test_base: Floats
    interaction: float

    def logs(self, shape: Design, values: Floats) -> Floats:
        """The true log of claims for each one expected at factor 1."""
        return log_rate(shape, values, self.coefficients, self.levels) + self.interaction * many(values)


def log_rate(shape: Design, values: Floats, coefficients: Floats, levels: Floats) -> Floats:
    """Log of claims for each one expected at factor 1, (n, P), linear: caps are a rule, not a belief."""
    return np.asarray(values @ (shape.tilt * coefficients).T - shape.off_balance + levels)


def world(shape: Design, expected: float, rng: np.random.Generator, kind: str = "drawn") -> Truth:
    """Draw a world. `kind`: drawn (from the prior), prior, half, double, null, level, broken.

    In the broken one findings beyond the fourth add half a log unit, claims cluster by policy (gamma of
    variance 1) and coefficients are half the prior's: no model here can say any of it.
    """
    spread = shape.tau * rng.standard_normal(len(shape.names))
    coefficients = {
        "drawn": shape.mean + spread,
        "prior": shape.mean,
        "half": shape.mean / 2,
        "double": shape.mean * 2,
        "null": shape.mean * 0,
        "level": shape.mean,
        "broken": shape.mean / 2,
    }[kind]
    drawn = LEVEL_SD * rng.standard_normal(len(shape.perils))
    levels = {"drawn": drawn, "level": np.full(len(shape.perils), np.log(2))}.get(
        kind, np.zeros(len(shape.perils))
    )
    values = simulate.findings(ACTIVE, POLICIES, rng)
    base = exposure(shape, POLICIES, expected, rng)
    interaction = BROKEN if kind == "broken" else 0.0
    rates = base * np.exp(log_rate(shape, values, coefficients, levels) + interaction * many(values))
    if kind == "broken":
        rates = rates * rng.gamma(1.0, 1.0, size=(POLICIES, 1))
    claims = rng.poisson(rates).astype(float)
    test = simulate.findings(ACTIVE, TEST, rng)
    others = exposure(shape, TEST, expected, rng)
    return Truth(coefficients, levels, values, base, claims, test, others, interaction)


def many(values: Floats) -> Floats:
    """1 where more than four findings come together, (n, 1)."""
    return np.asarray(values.sum(axis=1, keepdims=True) > 4, dtype=np.float64)


def exposure(shape: Design, count: int, expected: float, rng: np.random.Generator) -> Floats:
    """Expected claims at factor 1, (n, P), summing to `expected` over all policies and perils."""
    market = tables.load("JP", date(2026, 12, 1))
    size = simulate.revenues(count, 1.0, rng)[:, None] ** 0.395
    base = size * np.array([market.frequency[peril] for peril in shape.perils])
    return np.asarray(base * expected / base.sum())


def fitted(
    shape: Design, truth: Truth, *, mean: Floats, sd: Floats, level_sd: float
) -> tuple[Floats, Floats]:
    """Coefficients and log levels of the exact penalised fit with this prior mean and sd."""
    prior = dataclasses.replace(shape, mean=mean, tau=sd)
    rows = stack.stack(prior, truth.values, truth.claims, truth.base, level_sd)
    solution = stack.solve(rows, np.zeros(len(mean), dtype=bool), 1e-8)
    size = len(mean)
    return mean + sd * solution[:size], level_sd * solution[size : size + len(shape.perils)]


def excess(shape: Design, truth: Truth, found: tuple[Floats, Floats]) -> float:
    """Excess Poisson deviance over the truth on fresh policies, for each 10,000 expected claims."""
    right = truth.logs(shape, truth.test_values)
    wrong = log_rate(shape, truth.test_values, *found)
    deviance = (
        2 * truth.test_base * np.exp(right) * (np.expm1(np.clip(wrong - right, -50, 50)) - (wrong - right))
    )
    return float(1e4 * deviance.sum() / (truth.test_base * np.exp(right)).sum())


def models_of(shape: Design, truth: Truth) -> dict[str, float]:
    """Excess deviance of the four ways to estimate."""
    size, perils = len(shape.names), len(shape.perils)
    nothing, flat = np.zeros(size), np.full(size, FLAT_SD)
    found = {
        "prior": (shape.mean, np.zeros(perils)),
        "MAP": fitted(shape, truth, mean=shape.mean, sd=shape.tau, level_sd=LEVEL_SD),
        "GLM": fitted(shape, truth, mean=nothing, sd=flat, level_sd=FLAT_SD),
        "ridge": fitted(shape, truth, mean=nothing, sd=np.full(size, RIDGE_SD), level_sd=LEVEL_SD),
    }
    return {name: excess(shape, truth, pair) for name, pair in found.items()}


def learning(options: argparse.Namespace, size: int) -> Bars:
    """MAP below prior, GLM and ridge, paired over replications, at one number of expected claims."""
    shape, rng = shape_of_learning(), np.random.default_rng([options.seed, size])
    runs = [models_of(shape, world(shape, size, rng)) for _ in range(options.replications)]
    means = {name: np.mean([run[name] for run in runs]) for name in runs[0]}
    listed = ", ".join(f"{name} {value:,.1f}" for name, value in means.items())
    print(f"  at {size} expected claims, mean excess deviance over {len(runs)} replications: {listed}")
    for rival in ("prior", "GLM", "ridge"):
        gaps = np.array([run[rival] - run["MAP"] for run in runs])
        half = 1.96 * gaps.std(ddof=1) / np.sqrt(len(gaps))
        yield f"{rival} - MAP = {gaps.mean():,.1f} ± {half:,.1f} (paired 95 %)", bool(gaps.mean() > half)


def elsewhere(options: argparse.Namespace, kind: str) -> Bars:
    """No bar: worlds that are not drawn from the prior, among them one that breaks the assumptions."""
    shape = shape_of_learning()
    for size in SIZES:
        rng = np.random.default_rng([options.seed, size, 2])
        runs = [models_of(shape, world(shape, size, rng, kind)) for _ in range(options.replications // 4)]
        listed = ", ".join(f"{name} {np.mean([run[name] for run in runs]):,.0f}" for name in runs[0])
        print(f"  no bar: truth = {kind}, {size} expected claims: {listed}", flush=True)
    yield from ()


def intervals(options: argparse.Namespace, size: int) -> Bars:
    """Laplace intervals of λ cover 90 % of the truths drawn from the prior, at one number of claims."""
    shape, rng = shape_of_learning(), np.random.default_rng([options.seed, size, 3])
    count = 2 * options.replications
    share = 100 * float(np.mean([_covered(shape, world(shape, size, rng)) for _ in range(count)]))
    line = f"at {size} expected claims, {count} replications: {share:.1f} % of λ inside the 90 % interval"
    yield line, 87 <= share <= 93


def _covered(shape: Design, truth: Truth) -> float:
    """Share of fresh policies and perils whose λ lies inside its interval."""
    model = RiskModel(shape).fit(truth.values, truth.claims / truth.base, sample_weight=truth.base)
    values, perils = truth.test_values[:300], len(shape.perils)
    inside = []
    for peril in range(perils):
        level = np.zeros((len(values), perils))
        level[:, peril] = 1.0
        rows = np.hstack([values * shape.tilt[peril], level])
        sd = np.sqrt(np.einsum("ij,jk,ik->i", rows, model.covariance_, rows))
        found = values @ (shape.tilt[peril] * model.coef_) + np.log(model.level_[peril])
        right = values @ (shape.tilt[peril] * truth.coefficients) + truth.levels[peril]
        inside.append(np.abs(found - right) <= 1.6448536 * sd)
    return float(np.mean(inside))
