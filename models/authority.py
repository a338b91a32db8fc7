"""The authority a case needs, from data/authority.toml: by limit, tier, deviation and knock-out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models import reading
from posture.core.application import Application
from posture.core.decisions import Action, Decision, Tier
from posture.core.desk.quote import Required

_PATH = reading.DATA / "authority.toml"
#: Schedules this near to 1 deviate from nothing.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """`levels` lowest first; what each level may decide at most. Limits in minor units by currency."""

    levels: tuple[str, ...]
    limits: Mapping[str, Mapping[str, int]]
    tiers: Mapping[Tier, str]
    deviation: Mapping[str, float]
    knock_out: str
    signatures: int


def table() -> Authority:
    """The authority in force. Raises PostureError naming what does not fit."""
    return read(_PATH)


@cache
def read(path: Path) -> Authority:
    """The authority of a file. Raises PostureError naming file, section and what does not fit."""
    content = reading.document(path)
    try:
        found = _read(path, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise reading.bad(path, f"cannot be read: {type(error).__name__} {error}") from None
    _check(path, found)
    return found


def required(decision: Decision, application: Application, schedule: float = 1.0) -> Required:
    """The highest level any reason asks for. `reasons` name the limit, tier, deviation or knock_out."""
    held = table()
    asked = tuple(_asked(held, decision, application, schedule))
    above = any(level is None for _, level in asked)
    levels = [held.levels.index(level) for _, level in asked if level is not None]
    return Required(
        level=None if above else held.levels[max(levels, default=0)],
        signatures=held.signatures if decision.knock_outs else 1,
        reasons=tuple(reason for reason, level in asked if level is None or level != held.levels[0]),
    )


def _asked(
    held: Authority, decision: Decision, application: Application, schedule: float
) -> Iterator[tuple[str, str | None]]:
    largest = max(terms.limit for terms in application.covers.values())
    limits = held.limits.get(application.currency, {})
    yield "limit", _first(held, limits, largest)
    if decision.action in {Action.REFER, Action.DECLINE}:
        yield "tier", held.tiers[decision.tier]
    if abs(schedule - 1) > _SAME:
        yield "deviation", _first(held, held.deviation, abs(schedule - 1) - _SAME)
    if decision.knock_outs:
        yield "knock_out", held.knock_out


def _first(held: Authority, most: Mapping[str, float] | Mapping[str, int], asked: float) -> str | None:
    """The lowest level that may decide so much; None where nobody may."""
    return next((level for level in held.levels if asked <= most.get(level, -1)), None)


def _read(path: Path, content: Mapping[str, Any]) -> Authority:
    def section(name: str) -> Mapping[str, Any]:
        return reading.section(path, content, name)

    knock_out = section("knock_out")
    return Authority(
        levels=tuple(sorted(section("levels"), key=lambda level: int(section("levels")[level]))),
        limits={
            currency: {level: int(most) for level, most in entry.items()}
            for currency, entry in section("limits").items()
        },
        tiers={Tier(tier): str(level) for tier, level in section("tiers").items()},
        deviation={level: float(most) for level, most in section("deviation").items()},
        knock_out=str(knock_out["level"]),
        signatures=int(knock_out["signatures"]),
    )


def _check(path: Path, found: Authority) -> None:
    """Every level has its limits, none less than the one below; every tier has a level that exists."""
    columns: list[tuple[str, Mapping[str, float]]] = [("deviation", found.deviation)]
    columns += [(f"limits.{currency}", entry) for currency, entry in found.limits.items()]
    for name, most in columns:
        values = [most.get(level, -1.0) for level in found.levels]
        if set(most) != set(found.levels) or values != sorted(values) or values[0] < 0:
            raise reading.bad(path, f"[{name}] must hold every level once, none less than the one below")
    named = {*found.tiers.values(), found.knock_out}
    if set(found.tiers) != set(Tier) or not named <= set(found.levels):
        raise reading.bad(path, "[tiers] and [knock_out] must hold T1 to T5 and levels that exist")
    if found.signatures not in {1, 2}:
        raise reading.bad(path, f"[knock_out] signatures is {found.signatures}, neither 1 nor 2")
