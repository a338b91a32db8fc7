"""Looks through rating tables for what no reader of one file can see: every problem, not the first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from models import appetite, artefact, authority, declared, quoting, tables
from models.perils import Peril
from models.tables import Tables
from posture.core.decisions import Cover
from posture.core.errors import PostureError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table's file with its problems; `tables` is None where it cannot be read."""

    path: Path
    tables: Tables | None
    problems: tuple[str, ...]


def check(paths: Sequence[Path] = ()) -> tuple[Checked, ...]:
    """The named files, or every shipped one. Reading proves units, sources, gaps and filing bounds."""
    files = list(paths) or sorted(tables.MARKETS.glob("*/*.toml"))
    found = [_checked(path, shipped=not paths) for path in files]
    gaps = dict(_chains([item.tables for item in found if item.tables is not None]))
    return tuple(
        Checked(
            path=item.path,
            tables=item.tables,
            problems=(*item.problems, *gaps.get(item.tables.key if item.tables else "", ())),
        )
        for item in found
    )


def profiles() -> tuple[str, ...]:
    """What does not fit in appetite, authority, questionnaire and quoting rules; empty when all does."""
    problems = []
    for read in (appetite.profile, authority.table, declared.controls, quoting.rules):
        try:
            read()
        except PostureError as error:
            problems.append(error.message)
    return tuple(problems)


def _checked(path: Path, *, shipped: bool) -> Checked:
    try:
        found = tables.read(path)
    except PostureError as error:
        return Checked(path=path, tables=None, problems=(error.message,))
    return Checked(path=path, tables=found, problems=tuple(_problems(path, found, shipped=shipped)))


def _problems(path: Path, found: Tables, *, shipped: bool) -> Iterator[str]:
    name = path.name
    if shipped:
        yield from _in_place(path, found)
    if found.market not in quoting.rules().local:
        yield f"{name}: quoting.toml, [period] has no hour for {found.market}."
    if found.currency not in authority.table().limits:
        yield f"{name}: authority.toml, [limits] has nothing in {found.currency}."
    for peril in Peril:
        if peril not in found.frequency:
            yield f"{name}: [frequency] lacks {peril}."
        if peril not in found.triggers:
            yield f"{name}: [triggers] lacks {peril}: it costs nobody anything."
    yield from _covers(name, found)
    unknown = {*found.sector_needs, *found.sector_refers} - set(found.sectors)
    if unknown:
        yield f"{name}: [sector_rules] names {', '.join(sorted(unknown))}, which [sectors] does not hold."
    if not 0 < found.revenue_range.low < found.revenue_range.high:
        yield f"{name}: [revenue] low is not below high."


def _in_place(path: Path, found: Tables) -> Iterator[str]:
    """A shipped table lies in its market's folder, and the shipped model is balanced on it."""
    if path.parent.name != found.market.lower():
        yield f"{path.name}: market is {found.market}, but the folder is {path.parent.name}."
    try:
        artefact.shipped().balanced(found)
    except PostureError as error:
        yield f"{error.message} {error.remedy}"


def _covers(name: str, found: Tables) -> Iterator[str]:
    for cover in Cover:
        if cover not in found.standard:
            yield f"{name}: [standard] lacks cover {cover}."
        elif found.authority.limit.get(cover, 0) < found.standard[cover].limit:
            yield f"{name}: [authority] limit {cover} is below the standard limit."


def _chains(found: Sequence[Tables]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Gaps and overlaps between the files of a market, by the key of the earlier one.

    A table holds until the next begins, so that tables cannot overlap; a filing can end before.
    """
    for market in {table.market for table in found}:
        chain = sorted((t for t in found if t.market == market), key=lambda table: table.valid_from)
        for table, after in pairwise([*chain, None]):
            if table is not None:
                yield table.key, tuple(_filed_days(table, after))


def _filed_days(table: Tables, after: Tables | None) -> Iterator[str]:
    filing = table.filing
    if not filing.filed:
        return
    if filing.valid_from > table.valid_from:
        yield f"{table.key}: in force from {table.valid_from}, filed only from {filing.valid_from}."
    if after is not None and filing.valid_until < after.valid_from:
        yield (
            f"{table.key}: filed until {filing.valid_until}, the next table begins {after.valid_from}: "
            "between them nothing can be bound."
        )
    if after is not None and filing.valid_until > after.valid_from:
        yield f"{table.key}: filed until {filing.valid_until}, but {after.key} takes its place before."
