"""The applicant's report: what to mend first and how, without any premium."""

from posture.core.findings import Outcome as Said
from posture.core.findings import Owner, Severity
from posture.core.whatif import Fix, Outcome
from reports import convention
from reports.blocks import Block, Cell, Entry, Facts, Items, Paragraph, Section, Table, Tile, Tiles
from reports.branding import Branding
from reports.say import Say
from reports.sections import cards, emergency, footprint, ledger, scenarios, shared, swept
from reports.sections.parts import anchor, heads, links_to
from reports.view import Effect, View, checks

#: The rank of the worst severity: tables put it first.
SEVEREST = max(severity.rank for severity in Severity)


def sections(view: View, say: Say, branding: Branding) -> tuple[Section, ...]:
    """All parts of the report, in order."""
    parts = (
        summary(view, say),
        plan(view, say, branding=branding),
        shared.delta(view, say, _before_and_now(view, say)),
        details(view, say),
        shared.unknown(view, say),
        *shared.quiet(view, say),
        shared.blind(say),
        scenarios.section(view, say),
        how(view, say),
        footprint.section(view, say),
        shared.consent(view, say, *swept.table(view, say)),
        dispute(say, branding),
        emergency.section(say, branding),
        about(say, branding),
    )
    return tuple(part for part in parts if part is not None)


def summary(view: View, say: Say) -> Section:
    """Grade, counts and the first step."""
    blocks: list[Block] = [_tiles(view, say), *shared.incomplete(view, say), *ledger.stamp(view, say)]
    blocks += [Paragraph(text=text) for text in _sentences(view, say)]
    blocks += [shared.areas(view, say), Paragraph(text=say("text.areas"), tone="muted")]
    return Section(anchor="summary", title=say("sections.summary"), blocks=tuple(blocks))


def _tiles(view: View, say: Say) -> Tiles:
    mine = sum(issue.finding.owner is Owner.SELF for issue in view.issues)
    others = len(view.issues) - mine
    return Tiles(
        tiles=(
            Tile(label=say("tiles.grade"), value=view.assessment.score.letter, note=say("tiles.grade_note")),
            Tile(
                label=say("tiles.open"),
                value=convention.number(len(view.issues)),
                note=say("tiles.open_note", mine=mine, others=others),
            ),
            Tile(
                label=say("tiles.unknown"),
                value=convention.number(len(view.unknown)),
                note=say("tiles.unknown_note"),
                tone="unknown" if view.unknown else "",
            ),
            Tile(
                label=say("tiles.passed"),
                value=convention.number(checks(view.passed, Said.PASS)),
                note=say("tiles.passed_note"),
            ),
        )
    )


def _sentences(view: View, say: Say) -> list[str]:
    if view.issues:
        first = say.finding(view.issues[0].finding)
        texts = [say("text.summary_open", count=len(view.issues), first=first)]
    else:
        texts = [say("text.summary_clear")]
    if view.unknown:
        texts.append(say("text.summary_unknown", count=len(view.unknown)))
    return texts


def plan(view: View, say: Say, *, linked: bool = True, branding: Branding | None = None) -> Section:
    """Open findings, the most useful first; `linked` to their cards in the same report.

    Amounts of money follow only where the branding names the insurer's approval.
    """
    if not view.issues:
        blocks: tuple[Block, ...] = (Paragraph(text=say("text.no_findings")),)
    else:
        blocks = (
            Paragraph(text=say("text.plan")),
            _plan(view, say, linked=linked),
            Paragraph(text=say("text.plan_zero"), tone="muted"),
            *_amounts(view, say, branding.yen_approval if branding else ""),
        )
    return Section(anchor="plan", title=say("sections.plan"), blocks=blocks)


def _plan(view: View, say: Say, *, linked: bool) -> Table:
    columns = heads(
        say,
        ("number", "right", 1),
        ("what", "left", 8),
        ("where", "left", 6),
        ("severity", "left", 3),
        ("effect", "left", 2),
        ("owner", "left", 3),
    )
    rows = tuple(
        (
            Cell(text=str(issue.number), anchor=anchor(issue.finding.id) if linked else ""),
            Cell(text=say.finding(issue.finding)),
            Cell(text=say.several(dict.fromkeys(say.place(finding.target) for finding in issue.findings))),
            Cell(
                text=say(f"severities.{issue.finding.severity.value}"),
                tone=issue.finding.severity.value,
                rank=SEVEREST - issue.finding.severity.rank,
            ),
            Cell(
                text=say(f"effects.{issue.effect.value}"), whole=True, rank=list(Effect).index(issue.effect)
            ),
            Cell(text=say.owner(issue.finding.owner), whole=True),
        )
        for issue in view.issues
    )
    return Table(caption=say("captions.plan"), columns=columns, rows=rows)


def _amounts(view: View, say: Say, approval: str) -> tuple[Block, ...]:
    """What mending would change in the charged premium; a zero says why, with the factor before and after."""
    whatif = view.whatif
    if not approval or whatif is None or whatif.before.premium.total is None:
        return ()
    columns = heads(say, ("what", "left", 9), ("change", "right", 4), ("why_zero", "left", 7))
    rows = tuple(_amount(fix, whatif.before, view, say) for fix in whatif.groups)
    return (
        Paragraph(text=say("text.amounts", approval=approval)),
        Table(caption=say("captions.amounts"), columns=columns, rows=rows),
    )


def _amount(fix: Fix, before: Outcome, view: View, say: Say) -> tuple[Cell, ...]:
    links = links_to(fix.findings, view, say)
    was, now = before.premium.total, fix.after.premium.total
    change = None if was is None or now is None else now - was
    factors = f"{convention.factor(before.relativity)} → {convention.factor(fix.after.relativity)}"
    why = (
        "" if fix.held is None else say("labels.with_note", text=say(f"held.{fix.held.value}"), note=factors)
    )
    return (
        Cell(text=say.several(link.text for link in links), anchor=links[0].anchor if links else ""),
        Cell(text=say.money(change, before.premium.currency)),
        Cell(text=why),
    )


def _before_and_now(view: View, say: Say) -> tuple[shared.Change, ...]:
    if view.delta is None:
        return ()
    before = view.delta.previous.score.letter
    return (shared.Change(say("tiles.grade"), before, view.assessment.score.letter),)


def details(view: View, say: Say) -> Section | None:
    """Every open finding with what is needed to mend it."""
    if not view.issues:
        return None
    return Section(
        anchor="details",
        title=say("sections.details"),
        blocks=tuple(cards.applicant(issue, view, say) for issue in view.issues),
    )


def how(view: View, say: Say) -> Section:
    """Who looked, from where and when: for the reader's logs."""
    blocks = (
        Paragraph(text=say("text.how")),
        Facts(rows=shared.identity(view.assessment, say)),
        shared.contacted(view, say),
    )
    return Section(anchor="how", title=say("sections.how"), blocks=blocks)


def dispute(say: Say, branding: Branding) -> Section:
    """How to contradict a finding."""
    blocks = [Paragraph(text=say("text.dispute"))]
    if branding.disputes:
        blocks.append(Paragraph(text=say("text.dispute_at", address=branding.disputes)))
    return Section(anchor="dispute", title=say("sections.dispute"), blocks=tuple(blocks))


def about(say: Say, branding: Branding) -> Section:
    """What this paper is and is not."""
    texts = [say("text.disclaimer"), say("text.scan_is_no_disclosure"), say("text.overview")]
    if not branding.document_number:
        texts.append(say("text.document_missing"))
    entries = tuple(Entry(text=text) for text in texts)
    return Section(anchor="about", title=say("sections.about"), blocks=(Items(entries=entries),))
