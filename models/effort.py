"""What mending a finding takes, as dated judgement: the check's own figure, or that of its area."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from models import reading

_PATH = reading.DATA / "effort.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Efforts:
    """Person-hours by area and, where a check differs from its area, by check."""

    areas: Mapping[str, float]
    checks: Mapping[str, float]
    as_of: date

    def hours(self, check: str) -> float:
        """Person-hours to mend one finding of a check. Raises PostureError for an area without a figure."""
        area = check.partition("/")[0]
        found = self.checks.get(check, self.areas.get(area))
        if found is None:
            raise reading.bad(_PATH, f"[areas] {area} is missing, but {check} needs it")
        return found


@cache
def table() -> Efforts:
    """The shipped table. Raises PostureError naming what does not fit."""
    content = reading.document(_PATH)
    areas, checks = (_hours(name, reading.section(_PATH, content, name)) for name in ("areas", "checks"))
    return Efforts(areas=areas, checks=checks, as_of=content["areas"]["as_of"])


def _hours(name: str, values: Mapping[str, object]) -> dict[str, float]:
    return {key: reading.number(_PATH, f"[{name}] {key}", value, above=0) for key, value in values.items()}
