"""Declared controls: credited where nothing can be observed, compared where something was."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from models import reading
from models.statements import ReasonId
from models.tables import Bounds
from posture.core.decisions import Statement
from posture.core.errors import PostureError
from posture.core.features import FeatureVector

_PATH = reading.DATA / "controls.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A question. With `observed_by` posture prices it, so the answer has no factor of its own."""

    yes: float = 1.0
    no: float = 1.0
    observed_by: tuple[str, ...] = ()


@cache
def controls() -> Mapping[str, Control]:
    """Every control an application may answer. Raises PostureError when the file does not fit."""
    values = reading.section(_PATH, reading.document(_PATH), "controls")
    return {name: _control(name, entry) for name, entry in values.items()}


def factor(answers: Mapping[str, bool], bounds: Bounds) -> float:
    """Product of the answered controls' factors, bounded; 1 for what was not answered."""
    known = {name: _known(name) for name in answers}
    product = math.prod(known[name].yes if answer else known[name].no for name, answer in answers.items())
    return bounds.clip(product)


def differences(answers: Mapping[str, bool], features: FeatureVector) -> tuple[Statement, ...]:
    """Answers that differ from what was seen: each is a question to the applicant, not a reproach."""
    return tuple(
        Statement(
            id=ReasonId.DIFFERS.value,
            arguments={"control": name, "feature": feature},
            findings=features.sources.get(feature, ()),
        )
        for name, answer in answers.items()
        if answer
        for feature in _known(name).observed_by
        if features.values.get(feature) == 1.0
    )


def _control(name: str, entry: Mapping[str, object]) -> Control:
    observed = entry.get("observed_by")
    if isinstance(observed, list):
        return Control(observed_by=tuple(observed))
    yes = reading.number(_PATH, f"[controls] {name}.yes", entry.get("yes"), above=0)
    no = reading.number(_PATH, f"[controls] {name}.no", entry.get("no"), above=0)
    if not yes <= 1 <= no:
        raise reading.bad(_PATH, f"[controls] {name}: yes may not cost more, nor no less, than no answer")
    return Control(yes=yes, no=no)


def _known(name: str) -> Control:
    try:
        return controls()[name]
    except KeyError:
        raise PostureError(
            f"The application answers a control “{name}” that does not exist.",
            remedy=f"Known controls: {', '.join(controls())}.",
            code="bad-application",
        ) from None
