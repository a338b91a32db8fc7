"""What stands round an assessment and moves no figure of it: the ledger, the past, and the book."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from posture.core.desk.events import Event as CaseEvent
from posture.core.ledger import Event, Standing, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One earlier assessment of the same domain. `failed`: ids of the findings that were open then.

    `score` and its interval are 0 to 100; `relativity` is G of that day's model.
    """

    id: str
    finished_at: datetime
    tier: str
    letter: str
    score: float
    low: float
    high: float
    relativity: float
    failed: frozenset[str]


class Service(StrEnum):
    """What several applicants can have from one company, so that its bad day is everybody's."""

    MAIL = "mail"
    DNS = "dns"
    FRONT = "front"  # content delivery and shared hosting: where the names lead
    CA = "ca"
    VPN = "vpn"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Supplier:
    """A company by the name the observations give it."""

    service: Service
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A supplier of this applicant and how many other applicants of the store have it too."""

    supplier: Supplier
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything a report says beside the assessment, as of `at`; the empty one says nothing.

    `ledger`: histories by finding (id). `past`: earlier complete assessments, the oldest first. `book`:
    the score of every other applicant's newest complete assessment. `applicants` counts those whose
    suppliers are known, among which `shared` counts. `case`: what the desk did about this assessment.
    """

    at: datetime | None = None
    ledger: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)
    past: tuple[Past, ...] = ()
    book: tuple[float, ...] = ()
    applicants: int = 0
    case: tuple[CaseEvent, ...] = ()
    shared: tuple[Shared, ...] = ()

    def standing(self, finding: str) -> Standing:
        """Where the ledger leaves a finding (id)."""
        if self.at is None:
            return Standing()
        return standing(self.ledger.get(finding, ()), self.at)
