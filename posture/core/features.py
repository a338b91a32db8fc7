"""What the model reads: numbers made from findings. Unknown is None, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass

from posture.core.observations import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureVector:
    """Every model feature by name; None where it was not observed, with the reason in `unseen`.

    `sources` names the findings (ids) each observed value came from.
    """

    schema: str
    values: Mapping[str, float | None]
    unseen: Mapping[str, Reason]
    sources: Mapping[str, tuple[str, ...]]
