"""What would be: the decision if findings were fixed, or unknowns answered. Counted by `models.whatif`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from posture.core.decisions import Action, Interval, Loading, Premium, Tier
from posture.core.observations import Reason


class Held(StrEnum):
    """Why a fix does not lower the premium. A zero that is not explained reads as “not worth mending”."""

    NOT_READ = "not-read"  # the model reads nothing from this finding
    SHARED = "shared"  # other findings say the same; only together they count
    OPENS = "opens"  # elsewhere the same question is unanswered
    GROUP_CAP = "group-cap"  # the findings of its family are capped already
    CLIP = "clip"  # the technical loading stands at its bound
    CHARGED_CAP = "charged-cap"  # the charged loading stands at its bound
    FLOOR = "floor"  # something unseen takes away every discount
    NO_PRICE = "no-price"  # nothing may be priced
    MINIMUM = "minimum"  # the minimum premium is asked for anyway, or the change is lost in rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The decision in short. `relativity` is G; loadings and premium as in `Decision`, `score` 0 to 100.

    `factors`: the posture factor by cover before any bound (step 6); covers no scan moves are left out.
    """

    tier: Tier
    action: Action
    score: float
    relativity: float
    relativity_interval: Interval
    factors: Mapping[str, float]
    loading: Mapping[str, Loading | None]
    loading_interval: Interval
    premium: Premium


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What fixing these findings together, and nothing else, would change.

    `gain` is the fall of the total technical loading (0.1 = ten points), `fall` that of G, `worth` the
    gain in minor units of premium a year (None where nothing may be priced), `effort` person-hours.
    `opens` are features that are unanswered once the finding is gone; no premium is named then.
    """

    findings: tuple[str, ...]
    after: Outcome
    gain: float
    fall: float
    worth: int | None
    effort: float
    held: Held | None
    opens: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Gain for each hour of effort: what fixes are ordered by."""
        return self.gain / self.effort


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What removing unknowns would change: the features turn out clean, or found.

    `findings` are the questions to ask again; a feature that no check was asked about has none.
    """

    features: tuple[str, ...]
    reasons: tuple[Reason, ...]
    findings: tuple[str, ...]
    clean: Outcome
    found: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cheapest fixes found that reach a tier, best gain for the effort first.

    `exact`: no cheaper set exists; otherwise the set was found greedily among `candidates` and none of
    its fixes can be left out. `reached` False: not even all candidates together (`fixes`) are enough.
    """

    target: Tier
    reached: bool
    exact: bool
    candidates: int
    fixes: tuple[Fix, ...]
    effort: float
    after: Outcome
    opens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Everything that can be said of one stored assessment without another scan.

    `fixes` holds every failed finding alone, `groups` findings that count only together (single ones
    too), both by gain for the effort. `everything` answers all unknowns at once; None without any.
    `plan` leads to the next tier; None in the best one. `effort_as_of` dates the table of efforts.
    """

    before: Outcome
    fixes: tuple[Fix, ...]
    groups: tuple[Fix, ...]
    answers: tuple[Answer, ...]
    everything: Answer | None
    plan: Plan | None
    effort_as_of: date
