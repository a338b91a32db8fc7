"""Findings by consequence for each cover: what raises the cover's factor, strongest first."""

from posture.core.decisions import Cover
from posture.core.whatif import Fix, Outcome, WhatIf
from reports import convention
from reports.blocks import Block, Cell, Paragraph, Table
from reports.say import Say
from reports.sections import mending
from reports.sections.parts import heads, links_to
from reports.view import View

#: Rows for one cover; the table of all findings has the rest.
_MOST = 8
#: A factor that prints as ×1.00 is none.
_LEAST = 1.005


def blocks(view: View, say: Say) -> tuple[Block, ...]:
    """A table for each cover bought; none where nothing was counted, for want of an application."""
    asked, whatif = view.assessment.application, view.whatif
    if asked is None or whatif is None:
        return ()
    wanted = [cover for cover in Cover if cover in asked.covers]
    found: list[Block] = [Paragraph(text=say("bearing.title"), tone="accent")]
    found.append(Paragraph(text=say("bearing.text")))
    found += [_cover(cover, whatif, view, say) for cover in wanted]
    return tuple(found)


def raising(cover: Cover, whatif: WhatIf) -> tuple[tuple[float, Fix], ...]:
    """The findings that raise a cover, counted together where only all of them count, with their factor."""
    pairs = [(_share(cover, whatif.before, fix.after), fix) for fix in whatif.groups]
    found = [pair for pair in pairs if pair[0] >= _LEAST]
    return tuple(sorted(found, key=lambda pair: (-pair[0], pair[1].findings)))


def _share(cover: Cover, before: Outcome, after: Outcome) -> float:
    """How many times as high the cover's factor is with the findings as without; 1 where none moves it."""
    return before.factors.get(cover.value, 1.0) / after.factors.get(cover.value, 1.0)


def _cover(cover: Cover, whatif: WhatIf, view: View, say: Say) -> Block:
    found = raising(cover, whatif)
    name = say(f"covers.{cover.value}")
    if not found:
        return Paragraph(text=say("bearing.nothing", cover=name))
    columns = heads(
        say,
        ("finding", "left", 12),
        ("factor", "right", 2),
        ("technical_after", "right", 4),
        ("charged_after", "right", 4),
    )
    technical, charged = _loadings(cover, whatif.before)
    return Table(
        caption=say("bearing.today", cover=name, technical=technical, charged=charged),
        columns=columns,
        rows=tuple(_row(cover, factor, fix, view, say) for factor, fix in found[:_MOST]),
    )


def _row(cover: Cover, factor: float, fix: Fix, view: View, say: Say) -> tuple[Cell, ...]:
    links = links_to(fix.findings, view, say)
    return (
        Cell(text=mending.title(fix, view, say), anchor=links[0].anchor if links else ""),
        Cell(text=convention.factor(factor)),
        *(Cell(text=text) for text in _loadings(cover, fix.after)),
    )


def _loadings(cover: Cover, outcome: Outcome) -> tuple[str, str]:
    loading = outcome.loading.get(cover.value)
    if loading is None:
        return "–", "–"
    return convention.loading(loading.technical), convention.loading(loading.charged)
