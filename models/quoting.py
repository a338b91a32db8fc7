"""How long a quote holds and when its period begins (data/quoting.toml). Times are aware."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any

from models import reading
from models.tables import Filing

_PATH = reading.DATA / "quoting.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Days of validity, and by market the local time at which periods begin and end, with its offset."""

    days: int
    days_after_scan: int
    local: Mapping[str, time]


@cache
def rules() -> Rules:
    """The shipped rules. Raises PostureError naming what does not fit."""
    content = reading.document(_PATH)
    try:
        validity = reading.section(_PATH, content, "validity")
        return Rules(
            days=int(validity["days"]),
            days_after_scan=int(validity["days_after_scan"]),
            local={k: _local(v) for k, v in reading.section(_PATH, content, "period").items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise reading.bad(_PATH, f"cannot be read: {type(error).__name__} {error}") from None


def valid_until(
    issued: datetime, *, scanned: datetime, consent_until: datetime, market: str, filing: Filing
) -> datetime:
    """When a quote lapses: never beyond the days after the scan, the consent, or a filing in force."""
    used = rules()
    ends = [
        issued + timedelta(days=used.days),
        scanned + timedelta(days=used.days_after_scan),
        consent_until,
    ]
    if filing.in_force(issued.astimezone(zone(market)).date()):
        ends.append(datetime.combine(filing.valid_until, time(0), zone(market)))
    return min(ends)


def period(market: str, first: date) -> tuple[datetime, datetime]:
    """A year from the local time of the first day to that of the same day a year later."""
    clock = rules().local[market]
    return datetime.combine(first, clock), datetime.combine(_year_later(first), clock)


def zone(market: str) -> tzinfo:
    """The offset of a market's periods. Raises PostureError for a market that has none."""
    try:
        found = rules().local[market].tzinfo
    except KeyError:
        raise reading.bad(_PATH, f"[period] holds nothing for the market {market}") from None
    if found is None:
        raise reading.bad(_PATH, f"[period] {market} has no offset")
    return found


def _year_later(first: date) -> date:
    leap_day = (first.month, first.day) == (2, 29)
    return date(first.year + 1, 2, 28) if leap_day else first.replace(year=first.year + 1)


def _local(entry: Mapping[str, Any]) -> time:
    return time.fromisoformat(f"{entry['time']}{entry['offset']}")
