"""The literature prior: what each finding is thought to do to the frequency of claims, and how surely."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from models import reading
from models.perils import Group, Peril
from models.shares import Shares

_FEATURES = reading.DATA / "features.toml"
_PRIORS = reading.DATA / "priors.toml"
_PERILS = reading.DATA / "perils.toml"
#: Keys of a source that list messages, or checks.
_LISTS = ("messages", "unasked", "moot", "half", "shown_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A check whose findings set a feature; with `messages`, only those failures count.

    `unasked` are the unknowns of our own making: no feed, a record that decides nothing. `moot` are those
    that pose no question of the feature: as if the check were not applicable. `half` are messages of any
    outcome that count half, like an inferred failure: a version that is not shown, a middle-sized footprint.
    `shown_by` are checks of which a pass on the same machine answers them.
    """

    check: str
    messages: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()
    moot: frozenset[str] = frozenset()
    half: frozenset[str] = frozenset()
    shown_by: frozenset[str] = frozenset()

    def messages_named(self) -> frozenset[str]:
        """Every message that the source treats in a way of its own."""
        return self.messages | self.unasked | self.moot | self.half


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """One row of the prior table.

    `relative_risk` as published, `weight` the trust in it, `tau` the prior sd of the log coefficient,
    `shares` say how common the finding is in the reference book, in full and at half.
    Without `sources` no shipped check sees the feature, and the model leaves it out.
    """

    name: str
    group: Group
    tilt: Mapping[Peril, float]
    sources: tuple[Source, ...]
    relative_risk: float
    weight: float
    tau: float
    shares: Shares
    grade: str
    read: str
    source: str

    def coefficient(self, kappa: float) -> float:
        """Log relativity before the tilt: weight x κ x ln(relative risk). κ enters here and nowhere else."""
        return kappa * self.weight * math.log(self.relative_risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorTable:
    """All rows, with the rules that combine them (data/perils.toml)."""

    rows: Mapping[str, Prior]
    kappa: float
    kappa_date: date
    group_caps: Mapping[Group, float]
    overlap_order: tuple[str, ...]
    overlap_strength: float
    follows: Mapping[Peril, Peril]
    unseen: Mapping[Group, str]
    coverage_floor: float
    letters: Mapping[str, float]

    def active(self) -> tuple[Prior, ...]:
        """The rows that a shipped check can observe: the model's features, in the file's order."""
        return tuple(row for row in self.rows.values() if row.sources)

    def perils(self) -> tuple[Peril, ...]:
        """Perils with a tilt of their own."""
        first = next(iter(self.rows.values()))
        return tuple(peril for peril in Peril if peril in first.tilt)


@cache
def table() -> PriorTable:
    """The shipped prior table. Raises PostureError naming file, row and key of what does not fit."""
    rules, priors = reading.document(_PERILS), reading.document(_PRIORS)
    tilts = {name: _tilt(entry) for name, entry in reading.section(_PERILS, rules, "tilts").items()}
    rows = {name: _row(name, entry, priors, tilts) for name, entry in reading.document(_FEATURES).items()}
    overlap = reading.section(_PERILS, rules, "overlap")
    return PriorTable(
        rows=rows,
        kappa=reading.number(_PRIORS, "[kappa] value", priors["kappa"]["value"], above=0),
        kappa_date=priors["kappa"]["as_of"],
        group_caps={Group(k): float(v) for k, v in reading.section(_PERILS, rules, "group_caps").items()},
        overlap_order=tuple(overlap["order"]),
        overlap_strength=float(overlap["strength"]),
        follows={Peril(k): Peril(v) for k, v in reading.section(_PERILS, rules, "follows").items()},
        unseen={Group(k): str(v) for k, v in reading.section(_PERILS, rules, "unseen").items()},
        coverage_floor=float(reading.section(_PERILS, rules, "coverage")["floor"]),
        letters={k: float(v) for k, v in reading.section(_PERILS, rules, "score").items()},
    )


def _tilt(entry: Mapping[str, Any]) -> dict[Peril, float]:
    return {Peril(peril): float(value) for peril, value in entry.items()}


def _row(
    name: str,
    feature: Mapping[str, Any],
    priors: Mapping[str, Any],
    tilts: Mapping[str, Mapping[Peril, float]],
) -> Prior:
    entry = priors.get(name)
    if not isinstance(entry, Mapping):
        raise reading.bad(_PRIORS, f"[{name}] is missing, but features.toml names it")
    numbers = {
        key: reading.number(_PRIORS, f"[{name}] {key}", entry.get(key), above=0)
        for key in ("relative_risk", "weight", "tau")
    }
    return Prior(
        name=name,
        group=Group(feature["group"]),
        tilt=tilts[feature["tilt"]],
        sources=sources(feature.get("from", ())),
        shares=_shares(name, entry),
        grade=entry["grade"],
        read=entry["read"],
        source=entry["source"],
        **numbers,
    )


def _shares(name: str, entry: Mapping[str, Any]) -> Shares:
    found = reading.number(_PRIORS, f"[{name}] prevalence", entry.get("prevalence"), above=0)
    half = reading.number(_PRIORS, f"[{name}] half", entry.get("half", 0.0))
    if half < 0 or found + half >= 1:
        raise reading.bad(_PRIORS, f"[{name}] prevalence {found} and half {half} are no shares of one book")
    return Shares(found, half)


def sources(entries: Iterable[Mapping[str, Any]]) -> tuple[Source, ...]:
    """The checks that set a feature, as features.toml and artefacts write them. Raises KeyError."""
    return tuple(
        Source(check=item["check"], **{key: frozenset(item.get(key, ())) for key in _LISTS})
        for item in entries
    )


def written(of: Iterable[Source]) -> list[dict[str, Any]]:
    """The other way round: what `sources` reads."""
    return [
        {"check": one.check} | {key: sorted(getattr(one, key)) for key in _LISTS if getattr(one, key)}
        for one in of
    ]


def readings(path: Path) -> Mapping[str, tuple[Source, ...]]:
    """The checks that set each feature, of a file like features.toml. Raises PostureError."""
    return {name: sources(entry.get("from", ())) for name, entry in reading.document(path).items()}
