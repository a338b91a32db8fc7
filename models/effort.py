"""What mending findings takes, as dated judgement: the check's own figure, or that of its area."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from models import reading
from posture.core.findings import Finding

_PATH = reading.DATA / "effort.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Efforts:
    """Person-hours by area and, where a check differs from its area, by check."""

    areas: Mapping[str, float]
    checks: Mapping[str, float]
    as_of: date

    def hours(self, check: str) -> float:
        """Person-hours for what a check found on one machine. Raises PostureError for an area without any."""
        area = check.partition("/")[0]
        found = self.checks.get(check, self.areas.get(area))
        if found is None:
            raise reading.bad(_PATH, f"[areas] {area} is missing, but {check} needs it")
        return found


#: A check and the machine it failed on: what one change mends, whatever the number of ports or pages.
Task = tuple[str, str]


def tasks(findings: Iterable[Finding]) -> dict[Task, float]:
    """The hours of each piece of work that these findings ask for. Raises PostureError as `Efforts.hours`."""
    return {
        (item.check, item.target.address or item.target.name or ""): table().hours(item.check)
        for item in findings
    }


@cache
def table() -> Efforts:
    """The shipped table. Raises PostureError naming what does not fit."""
    content = reading.document(_PATH)
    areas, checks = (_hours(name, reading.section(_PATH, content, name)) for name in ("areas", "checks"))
    return Efforts(areas=areas, checks=checks, as_of=content["areas"]["as_of"])


def _hours(name: str, values: Mapping[str, object]) -> dict[str, float]:
    return {key: reading.number(_PATH, f"[{name}] {key}", value, above=0) for key, value in values.items()}
