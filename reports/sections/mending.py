"""What mending would bring: tier, loading and premium after each fix, and the way to the next tier."""

from posture.core.whatif import Fix, Outcome, Plan, WhatIf
from reports import convention
from reports.blocks import Block, Cell, Paragraph, Section, Table
from reports.say import Say
from reports.sections import shared
from reports.sections.shared import heads
from reports.view import View

_FIXES = 30


def section(view: View, say: Say) -> Section | None:
    """The underwriter's what-if; None where it was not counted."""
    whatif = view.whatif
    if whatif is None:
        return None
    blocks: list[Block] = [Paragraph(text=say("text.mending", date=say.day(whatif.effort_as_of)))]
    blocks.append(_fixes(whatif, view, say))
    if whatif.plan is not None:
        blocks += [Paragraph(text=say("mending.plan", tier=whatif.plan.target.value), tone="accent")]
        blocks.append(_plan(whatif.plan, view, say))
    return Section(anchor="mending", title=say("sections.mending"), blocks=tuple(blocks))


def _fixes(whatif: WhatIf, view: View, say: Say) -> Table:
    columns = heads(
        say,
        ("mended", "left", 4),
        ("tier", "left", 1),
        ("technical", "right", 2),
        ("charged", "right", 2),
        ("premium", "right", 3),
        ("hours", "right", 2),
        ("held", "left", 5),
    )
    today = (Cell(text=say("mending.today")), *_outcome(whatif.before, say), Cell(text=""), Cell(text=""))
    rows = [_fix(fix, view, say) for fix in whatif.groups[:_FIXES]]
    return Table(caption=say("captions.mending"), columns=columns, rows=(today, *rows))


def _fix(fix: Fix, view: View, say: Say) -> tuple[Cell, ...]:
    links = shared.links(fix.findings, view, say)
    name = Cell(text=say.several(link.text for link in links), anchor=links[0].anchor if links else "")
    held = "" if fix.held is None else say(f"held.{fix.held.value}")
    return name, *_outcome(fix.after, say), Cell(text=convention.number(fix.effort)), Cell(text=held)


def _outcome(after: Outcome, say: Say) -> tuple[Cell, ...]:
    total = after.loading.get("total")
    figures = (
        ("–", "–") if total is None else tuple(map(convention.loading, (total.technical, total.charged)))
    )
    premium = say.money(after.premium.total, after.premium.currency)
    return tuple(Cell(text=text) for text in (after.tier.value, *figures, premium))


def _plan(plan: Plan, view: View, say: Say) -> Paragraph:
    key = "mending.reached" if plan.reached else "mending.not_reached"
    how = say("mending.exact" if plan.exact else "mending.greedy", candidates=plan.candidates)
    text = say(key, hours=convention.number(plan.effort), tier=plan.after.tier.value)
    found = [finding for fix in plan.fixes for finding in fix.findings]
    return Paragraph(text=f"{text} {how}", links=shared.links(found, view, say))
