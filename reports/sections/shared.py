"""Sections that both audiences read."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from posture.core.assessment import Assessment, Contact
from posture.core.consent import DEFAULT_PORTS, Consent
from posture.core.findings import Finding, Outcome
from reports import convention
from reports.blocks import (
    Block,
    Cell,
    Entry,
    Fact,
    Facts,
    Items,
    Notice,
    Paragraph,
    Section,
    Table,
)
from reports.delta import Delta
from reports.say import Say
from reports.sections.parts import heads, links_to
from reports.view import View

_PORTS_SHOWN = 12


def incomplete(view: View, say: Say) -> tuple[Notice, ...]:
    """The notice that a fault of ours left something unanswered."""
    if view.assessment.complete:
        return ()
    return (Notice(title=say("outcomes.unknown"), text=say("text.incomplete"), tone="unknown"),)


def areas(view: View, say: Say) -> Table:
    """Grade and counts of each area."""
    columns = heads(
        say,
        ("area", "left", 4),
        ("grade", "left", 1),
        ("open", "right", 2),
        ("passed", "right", 2),
        ("unknown", "right", 2),
        ("not_applicable", "right", 2),
    )
    outcomes = (Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)
    rows = tuple(
        (
            Cell(text=say(f"areas.{area.name}")),
            Cell(text=area.letter or "–", tone="" if area.letter else "unknown"),
            *(Cell(text=str(area.counts[outcome])) for outcome in outcomes),
        )
        for area in view.areas
    )
    return Table(caption=say("captions.areas"), columns=columns, rows=rows)


class Change(NamedTuple):
    """A figure before and now, in words."""

    label: str
    before: str
    now: str


def delta(view: View, say: Say, figures: Iterable[Change]) -> Section | None:
    """What changed since the earlier assessment; None without one."""
    change = view.delta
    if change is None:
        return None
    date = say.day(change.previous.finished_at.date())
    blocks: list[Block] = [
        Paragraph(text=say("delta.since", date=date, id=change.previous.id)),
        _figures(figures, say),
    ]
    if _rules_changed(view, change):
        blocks.append(Paragraph(text=say("text.rules_changed")))
    for key in ("new", "reappeared", "now_unknown", "resolved", "gone"):
        blocks += _group(key, getattr(change, key), view, say)
    if change.persisting:
        refs = links_to((finding.id for finding in change.persisting), view, say)
        blocks += [_count("persisting", len(change.persisting), say), Paragraph(text="", links=refs)]
    return Section(anchor="delta", title=say("sections.delta"), blocks=tuple(blocks))


def _figures(figures: Iterable[Change], say: Say) -> Table:
    columns = heads(say, ("item", "left", 3), ("before", "left", 3), ("now", "left", 3))
    rows = tuple(tuple(Cell(text=text) for text in figure) for figure in figures)
    return Table(caption=say("captions.delta"), columns=columns, rows=rows)


def _group(key: str, findings: Sequence[Finding], view: View, say: Say) -> tuple[Block, ...]:
    if not findings:
        return ()
    return _count(key, len(findings), say), _changed(findings, view, say)


def _count(key: str, count: int, say: Say) -> Paragraph:
    return Paragraph(text=say("delta.heading", title=say(f"delta.{key}"), count=count), tone="accent")


def _rules_changed(view: View, change: Delta) -> bool:
    now, before = view.assessment.digests, change.previous.digests
    return (now.tables, now.model) != (before.tables, before.model)


def _changed(findings: Iterable[Finding], view: View, say: Say) -> Items:
    return Items(
        entries=tuple(
            Entry(
                text=say.finding(finding) if finding.outcome is Outcome.FAIL else say.title(finding.check),
                note=_where_and_why(finding, say),
                links=links_to([finding.id], view, say),
            )
            for finding in findings
        )
    )


def _where_and_why(finding: Finding, say: Say) -> str:
    where = say.where(finding.target)
    return where if finding.reason is None else f"{where} – {say.reason(finding.reason.value)}"


def unknown(view: View, say: Say) -> Section:
    """Questions without an answer: for each target and reason, what was asked."""
    columns = heads(say, ("where", "left", 4), ("reason", "left", 3), ("check", "left", 6))
    asked: dict[tuple[str, str], list[str]] = {}
    for finding in view.unknown:
        reason = say.reason(finding.reason.value if finding.reason else "no-data")
        asked.setdefault((say.where(finding.target), reason), []).append(say.title(finding.check))
    rows = tuple(
        (Cell(text=where, tone="unknown"), Cell(text=reason), Cell(text=_listed(titles, say)))
        for (where, reason), titles in asked.items()
    )
    blocks: tuple[Block, ...] = (Paragraph(text=say("text.no_unknown")),)
    if rows:
        table = Table(caption=say("captions.unknown"), columns=columns, rows=rows)
        blocks = (Paragraph(text=say("text.unknown")), table)
    return Section(anchor="unknown", title=say("sections.unknown"), blocks=blocks)


def quiet(view: View, say: Say) -> tuple[Section, ...]:
    """What is in order, and what did not apply: short tables at the back."""
    groups = (("passed", view.passed, "pass"), ("not_applicable", view.not_applicable, "not_applicable"))
    return tuple(
        Section(anchor=key, title=say(f"sections.{key}"), blocks=(_quiet(key, findings, tone, say),))
        for key, findings, tone in groups
        if findings
    )


def _quiet(key: str, findings: Iterable[Finding], tone: str, say: Say) -> Table:
    columns = heads(say, ("check", "left", 5), ("where", "left", 6))
    places: dict[str, list[str]] = {}
    for finding in findings:
        places.setdefault(say.title(finding.check), []).append(say.where(finding.target))
    rows = tuple(
        (Cell(text=title, tone=tone), Cell(text=_listed(where, say))) for title, where in places.items()
    )
    return Table(caption=say(f"captions.{key}"), columns=columns, rows=rows)


def _listed(items: Iterable[str], say: Say) -> str:
    return say.several(dict.fromkeys(items))


def blind(say: Say) -> Section:
    """What neither scan nor model can see."""
    entries = tuple(Entry(text=text) for text in say.words.under("blind").values())
    return Section(
        anchor="blind",
        title=say("sections.blind"),
        blocks=(Paragraph(text=say("text.blind")), Items(entries=entries)),
    )


def consent(view: View, say: Say, *swept: Table) -> Section:
    """Who allowed what, how that is proved, and which ports were asked under it."""
    given = view.assessment.consent
    rows = [*_scope(given, say), *_granting(given, say)]
    facts = Facts(
        rows=tuple(Fact(term=say(f"consent.{key}"), text=text, mono=mono) for key, text, mono in rows)
    )
    return Section(anchor="consent", title=say("sections.consent"), blocks=(facts, *swept))


def _scope(given: Consent, say: Say) -> list[tuple[str, str, bool]]:
    excluded = [*given.excluded_names, *map(str, given.excluded_networks)]
    ports = say("consent.default_ports") if given.ports == DEFAULT_PORTS else given.ports
    period = say("consent.until", start=say.moment(given.valid_from), end=say.moment(given.valid_until))
    none = say("labels.none")
    return [
        ("applicant", given.applicant, False),
        ("domains", say.several(given.domains), False),
        ("networks", say.several(map(str, given.networks)) or none, False),
        ("excluded", say.several(excluded) or none, False),
        ("techniques", say.several(say(f"techniques.{name}") for name in sorted(given.techniques)), False),
        ("ports", ports, False),
        ("valid", period, False),
    ]


def _granting(given: Consent, say: Say) -> list[tuple[str, str, bool]]:
    by = given.granted_by
    bases = say.several(
        f"{say(f'bases.{entry.basis.value}')}: {say.several([*entry.domains, *map(str, entry.networks)])}"
        for entry in given.authority
    )
    rows = [
        ("granted_by", say("consent.person", name=by.name, title=by.title, email=by.email), False),
        ("authority", bases or say("bases.own"), False),
        ("purpose", say.open_word("purposes", given.purpose), False),
        ("disclose_to", say.several(say.open_word("recipients", who) for who in given.disclose_to), False),
        ("retain_until", say.day(given.retain_until) if given.retain_until else say("labels.not_set"), False),
        ("proof", say(f"proofs.{given.proof.method.value if given.proof else 'none'}"), False),
        ("digest", given.digest, True),
    ]
    if given.document_sha256:
        rows.insert(-1, ("document", given.document_sha256, True))
    return rows


def identity(item: Assessment, say: Say) -> tuple[Fact, ...]:
    """Which assessment this is, who looked (an administrator finds us in the logs), and what priced it."""
    scanner = item.scanner
    rows = (
        ("assessment", item.id, True),
        ("started", say.moment(item.started_at), False),
        ("finished", say.moment(item.finished_at), False),
        ("source", say.several(scanner.source_addresses), True),
        ("user_agent", scanner.user_agent, True),
        ("contact", scanner.contact, False),
        ("priced_by", say.model(item), False),
    )
    return tuple(Fact(term=say(f"versions.{key}"), text=text, mono=mono) for key, text, mono in rows)


def contacted(view: View, say: Say) -> Table:
    """Every address that was sent anything."""
    columns = heads(
        say,
        ("address", "left", 4),
        ("technique", "left", 3),
        ("ports", "left", 4),
        ("connections", "right", 2),
        ("first", "left", 4),
        ("last", "left", 4),
        ("why", "left", 6),
    )
    rows = tuple(
        (
            Cell(text=contact.address, mono=True),
            Cell(text=say(f"techniques.{contact.technique}")),
            Cell(text=_ports(contact, say)),
            Cell(text=convention.number(contact.connections)),
            Cell(text=convention.clock(contact.first, say.language)),
            Cell(text=convention.clock(contact.last, say.language)),
            Cell(text=say.open_word("whys", contact.why)),
        )
        for contact in view.assessment.contacted
    )
    return Table(caption=say("captions.contacted"), columns=columns, rows=rows)


def _ports(contact: Contact, say: Say) -> str:
    shown = ", ".join(map(str, contact.ports[:_PORTS_SHOWN]))
    more = len(contact.ports) - _PORTS_SHOWN
    return f"{shown} {say('labels.and_more', count=more)}" if more > 0 else shown
