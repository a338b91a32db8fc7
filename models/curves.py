"""A market's severity curves laid out for a person: increased limits, deductibles, pure premiums."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.premium import HOSTS, Risk, annual, pure_premiums, territory
from models.severity import deductible_credit, increased_limit_factor
from models.tables import Tables
from posture.core.decisions import Cover

#: Multiples of the basic limit, and parts of it as deductibles.
_LIMITS = (0.33, 1.0, 3.33, 10.0, 16.67)
_DEDUCTIBLES = (0.0, 0.01, 0.033, 0.1, 0.33)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A peril and cover: factor by limit (1 at `basic`), share of it saved by deductible; minor units."""

    peril: str
    cover: str
    currency: str
    basic: float
    increased: Mapping[float, float]
    saved: Mapping[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A cover before the steps: pure premium by peril at average posture; annual limits and territory."""

    cover: str
    perils: Mapping[str, float]
    annual: float
    territory: float


def curves(market: Tables, basic: float | None = None) -> tuple[Curve, ...]:
    """The curves of covers A and B; the basic limit is that of the standard B unless given."""
    at = float(basic or market.standard[Cover.B].limit)
    return tuple(
        Curve(
            peril=peril.value,
            cover=cover.value,
            currency=market.currency,
            basic=at,
            increased={part * at: increased_limit_factor(loss, part * at, at) for part in _LIMITS},
            saved={part * at: deductible_credit(loss, part * at, at) for part in _DEDUCTIBLES},
        )
        for peril, covers in market.severity.items()
        for cover, loss in covers.items()
    )


def before(market: Tables, risk: Risk) -> tuple[Before, ...]:
    """The pure premiums of a risk; what an option's own terms are is those of the covers it extends."""
    return tuple(
        Before(
            cover=cover.value,
            perils={peril.value: cost for peril, cost in costs.items()},
            annual=annual(market, risk, cover) if cover in HOSTS else 1.0,
            territory=territory(market, risk, cover) if cover in HOSTS else 1.0,
        )
        for cover, costs in pure_premiums(market, risk).items()
    )
