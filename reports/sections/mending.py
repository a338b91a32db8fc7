"""What mending would bring: the decision after each fix, the way to the next tier, the worth of answers."""

from posture.core.decisions import Interval
from posture.core.whatif import Answer, Fix, Outcome, Plan, WhatIf
from reports import convention
from reports.blocks import Block, Cell, Paragraph, Section, Table
from reports.say import Say
from reports.sections.parts import heads, links_to
from reports.view import View

_FIXES = 30
#: Rows of the table of unknowns: one a feature of the model.
_ANSWERS = 30


def section(view: View, say: Say) -> Section | None:
    """The underwriter's what-if; None where it was not counted."""
    whatif = view.whatif
    if whatif is None or not (whatif.groups or whatif.answers):
        return None
    blocks: list[Block] = [Paragraph(text=say("text.mending", date=say.day(whatif.effort_as_of)))]
    blocks.append(_fixes(whatif, view, say))
    if whatif.plan is not None:
        blocks += [Paragraph(text=say("mending.plan", tier=whatif.plan.target.value), tone="accent")]
        blocks.append(_plan(whatif.plan, view, say))
    if whatif.everything is not None:
        blocks += [Paragraph(text=say("mending.answers"), tone="accent"), Paragraph(text=say("text.answers"))]
        blocks.append(_answers(whatif, whatif.everything, say))
    return Section(anchor="mending", title=say("sections.mending"), blocks=tuple(blocks))


def _fixes(whatif: WhatIf, view: View, say: Say) -> Table:
    columns = heads(
        say,
        ("mended", "left", 12),
        ("tier", "left", 2),
        ("technical_short", "right", 3),
        ("charged_short", "right", 3),
        ("premium", "right", 4),
        ("hours", "right", 2),
        ("per_hour", "right", 3),
    )
    today = (Cell(text=say("mending.today")), *_outcome(whatif.before, say), Cell(text=""), Cell(text=""))
    rows = [_fix(fix, view, say) for fix in whatif.groups[:_FIXES]]
    return Table(caption=say("captions.mending"), columns=columns, rows=(today, *rows))


def _fix(fix: Fix, view: View, say: Say) -> tuple[Cell, ...]:
    links = links_to(fix.findings, view, say)
    currency = fix.after.premium.currency
    worth = None if fix.worth is None else round(fix.worth / fix.effort)
    return (
        Cell(text=_name(fix, view, say), anchor=links[0].anchor if links else ""),
        *_outcome(fix.after, say),
        Cell(text=convention.number(fix.effort)),
        Cell(text=say.money(worth, currency)),
    )


def title(fix: Fix, view: View, say: Say) -> str:
    """The numbers of the findings, and what the first of them says."""
    links = links_to(fix.findings, view, say)
    said = [
        say.finding(issue.finding)
        for issue in view.issues
        if any(finding.id in fix.findings for finding in issue.findings)
    ]
    return f"{say.several(link.text for link in links)} {said[0] if said else ''}".strip()


def _name(fix: Fix, view: View, say: Say) -> str:
    """The same, and why the premium stays where it does."""
    text = title(fix, view, say)
    if fix.held is None:
        return text
    return say("labels.with_note", text=text.rstrip(".。"), note=say(f"held.{fix.held.value}"))


def _outcome(after: Outcome, say: Say) -> tuple[Cell, ...]:
    total = after.loading.get("total")
    figures = (
        ("–", "–") if total is None else tuple(map(convention.loading, (total.technical, total.charged)))
    )
    premium = say.money(after.premium.total, after.premium.currency)
    return tuple(Cell(text=text) for text in (after.tier.value, *figures, premium))


def _plan(plan: Plan, view: View, say: Say) -> Paragraph:
    if not plan.fixes:
        return Paragraph(text=say("mending.nothing", tier=plan.target.value))
    key = "mending.reached" if plan.reached else "mending.not_reached"
    how = say("mending.exact" if plan.exact else "mending.greedy", candidates=plan.candidates)
    text = say(key, hours=convention.number(plan.effort), tier=plan.after.tier.value)
    found = [finding for fix in plan.fixes for finding in fix.findings]
    return Paragraph(text=f"{text} {how}", links=links_to(found, view, say))


def _answers(whatif: WhatIf, everything: Answer, say: Say) -> Table:
    """The interval of G today, and tier and interval when an unknown turns out in order, or found."""
    columns = heads(
        say,
        ("unknown_group", "left", 6),
        ("reason", "left", 4),
        ("if_clean", "left", 5),
        ("if_found", "left", 5),
    )
    rows = [
        _answer(say.several(say.open_word("features", name) for name in one.features), one, say)
        for one in whatif.answers[:_ANSWERS]
    ]
    if len(whatif.answers) > 1:
        rows.insert(0, _answer(say("mending.all_answers"), everything, say))
    today = say("mending.interval_today", range=_range(whatif.before.relativity_interval))
    return Table(caption=today, columns=columns, rows=tuple(rows))


def _answer(name: str, one: Answer, say: Say) -> tuple[Cell, ...]:
    reasons = say.several(say.reason(reason.value) for reason in one.reasons)
    return (
        Cell(text=name, tone="unknown"),
        Cell(text=reasons),
        *(
            Cell(text=f"{after.tier.value}  {_range(after.relativity_interval)}")
            for after in (one.clean, one.found)
        ),
    )


def _range(interval: Interval) -> str:
    return f"{convention.factor(interval.low)} … {convention.factor(interval.high)}"
