"""What a report is made of: a handful of blocks that every format can lay out.

Words are final here (one language, numbers in the reader's convention), markup is not: a renderer escapes
every string. `tone` is a name of `TONES` and never the only bearer of a meaning.
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from reports.dress import Dress

T = TypeVar("T")

#: Severities, outcomes, and two of layout. Each renderer has a colour and a mark for every one.
TONES = (
    "",
    "critical",
    "high",
    "medium",
    "low",
    "info",
    "pass",
    "unknown",
    "not_applicable",
    "accent",
    "muted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference to an anchor of the same document."""

    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text; `links` follow it."""

    text: str
    tone: str = ""
    links: tuple[Link, ...] = ()
    block: str = field(default="paragraph", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Something to copy: a command, a line of configuration."""

    text: str
    block: str = field(default="code", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One point of a list, with a quieter note under it."""

    text: str
    note: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    entries: tuple[Entry, ...]
    ordered: bool = False
    block: str = field(default="items", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A term and what it is."""

    term: str
    text: str
    mono: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A list of terms and their descriptions."""

    rows: tuple[Fact, ...]
    block: str = field(default="facts", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A box that must not be overlooked."""

    title: str
    text: str
    tone: str = "accent"
    block: str = field(default="notice", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure to read first, with its name above and a note below."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """The figures to read first, side by side."""

    tiles: tuple[Tile, ...]
    block: str = field(default="tiles", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's title, its alignment (left, right) and its share of the width on paper."""

    title: str
    align: str = "left"
    share: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell; `anchor` makes it a link inside the document, `whole` keeps a word or two on one line.

    `rank` orders it among the cells of its column where its text does not; negative for none.
    """

    text: str
    tone: str = ""
    anchor: str = ""
    mono: bool = False
    whole: bool = False
    rank: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under titled columns. The first cell of a row names the row; `total` sets the last row apart."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False
    block: str = field(default="table", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a chart; positions are shares (0–1) of the axis.

    A bar runs from `start` to `end`; `low` and `high` draw an interval, `mark` a point. A row with
    `start` None is known to be empty (not observed) and says so in `value`.
    """

    label: str
    value: str
    start: float | None = None
    end: float | None = None
    low: float | None = None
    high: float | None = None
    mark: float | None = None
    tone: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A named position of an axis; `strong` draws the line through every row."""

    at: float
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A chart that is a table: a name, a bar and a figure in every row (docs/adr/0005-charts.md)."""

    caption: str
    heads: tuple[str, str, str]
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    block: str = field(default="bars", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A short label: severity, outcome, owner."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A titled part of a card."""

    title: str
    blocks: tuple["Paragraph | Code | Items | Facts", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One finding."""

    anchor: str
    title: str
    badges: tuple[Badge, ...]
    where: str
    parts: tuple[Part, ...]
    block: str = field(default="card", init=False)


Block = Paragraph | Code | Items | Facts | Notice | Tiles | Table | Bars | Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report with its place in the table of contents."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Words the layout itself needs."""

    contents: str
    page_of: str
    top: str
    filter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole report in one language. `watermark` is printed across every page, empty for none.

    `issued` is the time of the assessment, so that the same assessment always gives the same report.
    """

    language: str
    kind: str
    title: str
    subject: str
    issuer: str
    issued: datetime
    lines: tuple[Fact, ...]
    watermark: str
    footer: str
    sections: tuple[Section, ...]
    labels: Labels
    dress: Dress = field(default_factory=Dress)


def rewrite(value: T, change: Callable[[str], str], *, keep: tuple[type, ...] = ()) -> T:
    """The same value with every string inside changed, but those in blocks of the kinds to keep."""
    return typing.cast(T, _rewrite(value, change, keep))


def translate(value: T, table: Mapping[int, str]) -> T:
    """The same value with characters (by code point) replaced."""
    return rewrite(value, lambda text: text.translate(table))


def _rewrite(value: object, change: Callable[[str], str], keep: tuple[type, ...]) -> object:
    if isinstance(value, keep):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_rewrite(item, change, keep) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [item.name for item in dataclasses.fields(value) if item.init]
        return type(value)(**{name: _rewrite(getattr(value, name), change, keep) for name in fields})
    return value
