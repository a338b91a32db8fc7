"""Builds the shipped artefact from the prior table: `python -m models.build` (the Makefile's `model`).

Seeded: the same data files give the same artefact. The estimator is fitted on no exposure at all,
because no open data joins posture to claims.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from models import artefact, draws, premium, priors, simulate, tables
from models.batch import Floats, Relativities
from models.credibility import charged_bounds
from models.estimator import Design, RiskModel, design
from models.features import schema
from models.perils import LEARNT, Peril
from models.shares import Shares
from models.tables import Tables
from posture.core.decisions import Cover
from posture.core.errors import PostureError

SEED = 20261001
BOOK = 100_000
_GRID = 401
#: Points of the book's distribution that are kept by draw of the coefficients.
_RANKS = 25


def main() -> None:
    """Write the shipped artefact and say what changed."""
    content = build()
    write(content, artefact.SHIPPED)
    sys.stdout.write(f"{artefact.SHIPPED.name}: {content['digest']}\n")


def build() -> dict[str, Any]:
    """The artefact of the prior, as a JSON document."""
    return export(deployable(prior_model(shipped_design())), priors.table(), name="prior")


@cache
def shipped_design() -> Design:
    """The design of the shipped prior: the features a check can see, at the shipped κ."""
    table = priors.table()
    return balanced_design(table, table.active(), table.kappa)


def balanced_design(table: priors.PriorTable, rows: tuple[priors.Prior, ...], kappa: float) -> Design:
    """The prior's design with N solved on the reference book."""
    shape = design(table, rows, table.perils(), kappa)
    found = shape.relativities(shape.mean).balanced_on(reference_book(rows))
    return shape.with_off_balance(found.off_balance)


def prior_model(shape: Design) -> RiskModel:
    """The estimator after no experience: exactly the prior."""
    nothing = np.zeros((1, len(shape.perils)))
    return RiskModel(shape).fit(np.zeros((1, len(shape.names))), nothing, sample_weight=nothing)


def reference_book(rows: tuple[priors.Prior, ...]) -> Floats:
    """The synthetic book on which everything is balanced; not to be written to."""
    return _book(tuple(row.shares for row in rows))


@cache
def _book(shares: tuple[Shares, ...]) -> Floats:
    return simulate.findings(shares, BOOK, np.random.default_rng(SEED))


@dataclass(frozen=True, slots=True)
class Exact:
    """The posterior mode before anything was fixed: log relativities (J,) before the tilt, levels (P,)."""

    untilted: Floats
    levels: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployable:
    """What a model of any kind must give to become an artefact: J features, P perils.

    `untilted` (J,) are log relativities before the tilt (P, J), `moved` what draws of them differ by
    (draws, J), `sd` (P, J) of the logs in `relative`,
    `levels` (P,) what claims made of the base frequencies, `expected` the claims behind them. `exact` are
    the unclamped coefficients and levels, kept beside the deployed ones.
    """

    names: tuple[str, ...]
    relative: Relativities
    tilt: Floats
    untilted: Floats
    moved: Floats
    sd: Floats
    levels: Floats
    expected: float
    exact: Exact

    def balanced_on(self, book: Floats) -> "Deployable":
        """Move the mean factor of the book into the levels: every predicted frequency stays as it was."""
        fair = self.relative.balanced_on(book)
        levels = self.levels * np.exp(fair.off_balance - self.relative.off_balance)
        return replace(self, relative=fair, levels=levels)


def deployable(model: RiskModel) -> Deployable:
    """The deployed coefficients of a fitted estimator, with the exact fit's standard deviations."""
    shape, size = model.design_, len(model.design_.names)
    covariance = model.covariance_[:size, :size]
    return Deployable(
        names=shape.names,
        relative=model.relativities(),
        tilt=shape.tilt,
        untilted=model.deployed_coef_,
        moved=draws.moved(model.coef_ - model.deployed_coef_, covariance),
        sd=shape.tilt * np.sqrt(np.diag(covariance)),
        levels=model.deployed_level_,
        expected=float(model.expected_.sum()),
        exact=Exact(model.coef_, model.level_),
    )


def export(
    made: Deployable,
    table: priors.PriorTable,
    *,
    name: str,
    severity: Mapping[str, float] | None = None,
    markets: Sequence[Tables] | None = None,
    valued_on: date | None = None,
) -> dict[str, Any]:
    """A model as an artefact document, balanced on the reference book and every dated rating table.

    `severity` are the scales that own losses taught, by peril; 1 where nothing is given. `markets` balances
    it on these tables instead. `valued_on` is the last day on which claims it was fitted to were valued.
    """
    rows = tuple(table.rows[feature] for feature in made.names)
    book = reference_book(rows)
    fair = made.balanced_on(book)
    perils = fair.relative.perils
    factors = dict(zip(perils, np.exp(fair.relative.log_factors(book)).T, strict=True))
    drawn = [draws.log_factors(fair.relative, fair.tilt, moves, book[: draws.BOOK]) for moves in fair.moved]
    under = [dict(zip(perils, np.exp(logs).T, strict=True)) for logs, _ in drawn]
    content: dict[str, Any] = {
        "schema": artefact.SCHEMA,
        "name": name,
        "features_schema": schema(made.names),
        "seed": SEED,
        "book": f"synthetic, {BOOK} applicants",
        "kappa": table.kappa,
        "expected_claims": made.expected,
        "features": {row.name: _feature(fair, row, j, table.kappa) for j, row in enumerate(rows)},
        "levels": {
            peril.value: float(level)
            for peril, level in zip(perils, fair.levels, strict=True)
            if peril in LEARNT
        },
        "severity": {peril.value: 1.0 for peril in LEARNT} | dict(severity or {}),
        "exact": {
            "relativities": dict(zip(made.names, map(float, np.exp(made.exact.untilted)), strict=True)),
            "levels": _named(perils, made.exact.levels),
        },
        "group_caps": {group.value: cap for group, cap in table.group_caps.items()},
        "overlap": {"order": list(table.overlap_order), "strength": table.overlap_strength},
        "off_balance": _named(perils, np.exp(fair.relative.off_balance)),
        "drawn": {peril.value: _row([logs[p] for _, logs in drawn], 6) for p, peril in enumerate(perils)},
        "follows": {peril.value: other.value for peril, other in table.follows.items()},
        "unseen": {group.value: what for group, what in table.unseen.items()},
        "coverage_floor": table.coverage_floor,
        "letters": dict(table.letters),
        "balance": {
            market.key: _balance(market, factors, under, table, made.expected)
            for market in (tables.everything() if markets is None else markets)
        },
    }
    if valued_on is not None:
        content["valued_on"] = valued_on.isoformat()
    kept = {key: artefact.rounded(value) for key, value in content.items()}
    return kept | {"digest": artefact.digest(kept)}


def write(content: Mapping[str, Any], path: Path) -> None:
    """Write a JSON document, to a temporary name first. Raises PostureError where it cannot be written."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    temporary = path.with_suffix(".tmp")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise PostureError(
            f"{path} cannot be written ({error.strerror}).",
            remedy="Name a file in a folder you may write to.",
            code="bad-out",
        ) from None


def _feature(made: Deployable, row: priors.Prior, column: int, kappa: float) -> dict[str, Any]:
    relative, mean = made.relative, row.coefficient(kappa)
    return {
        "group": row.group.value,
        "prevalence": row.shares.found,
        "half": row.shares.half,
        "from": priors.written(row.sources),
        "grade": row.grade,
        "relativity": float(np.exp(made.untilted[column])),
        "perils": {
            peril.value: {
                "found": float(np.exp(relative.found[p, column])),
                "unseen": float(np.exp(relative.unseen[p, column])),
                "sd": float(made.sd[p, column]),
            }
            for p, peril in enumerate(relative.perils)
        },
        "prior": {peril.value: row.tilt[peril] * mean for peril in relative.perils},
        "tilt": {peril.value: row.tilt[peril] for peril in relative.perils},
        "moved": _row(made.moved[:, column], 5),
    }


def _row(values: Iterable[float], digits: int) -> str:
    """Numbers as one line of text."""
    return " ".join(f"{value:.{digits}g}" for value in values)


def _named(perils: tuple[Peril, ...], values: Floats) -> dict[str, float]:
    return {peril.value: float(value) for peril, value in zip(perils, values, strict=True)}


def _balance(
    market: Tables,
    factors: Mapping[Peril, Floats],
    under: Sequence[Mapping[Peril, Floats]],
    table: priors.PriorTable,
    expected: float,
) -> dict[str, Any]:
    """Steps 6 to 10 on the reference book: weights, s, the mean under the charged cap, percentiles of G.

    `under` are the factors of a part of the book by draw of the coefficients, for the percentiles of each.
    """
    pure = premium.pure_premiums(market, premium.standard_risk(market))
    mixes = {cover: shares for cover, costs in pure.items() if (shares := weights(costs, table))}
    both = weights(_sum(pure[Cover.A], pure[Cover.B]), table)
    blended = {cover: blend(shares, factors) for cover, shares in mixes.items()}
    scales = {cover: scale(values, market) for cover, values in blended.items()}
    charged = charged_bounds(market, expected)
    return {
        "tables": market.digest,
        "cover": {cover.value: _plain(shares) for cover, shares in mixes.items()},
        "standard": _plain(both),
        "scale": {cover.value: value for cover, value in scales.items()},
        "capped": {
            cover.value: float(clip(clip(scales[cover] * values, market.clip), charged).mean())
            for cover, values in blended.items()
        },
        "grid": _percentiles(blend(both, factors), _GRID),
        "ranks": [_row(chain(*_percentiles(blend(both, each), _RANKS)), 6) for each in under],
    }


def cover_factors(
    market: Tables, factors: Mapping[Peril, Floats], table: priors.PriorTable
) -> dict[str, Floats]:
    """Posture factors of a book by cover, and of A+B: unclipped, after the clip of step 8, and as charged."""
    pure = premium.pure_premiums(market, premium.standard_risk(market))
    both = weights(_sum(pure[Cover.A], pure[Cover.B]), table)
    found = {"A+B": blend(both, factors)}
    clipped: dict[Cover, Floats] = {}
    for cover, costs in pure.items():
        if shares := weights(costs, table):
            found[cover.value] = blend(shares, factors)
            clipped[cover] = clip(scale(found[cover.value], market) * found[cover.value], market.clip)
    moving = {
        cover: sum(costs[p] for p in costs if table.follows.get(p, p) in factors)
        for cover, costs in pure.items()
    }
    total = moving[Cover.A] + moving[Cover.B]
    share = {cover: moving[cover] / total for cover in (Cover.A, Cover.B)}
    for label, bounds in (("after the clip", market.clip), ("charged", market.charged)):
        final = {cover: clip(values, bounds) for cover, values in clipped.items()}
        found |= {f"{cover.value} {label}": values for cover, values in final.items()}
        found[f"A+B {label}"] = np.asarray(sum(share[cover] * final[cover] for cover in share))
    return found


def _sum(one: Mapping[Peril, float], other: Mapping[Peril, float]) -> dict[Peril, float]:
    return {peril: one.get(peril, 0.0) + other.get(peril, 0.0) for peril in {**one, **other}}


def weights(costs: Mapping[Peril, float], table: priors.PriorTable) -> dict[Peril, float]:
    """Shares of the pure premium among the perils that move with posture; empty when none does."""
    own = table.perils()
    shares: dict[Peril, float] = {}
    for peril, cost in costs.items():
        mover = table.follows.get(peril, peril)
        if mover in own:
            shares[mover] = shares.get(mover, 0.0) + cost
    total = sum(shares.values())
    return {peril: share / total for peril, share in sorted(shares.items())}


def blend(shares: Mapping[Peril, float], factors: Mapping[Peril, Floats]) -> Floats:
    """Step 6 for a book."""
    total = sum(share * factors[peril] for peril, share in shares.items())
    return np.asarray(total, dtype=np.float64)


def clip(values: Floats, bounds: tables.Bounds) -> Floats:
    """The values, those outside the bounds moved to the nearer end."""
    clipped: Floats = np.clip(values, bounds.low, bounds.high)
    return clipped


def scale(blended: Floats, market: Tables) -> float:
    """The s with which the mean of clip(s x G) over the book is 1, by bisection to the last bit."""
    low, high = 0.5, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if clip(middle * blended, market.clip).mean() < 1:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _percentiles(values: Floats, points: int) -> list[list[float]]:
    """Points (G, percentile): half of those tied count, so that equal risks share one percentile."""
    ordered = np.sort(values)
    picked = np.unique(ordered[np.linspace(0, len(ordered) - 1, points).round().astype(int)])
    below = np.searchsorted(ordered, picked, side="left")
    upto = np.searchsorted(ordered, picked, side="right")
    percent = 50.0 * (below + upto) / len(ordered)
    return [[float(g), float(p)] for g, p in zip(picked, percent, strict=True)]


def _plain(shares: Mapping[Peril, float]) -> dict[str, float]:
    return {peril.value: share for peril, share in shares.items()}


if __name__ == "__main__":
    main()
