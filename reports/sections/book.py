"""The applicant over time and among others: its past, the book, and the suppliers it shares with many."""

from collections.abc import Sequence
from statistics import median, quantiles

from posture.core.dossier import Shared
from reports import convention
from reports.blocks import Bar, Bars, Block, Cell, Paragraph, Section, Table, Tick
from reports.say import Say
from reports.sections.parts import heads
from reports.view import View

#: Fewest other applicants that are called a book.
_FEWEST = 5
_SCALE = (0, 25, 50, 75, 100)


def score(view: View, say: Say) -> Bars:
    """Score with interval today; above it the past, below it the book, all on one scale."""
    current = view.assessment.score
    rows = [
        _row(say.day(one.finished_at.date()), one.score, one.low, one.high, one.letter)
        for one in view.dossier.past
    ]
    rows.append(
        _row(
            say("captions.score_row") if not rows else say("columns.now"),
            current.value,
            current.interval.low,
            current.interval.high,
            current.letter,
        )
    )
    rows += _book(view.dossier.book, say)
    return Bars(
        caption=say("captions.score_history" if len(rows) > 1 else "captions.score"),
        heads=(say("columns.item"), "", say("tiles.score")),
        ticks=tuple(Tick(at=at / 100, text=str(at)) for at in _SCALE),
        bars=tuple(rows),
    )


def standing(view: View, say: Say) -> tuple[Paragraph, ...]:
    """Where the score stands among the other applicants of the store."""
    book, mine = view.dossier.book, view.assessment.score.value
    if len(book) < _FEWEST:
        return (Paragraph(text=say("text.book_small", count=len(book)), tone="muted"),)
    better = sum(other > mine for other in book)
    share = convention.percent(better / len(book))
    return (Paragraph(text=say("text.book", count=len(book), share=share), tone="muted"),)


def accumulation(view: View, say: Say) -> Section | None:
    """Suppliers of this applicant that others of the book have too; None where none is known."""
    found = view.dossier.shared
    if not found:
        return None
    columns = heads(
        say, ("service", "left", 3), ("supplier", "left", 5), ("others", "right", 2), ("event", "left", 6)
    )
    rows = tuple(_shared(one, view, say) for one in found)
    blocks: tuple[Block, ...] = (
        Paragraph(text=say("text.accumulation", count=view.dossier.applicants)),
        Table(caption=say("captions.accumulation"), columns=columns, rows=rows),
    )
    return Section(anchor="accumulation", title=say("sections.accumulation"), blocks=blocks)


def _row(label: str, value: float, low: float, high: float, letter: str) -> Bar:
    return Bar(
        label=label,
        value=f"{convention.number(value)} ({letter})",
        start=0.0,
        end=0.0,
        low=low / 100,
        high=high / 100,
        mark=value / 100,
    )


def _book(book: Sequence[float], say: Say) -> list[Bar]:
    """The middle half of the book as a bar with its median, where there are enough others."""
    if len(book) < _FEWEST:
        return []
    first, _, third = quantiles(book, n=4, method="inclusive")
    middle = median(book)
    return [
        Bar(
            label=say("captions.book_row", count=len(book)),
            value=convention.number(middle),
            start=first / 100,
            end=third / 100,
            mark=middle / 100,
            tone="muted",
        )
    ]


def _shared(one: Shared, view: View, say: Say) -> tuple[Cell, ...]:
    service = one.supplier.service.value
    others = say("labels.of", count=one.others, all=view.dossier.applicants)
    return (
        Cell(text=say(f"services_shared.{service}")),
        Cell(text=one.supplier.name),
        Cell(text=others),
        Cell(text=say(f"supplier_events.{service}")),
    )
