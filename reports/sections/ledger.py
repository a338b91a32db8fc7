"""What people said about the findings: stamped on page one while a dispute is open, and kept whole."""

from collections.abc import Iterable, Iterator

from posture.core.findings import Finding
from posture.core.ledger import Event, Standing, WaiverState
from reports.blocks import Badge, Cell, Notice, Paragraph, Part, Section, Table
from reports.say import Say
from reports.sections.parts import heads, links_to
from reports.view import Issue, View


def stamp(view: View, say: Say, *, named: bool = True) -> tuple[Notice, ...]:
    """The notice under which tier and report stand until every dispute is settled.

    Not `named`, it does not say what is disputed: for a reader whom findings are not shown.
    """
    found = view.disputed()
    if not found:
        return ()
    titles = say.several(dict.fromkeys(say.title(finding.check) for finding in found))
    text = say("ledger.stamped", findings=titles) if named else say("ledger.stamped_closed")
    return (
        Notice(
            title=say("ledger.stamp", count=len(found)),
            text=text,
            tone="high",
        ),
    )


def badges(issue: Issue, view: View, say: Say) -> tuple[Badge, ...]:
    """Short labels of a finding's card: disputed, waived, or a waiver that has ended."""
    states = view.standing(issue)
    found = []
    if all(now.closed is not None for now in states):
        found.append(Badge(text=say("ledger.closed"), tone="pass"))
    if any(now.dispute is not None for now in states):
        found.append(Badge(text=say("ledger.disputed"), tone="high"))
    for state in (WaiverState.ACTIVE, WaiverState.EXPIRED):
        until = _until(states, state)
        if until is not None and until.until is not None:
            text = say(f"ledger.{state.value}", until=say.moment(until.until))
            found.append(Badge(text=text, tone="unknown"))
    return tuple(found)


def part(issue: Issue, view: View, say: Say) -> Part:
    """Where the findings of a card stand, in sentences; no block where nothing was said."""
    sentences = [text for now in view.standing(issue) for text in _sentences(now, say)]
    texts = tuple(Paragraph(text=text) for text in dict.fromkeys(sentences))
    return Part(title=say("parts.ledger"), blocks=texts)


def section(view: View, say: Say) -> Section | None:
    """Every event about this applicant's findings, in order; None where nobody said anything."""
    history = view.dossier.ledger
    if not any(history.values()) or view.dossier.at is None:
        return None
    columns = heads(
        say,
        ("when", "left", 3),
        ("who", "left", 3),
        ("did", "left", 3),
        ("finding", "left", 5),
        ("why_said", "left", 6),
    )
    known = {finding.id: finding for finding in view.assessment.findings}
    events = sorted((one for events in history.values() for one in events), key=lambda one: (one.at, one.id))
    rows = tuple(_row(one, known.get(one.finding), view, say) for one in events)
    blocks = (
        Paragraph(text=say("text.ledger", at=say.moment(view.dossier.at))),
        Table(caption=say("captions.ledger"), columns=columns, rows=rows),
    )
    return Section(anchor="ledger", title=say("sections.ledger"), blocks=blocks)


def case(view: View, say: Say) -> Section | None:
    """What the underwriter's desk did about this assessment, in order; None where it did nothing yet."""
    if not view.dossier.case:
        return None
    columns = heads(say, ("when", "left", 3), ("who", "left", 3), ("did", "left", 4), ("why_said", "left", 8))
    rows = tuple(
        (
            Cell(text=say.moment(one.at)),
            Cell(text=one.by),
            Cell(text=say.open_word("desk_did", one.kind.value)),
            Cell(text=one.reason),
        )
        for one in view.dossier.case
    )
    table = Table(caption=say("captions.case"), columns=columns, rows=rows)
    return Section(anchor="case", title=say("sections.case"), blocks=(table,))


def _row(event: Event, about: Finding | None, view: View, say: Say) -> tuple[Cell, ...]:
    links = links_to([event.finding], view, say)
    name = event.finding if about is None else say.finding(about)
    return (
        Cell(text=say.moment(event.at)),
        Cell(text=event.by),
        Cell(text=say(f"did.{event.kind.value}")),
        Cell(text=name, anchor=links[0].anchor if links else ""),
        Cell(text=_reason(event, say)),
    )


def _reason(event: Event, say: Say) -> str:
    """The words of an event, with its end and the digest of its evidence."""
    notes = []
    if event.until is not None:
        notes.append(say("ledger.until", until=say.moment(event.until)))
    if event.evidence:
        notes.append(say("ledger.evidence", digest=event.evidence))
    return say("labels.with_note", text=event.reason, note=say.several(notes)) if notes else event.reason


def _sentences(now: Standing, say: Say) -> Iterator[str]:
    for key in ("dispute", "confirmed", "resolved", "closed", "asked"):
        said: Event | None = getattr(now, key)
        if said is not None:
            yield say(f"ledger.says_{key}", by=said.by, at=say.moment(said.at), reason=said.reason)
    waiver = now.waiver
    if waiver is not None and waiver.request.until is not None:
        asked = waiver.request
        lapsed = waiver.state is WaiverState.EXPIRED and waiver.approval is None
        yield say(
            f"ledger.says_{'lapsed' if lapsed else waiver.state.value}",
            by=asked.by,
            approver=waiver.approval.by if waiver.approval else "",
            until=say.moment(waiver.request.until),
            reason=asked.reason,
        )


def _until(states: Iterable[Standing], state: WaiverState) -> Event | None:
    """The request of the first waiver that was approved and stands so."""
    return next(
        (
            now.waiver.request
            for now in states
            if now.waiver is not None and now.waiver.state is state and now.waiver.approval is not None
        ),
        None,
    )
