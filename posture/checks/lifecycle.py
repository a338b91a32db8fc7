"""Whether stated software is still mended by its maker, by `posture/data/end_of_life.toml`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from posture.checks.http import shown
from posture.checks.tables import table
from posture.core.findings import Confidence, Verdict, failed, not_applicable, passed, unknown

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Versions that begin with `version` (and come before `below`); `ended` is their last day, if over."""

    version: Version
    below: Version | None
    ended: date | None

    def holds(self, version: Version) -> bool:
        """Whether a version belongs to the line."""
        begins = version[: len(self.version)] == self.version
        return begins and (self.below is None or version < self.below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Software with its lines, the most particular first."""

    name: str
    pattern: re.Pattern[str]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Software that a text names, with the line its version belongs to; None where the table has none."""

    name: str
    version: str
    line: Line | None

    def label(self) -> str:
        """Name and version for a sentence."""
        return f"{self.name} {shown(self.version)}"


@cache
def products(seen_in: str) -> tuple[Product, ...]:
    """The products that are recognised in texts of one origin: web or services."""
    return tuple(
        Product(
            name=entry["name"],
            pattern=re.compile(entry["pattern"], re.IGNORECASE),
            lines=tuple(sorted(map(_line, entry["lines"]), key=_particular)),
        )
        for entry in table("end_of_life")["product"]
        if seen_in in entry["seen_in"]
    )


def stated(texts: Iterable[str], seen_in: str) -> tuple[Stated, ...]:
    """The versions that the texts state of products in the table, each once."""
    found: dict[tuple[str, str], Stated] = {}
    for text in texts:
        for product in products(seen_in):
            for match in product.pattern.finditer(text):
                version = match["version"]
                line = next((line for line in product.lines if line.holds(_numbers(version))), None)
                found[product.name, version] = Stated(name=product.name, version=version, line=line)
    return tuple(found[key] for key in sorted(found))


def judge_texts(texts: Iterable[str], seen_in: str, *, path: str) -> Iterator[Verdict]:
    """One `ended` per product past its day; `supported` when all versions stated are mended.

    A version that the table does not list stays unknown; where none is stated there is nothing to judge. The
    table's own day decides, not the day of the scan: what ends later is judged by a later table.
    """
    known = stated(texts, seen_in)
    software = tuple(entry.label() for entry in known)
    unlisted = tuple(entry.label() for entry in known if entry.line is None)
    over = [(entry, entry.line.ended) for entry in known if entry.line and entry.line.ended]
    for entry, day in over:
        verdict = failed("ended", software=entry.label(), ended=str(day))
        yield replace(verdict, confidence=Confidence.INFERRED, discriminator=entry.name)
    if not known:
        yield not_applicable("not_stated")
    elif unlisted and not over:
        yield unknown("not_listed", path=path, software=unlisted)
    elif not over:
        yield replace(passed("supported", software=software), confidence=Confidence.INFERRED)


def _line(entry: dict[str, str | date]) -> Line:
    ended = entry.get("ended")
    below = entry.get("below")
    return Line(
        version=_numbers(str(entry["version"])),
        below=None if below is None else _numbers(str(below)),
        ended=ended if isinstance(ended, date) else None,
    )


def _particular(line: Line) -> tuple[int, bool]:
    return -len(line.version), line.below is None


def _numbers(version: str) -> Version:
    return tuple(int(part) for part in version.split("."))
