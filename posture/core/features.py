"""What the model reads: numbers made from findings. Unknown is None, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from posture.core.observations import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureVector:
    """Every model feature by name; None where it was not observed, with the reason in `unseen`.

    `sources` names the findings (ids) each observed value came from. `partly` names the features that were
    found on one machine while the same question stayed open on another: their value is known, the
    applicant is not wholly seen. `unasked` are those of which all that is open is for want of a feed or a
    record of ours: nobody hid them.
    """

    schema: str
    values: Mapping[str, float | None]
    unseen: Mapping[str, Reason]
    sources: Mapping[str, tuple[str, ...]]
    partly: Mapping[str, Reason] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()

    def open_questions(self) -> dict[str, Reason]:
        """Every feature with a question left open anywhere, found elsewhere or not; not those never asked."""
        return {k: why for k, why in {**self.unseen, **self.partly}.items() if k not in self.unasked}
