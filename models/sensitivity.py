"""How far the A+B loading moves with the shrinkage and with each coefficient."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from models import build, premium, priors
from models.batch import Floats
from models.estimator import Design
from models.perils import Peril
from models.tables import Tables
from posture.core.decisions import Cover

#: Coefficients are moved by this many prior standard deviations.
DEVIATIONS = 2.0


def technical(shape: Design, market: Tables, applicants: Floats) -> Floats:
    """Technical A+B factor at standard terms (step 9, no controls) of applicants (n, J).

    Off-balance and clip are solved anew for the design, as they would be if it were deployed.
    """
    table = priors.table()
    rows = tuple(table.rows[name] for name in shape.names)
    book = build.reference_book(rows)
    relative = shape.relativities(shape.mean).balanced_on(book)
    everyone = np.exp(relative.log_factors(np.vstack([applicants, book])))
    factors: Mapping[Peril, Floats] = dict(zip(shape.perils, everyone.T, strict=True))
    pure = premium.pure_premiums(market, premium.standard_risk(market))
    cost = {cover: sum(pure[cover].values()) for cover in (Cover.A, Cover.B)}
    total = np.zeros(len(applicants))
    for cover, amount in cost.items():
        clipped = _clipped(pure[cover], factors, len(applicants), market, table)
        share = sum(c for p, c in pure[cover].items() if table.follows.get(p, p) in factors) / amount
        total += amount / sum(cost.values()) * (share * clipped + 1 - share)
    return cast("Floats", total)


def by_kappa(market: Tables, applicants: Floats, kappas: tuple[float, ...]) -> dict[float, Floats]:
    """Technical factor of the applicants at each κ."""
    table = priors.table()
    return {
        kappa: technical(build.balanced_design(table, table.active(), kappa), market, applicants)
        for kappa in kappas
    }


def by_coefficient(market: Tables) -> dict[str, tuple[float, float, float]]:
    """By feature: factor of an applicant with that finding alone at -2 tau (not below 0), 0, +2 tau."""
    shape = build.shipped_design()
    alone = np.eye(len(shape.names))
    middle = technical(shape, market, alone)
    found: dict[str, tuple[float, float, float]] = {}
    for column, name in enumerate(shape.names):
        ends = []
        for sign in (-DEVIATIONS, DEVIATIONS):
            mean = shape.mean.copy()
            mean[column] = max(0.0, mean[column] + sign * shape.tau[column])
            ends.append(float(technical(replace(shape, mean=mean), market, alone[[column]])[0]))
        found[name] = (ends[0], float(middle[column]), ends[1])
    return found


def _clipped(
    costs: Mapping[Peril, float],
    factors: Mapping[Peril, Floats],
    count: int,
    market: Tables,
    table: priors.PriorTable,
) -> Floats:
    """Clipped cover factor of the first `count` rows, with s solved on the others."""
    blended = build.blend(build.weights(costs, table), factors)
    return build.clip(build.scale(blended[count:], market) * blended[:count], market.clip)
