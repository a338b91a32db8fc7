"""The applicant's answers: what the underwriter asked for and what was declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from posture.core.decisions import Cover


class Defence(StrEnum):
    """Whether the cost of disputes uses up the limit of cover A, or is paid beside it."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class Territory(StrEnum):
    """Where incidents and claims are insured."""

    WORLDWIDE = "worldwide"
    NO_US_CANADA = "worldwide-except-us-canada"
    DOMESTIC = "domestic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTerms:
    """A cost item inside cover B: its sub-limit (None: the cover's), and the share the insured bears."""

    limit: int | None = None
    coinsurance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverTerms:
    """Terms of one cover; money in minor units of the application's currency.

    `limit` is per claim, `aggregate` per policy year (None: every claim has the whole limit). Cover C has a
    waiting time or a deductible. `defence` is read for A only, `items` (by name) for B only.
    """

    limit: int
    deductible: int = 0
    waiting_hours: int | None = None
    aggregate: int | None = None
    defence: Defence = Defence.INSIDE
    territory: Territory = Territory.WORLDWIDE
    items: Mapping[str, ItemTerms] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimit:
    """One limit over several covers, beside their own: per claim, per year, or both (None: not limited)."""

    covers: tuple[Cover, ...]
    limit: int | None = None
    aggregate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A past incident as declared."""

    date: date
    kind: str
    loss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is asked for and declared. A cover not named is not wanted, a control not named not answered.

    Money is in minor units of `currency` (JPY: yen). Shares of revenue are 0 to 1, US and Canada within
    overseas. `hosts` are names that the applicant knows to be reachable, such as its VPN gateway's. `further`
    keeps optional fields that no step of the calculation reads, as plain JSON values.
    """

    applicant: str
    country: str
    currency: str
    sector: str
    revenue: int
    employees: int
    records: int
    covers: Mapping[Cover, CoverTerms]
    shared: tuple[SharedLimit, ...] = ()
    controls: Mapping[str, bool] = field(default_factory=dict)
    daily_gross_profit: int | None = None
    it_services_revenue: int | None = None
    overseas_revenue_share: float | None = None
    us_canada_revenue_share: float | None = None
    incidents: tuple[Incident, ...] = ()
    hosts: tuple[str, ...] = ()
    further: Mapping[str, Any] = field(default_factory=dict)
