"""Fits the model to own experience and says what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import build, priors
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
    """One peril's claims and level: deployed level, and the credibility of the experience."""

    peril: str
    expected: float
    observed: float
    level: float
    credibility: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A fitted artefact document and what changed; features in `fixed` were set to 0 before a refit."""

    content: dict[str, Any]
    changes: tuple[Change, ...]
    levels: tuple[Level, ...]
    fixed: tuple[str, ...]


def fit(policies: Sequence[Policy], *, name: str) -> Learnt:
    """The exact posterior mode of the shipped prior under this experience, and the deployable model."""
    model = estimate(build.shipped_design(), policies)
    return Learnt(
        content=build.export(build.deployable(model), priors.table(), name=name),
        changes=_changes(model),
        levels=_levels(model),
        fixed=model.fixed_,
    )


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
            level=float(model.deployed_level_[places[peril]]),
            credibility=z(float(model.expected_[places[peril]])),
        )
        for peril in LEARNT
    )
