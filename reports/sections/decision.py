"""Page one of the underwriter's file: what is advised, at what price, why, and on how much knowledge."""

from collections.abc import Iterable, Sequence

from posture.core.decisions import Cover, Decision, Interval, Loading, Statement
from reports import convention
from reports.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Entry,
    Items,
    Link,
    Notice,
    Paragraph,
    Section,
    Table,
    Tick,
    Tile,
    Tiles,
)
from reports.say import Say
from reports.sections import ledger, shared, terms
from reports.sections.parts import heads, links_to
from reports.view import View

_REASONS = 4
#: Reasons that a notice, the list of knock-outs or the table of covers shows already.
_SAID_ABOVE = {"indication-only", "knock-out-refers", "loading-capped", "no-application"}
#: Share from which everything counts as observed.
_WHOLE = 0.995
_ACTION_TONES = {"quote": "pass", "subjectivities": "medium", "refer": "accent", "decline": "critical"}


def section(view: View, say: Say) -> Section:
    """Page one."""
    taken = view.assessment.decision
    blocks: list[Block] = [_tiles(view, say), *_notices(view, say), _covers(view, say)]
    blocks += _movable(taken, say)
    blocks += _named("knock_outs", taken.knock_outs, view, say)
    blocks += _named("subjectivities", taken.subjectivities, view, say)
    blocks += _named("differences", taken.facts_known, view, say)
    blocks += _named("reasons", strongest(taken), view, say)
    blocks += [Paragraph(text=say("sections.coverage"), tone="accent"), *_coverage(view, say)]
    blocks += [Paragraph(text=_coverage_text(view, say), tone="muted"), _scope(view, say)]
    return Section(anchor="decision", title=say("sections.decision"), blocks=tuple(blocks))


def strongest(taken: Decision) -> tuple[Statement, ...]:
    """The first reasons that page one does not show elsewhere (in a list, a notice, or the table)."""
    apart = {statement.id for statement in taken.facts_known} | _SAID_ABOVE
    return tuple(statement for statement in taken.reasons if statement.id not in apart)[:_REASONS]


def statements(found: Iterable[Statement], view: View, say: Say) -> Items:
    """Statements as a list, each with the findings it rests on."""
    return Items(
        entries=tuple(
            Entry(
                text=sentence(item, say),
                note=_fulfilled(item, view, say),
                links=links_to(item.findings, view, say),
            )
            for item in found
        )
    )


def _fulfilled(statement: Statement, view: View, say: Say) -> str:
    """That a subjectivity is met: every finding behind it was asked again and is in order."""
    last = max((event.at for event in view.closed(statement.findings)), default=None)
    return "" if last is None else say("ledger.fulfilled", at=say.moment(last))


def _movable(taken: Decision, say: Say) -> tuple[Paragraph, ...]:
    """The share of the premium that a scan can move, in total and by cover."""
    shares = dict(taken.scannable)
    total = shares.pop("total", None)
    if total is None:
        return ()
    parts = (f"{say(f'cover_names.{name}')} {convention.percent(share)}" for name, share in shares.items())
    text = say("text.movable", share=convention.percent(total), covers=say.several(parts))
    return (Paragraph(text=text, tone="muted"),)


def _scope(view: View, say: Say) -> Paragraph:
    """One line of what was looked at and by whose leave; the section on consent has the rest."""
    given = view.assessment.consent
    text = say(
        "text.scope",
        techniques=say.several(say(f"techniques.{name}") for name in sorted(given.techniques)),
        domains=say.several(given.domains),
        person=given.granted_by.name,
        proof=say(f"proofs.{given.proof.method.value if given.proof else 'none'}"),
        end=say.moment(given.valid_until),
    )
    return Paragraph(text=text, tone="muted", links=(Link(text=say("sections.consent"), anchor="consent"),))


def _notices(view: View, say: Say) -> tuple[Notice, ...]:
    found = [*shared.incomplete(view, say), *ledger.stamp(view, say)]
    if view.assessment.decision.indication:
        found.append(Notice(title=say("watermark.indication"), text=say("text.indication")))
    if view.assessment.application is None:
        found.append(Notice(title=say("sections.application"), text=say("text.no_application")))
    return tuple(found)


def _tiles(view: View, say: Say) -> Tiles:
    taken, score = view.assessment.decision, view.assessment.score
    action = taken.action.value
    note = say(
        "tiles.score_note",
        letter=score.letter,
        level=convention.percent(score.interval.level),
        low=convention.number(score.interval.low),
        high=convention.number(score.interval.high),
    )
    return Tiles(
        tiles=(
            Tile(
                label=say("tiles.action"),
                value=say(f"actions.{action}"),
                note=say(f"action_notes.{action}"),
                tone=_ACTION_TONES[action],
            ),
            Tile(label=say("tiles.tier"), value=taken.tier.value, note=say(f"tiers.{taken.tier.value}")),
            Tile(label=say("tiles.score"), value=convention.number(score.value), note=note),
            _loading_tile(taken, say),
            _premium_tile(taken, say),
        )
    )


def _loading_tile(taken: Decision, say: Say) -> Tile:
    total = taken.loading.get("total")
    if total is None:
        return Tile(label=say("tiles.loading"), value="–")
    interval = taken.loading_interval
    note = say(
        "tiles.loading_note",
        technical=convention.loading(total.technical),
        level=convention.percent(interval.level),
        low=convention.loading(interval.low),
        high=convention.loading(interval.high),
    )
    return Tile(label=say("tiles.loading"), value=convention.loading(total.charged), note=note)


def _premium_tile(taken: Decision, say: Say) -> Tile:
    total = taken.premium.total
    if total is None:
        return Tile(
            label=say("tiles.premium"), value=say("tiles.no_premium"), note=say("tiles.no_premium_note")
        )
    key = "tiles.indication_note" if taken.indication else "tiles.premium_note"
    return Tile(
        label=say("tiles.premium"),
        value=say.money(total, taken.premium.currency),
        note=say(key, currency=taken.premium.currency),
    )


def _covers(view: View, say: Say) -> Table:
    columns = heads(
        say,
        ("cover", "left", 6),
        ("limit", "right", 5),
        ("deductible", "right", 4),
        ("technical", "right", 2),
        ("charged", "right", 2),
        ("range", "right", 4),
        ("premium", "right", 4),
        ("premium_range", "right", 5),
    )
    wanted = [cover for cover in Cover if _wanted(view, cover)]
    rows = [_cover(view, say, cover) for cover in wanted]
    taken = view.assessment.decision
    total = taken.loading.get("total")
    rows.append(
        (
            Cell(text=say("covers.total")),
            Cell(text=""),
            Cell(text=""),
            *_loading_cells(total),
            Cell(text=_range(taken.loading_intervals.get("total", taken.loading_interval), total)),
            Cell(text=say.money(taken.premium.total, taken.premium.currency)),
            Cell(text=_amounts(taken, "total", taken.premium.total, say)),
        )
    )
    return Table(caption=say("captions.covers"), columns=columns, rows=tuple(rows), total=True)


def _wanted(view: View, cover: Cover) -> bool:
    application = view.assessment.application
    if application is None:
        return view.assessment.decision.loading.get(cover.value) is not None
    return cover in application.covers


def _cover(view: View, say: Say, cover: Cover) -> tuple[Cell, ...]:
    taken = view.assessment.decision
    asked = view.assessment.application.covers.get(cover) if view.assessment.application else None
    currency = taken.premium.currency
    return (
        Cell(text=say(f"covers.{cover.value}")),
        Cell(text=say.money(asked.limit if asked else None, currency)),
        Cell(text=terms.deductible(asked, currency, say) if asked else "–"),
        *_loading_cells(taken.loading.get(cover.value)),
        Cell(text=_range(taken.loading_intervals.get(cover.value), taken.loading.get(cover.value))),
        Cell(text=say.money(taken.premium.by_cover.get(cover), currency)),
        Cell(text=_amounts(taken, cover.value, taken.premium.by_cover.get(cover), say)),
    )


def _amounts(taken: Decision, name: str, premium: int | None, say: Say) -> str:
    """The interval of a premium; a dash without a premium, and in an assessment from before it was kept."""
    span, currency = taken.premium_intervals.get(name), taken.premium.currency
    if premium is None or span is None:
        return "–"
    return f"{say.money(span.low, currency)} … {say.money(span.high, currency)}"


def _range(interval: Interval | None, loading: Loading | None) -> str:
    if interval is None or loading is None:
        return "–"
    return f"{convention.loading(interval.low)} … {convention.loading(interval.high)}"


def _loading_cells(loading: Loading | None) -> tuple[Cell, Cell]:
    if loading is None:
        return Cell(text="–"), Cell(text="–")
    return Cell(text=convention.loading(loading.technical)), Cell(text=convention.loading(loading.charged))


def _named(key: str, found: Sequence[Statement], view: View, say: Say) -> tuple[Block, ...]:
    if not found:
        return (Paragraph(text=say("labels.empty", list=say(f"sections.{key}")), tone="muted"),)
    title = Paragraph(text=say(f"sections.{key}"), tone="accent")
    return title, statements(found, view, say)


def sentence(statement: Statement, say: Say) -> str:
    """A statement in words, with when it is due."""
    text = say.statement(statement)
    phase = statement.arguments.get("phase")
    if not isinstance(phase, str):
        return text
    when = say(f"phases.{phase}", due_days=statement.arguments.get("due_days"))
    return say("labels.with_note", text=text, note=when)


def _coverage(view: View, say: Say) -> tuple[Bars, ...]:
    """The chart of what was observed; none where everything was, which a sentence says."""
    coverage = view.assessment.coverage
    if min(coverage.overall, *coverage.by_peril.values()) >= _WHOLE:
        return ()
    bars = [
        Bar(
            label=say("captions.overall"),
            value=convention.percent(coverage.overall),
            start=0.0,
            end=_share(coverage.overall),
        )
    ]
    bars += [
        Bar(
            label=say.open_word("perils", peril),
            value=convention.percent(share),
            tone="unknown" if share < coverage.floor else "",
            start=0.0,
            end=_share(share),
        )
        for peril, share in coverage.by_peril.items()
    ]
    chart = Bars(
        caption=say("captions.coverage"),
        heads=(say("columns.peril"), "", say("columns.share")),
        ticks=(
            Tick(at=0.0, text="0%"),
            Tick(at=coverage.floor, text=say("captions.floor"), strong=True),
            Tick(at=1.0, text="100%"),
        ),
        bars=tuple(bars),
    )
    return (chart,)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _coverage_text(view: View, say: Say) -> str:
    coverage = view.assessment.coverage
    text = say(
        "text.coverage",
        overall=convention.percent(coverage.overall),
        floor=convention.percent(coverage.floor),
    )
    unseen = [
        say("text.coverage_unseen", group=say.open_word("groups", group), reason=_reasons(reason, say))
        for group, reason in coverage.unseen.items()
    ]
    return f"{text} {' '.join(unseen)}".strip()


def _reasons(reason: str, say: Say) -> str:
    return say.several(say.reason(part.strip()) for part in reason.split(","))
