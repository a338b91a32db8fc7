"""Fits the model to own experience and says what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from models import build, losses, priors
from models.batch import Floats
from models.credibility import z
from models.estimator import Design, RiskModel
from models.experience import Policy
from models.perils import LEARNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One feature's relativity before the tilt: prior, exact posterior mode, deployed; `sd` of its log."""

    feature: str
    prior: float
    exact: float
    deployed: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One peril's claims and level: exact and deployed, with the credibility of the experience (K = 6.25)."""

    peril: str
    expected: float
    observed: float
    exact: float
    level: float
    credibility: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A fitted artefact document and what changed; features in `fixed` were set to 0 before a refit.

    `shift`: the claims that the deployed fit predicts for this experience, over those of the exact one.
    """

    content: dict[str, Any]
    changes: tuple[Change, ...]
    levels: tuple[Level, ...]
    scales: tuple[losses.Scale, ...]
    fixed: tuple[str, ...]
    shift: float


def fit(policies: Sequence[Policy], *, name: str) -> Learnt:
    """The exact posterior mode of the shipped prior under this experience, and the deployable model."""
    shape = build.shipped_design()
    model, scales = estimate(shape, policies), losses.learn(policies)
    severity = {scale.peril: scale.scale for scale in scales}
    return Learnt(
        content=build.export(
            build.deployable(model),
            priors.table(),
            name=name,
            severity=severity,
            valued_on=valued_on(policies),
        ),
        changes=_changes(model),
        levels=_levels(model),
        scales=scales,
        fixed=model.fixed_,
        shift=_shift(model, policies),
    )


def valued_on(policies: Iterable[Policy]) -> date | None:
    """The last day on which claims of these policies were valued; None where none was exposed."""
    return max((item.valuation for item in policies if any(item.base.values())), default=None)


def estimate(shape: Design, policies: Sequence[Policy]) -> RiskModel:
    """The estimator fitted to the policies."""
    values, ratios, base = arrays(shape, policies)
    return RiskModel(shape).fit(values, ratios, sample_weight=base)


def arrays(shape: Design, policies: Sequence[Policy]) -> tuple[Floats, Floats, Floats]:
    """Feature values (n, J), claims for each one expected and those expected, both (n, P)."""
    values = np.array(
        [[np.nan if (v := item.values[name]) is None else v for name in shape.names] for item in policies]
    )
    base = np.array([[item.base.get(peril, 0.0) for peril in shape.perils] for item in policies])
    claims = np.array([[item.claims.get(peril, 0) for peril in shape.perils] for item in policies])
    ratios = np.divide(claims, base, out=np.zeros_like(base), where=base > 0)
    return values, ratios, base


def _shift(model: RiskModel, policies: Sequence[Policy]) -> float:
    """Predicted claims of the deployed fit over those of the exact one; 1 without exposure."""
    shape = model.design_
    values, _, base = arrays(shape, policies)
    fits = ((model.coef_, model.level_), (model.deployed_coef_, model.deployed_level_))
    exact, deployed = (
        float((base * level * np.exp(shape.relativities(coefficients).log_factors(values))).sum())
        for coefficients, level in fits
    )
    return deployed / exact if exact else 1.0


def _changes(model: RiskModel) -> tuple[Change, ...]:
    shape = model.design_
    sd = np.sqrt(np.diag(model.covariance_))
    return tuple(
        Change(
            feature=name,
            prior=float(np.exp(shape.mean[j])),
            exact=float(np.exp(model.coef_[j])),
            deployed=float(np.exp(model.deployed_coef_[j])),
            sd=float(sd[j]),
        )
        for j, name in enumerate(shape.names)
    )


def _levels(model: RiskModel) -> tuple[Level, ...]:
    places = {peril: index for index, peril in enumerate(model.design_.perils)}
    return tuple(
        Level(
            peril=peril.value,
            expected=float(model.expected_[places[peril]]),
            observed=float(model.observed_[places[peril]]),
            exact=float(model.level_[places[peril]]),
            level=float(model.deployed_level_[places[peril]]),
            credibility=z(float(model.expected_[places[peril]])),
        )
        for peril in LEARNT
    )
