"""A version of a quote: what was asked, what the model says, what is offered, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from posture.core.application import Application
from posture.core.decisions import Decision, Premium


class State(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    REFERRED = "referred"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    BOUND = "bound"
    DECLINED = "declined"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The underwriter's own terms, beside the model's decision and never instead of it.

    `schedule` is a factor inside the filed range; `level` is the authority it was given under.
    """

    schedule: float
    by: str
    level: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """The authority a case needs: the highest level that any of the reasons asks for, and signatures.

    `level` is None where nobody in the authority table may decide.
    """

    level: str | None
    signatures: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a quote. `decision` is the model's, without override; `premium` what is offered.

    `routed` is where the version goes when it is issued: quoted or referred. The period is that of the
    place of issue, `offset_minutes` east of UTC. Without a filed table it is an `indication`, which nobody
    can accept. `tables`, `model` and `appetite` are digests of what it was priced with.
    """

    quote: str
    number: int
    issued: datetime
    valid_until: datetime
    period_from: datetime
    period_until: datetime
    offset_minutes: int
    application: Application
    decision: Decision
    premium: Premium
    override: Override | None
    required: Required
    routed: State
    indication: bool
    tables: str
    model: str
    appetite: str

    @property
    def period(self) -> tuple[datetime, datetime]:
        """First and last moment of cover in the time of the place of issue."""
        zone = timezone(timedelta(minutes=self.offset_minutes))
        return self.period_from.astimezone(zone), self.period_until.astimezone(zone)
