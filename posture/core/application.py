"""The applicant's answers: what the underwriter asked for and what was declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from posture.core.decisions import Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverTerms:
    """Limit and deductible in minor units of the application's currency; waiting time for cover C."""

    limit: int
    deductible: int = 0
    waiting_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A past incident as declared."""

    date: date
    kind: str
    loss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is asked for and declared. A cover not named is not wanted, a control not named not answered.

    Money is in minor units of `currency` (JPY: yen). `further` keeps optional fields that no
    step of the calculation reads, as plain JSON values.
    """

    applicant: str
    country: str
    currency: str
    sector: str
    revenue: int
    employees: int
    records: int
    covers: Mapping[Cover, CoverTerms]
    controls: Mapping[str, bool] = field(default_factory=dict)
    daily_gross_profit: int | None = None
    it_services_revenue: int | None = None
    incidents: tuple[Incident, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)
