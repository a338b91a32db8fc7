"""The program's one clock, so that tests can set the time."""

from datetime import UTC, date, datetime


def utc_now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def day_here(at: datetime) -> date:
    """The day it is then where the program runs: renewal dates are days of the office."""
    return at.astimezone().date()
