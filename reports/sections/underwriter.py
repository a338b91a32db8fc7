"""The underwriter's file: a referral decided in five minutes from page one, defended from the rest."""

from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.decisions import Agreement, Declared
from reports import convention
from reports.blocks import Block, Cell, Fact, Facts, Paragraph, Section, Table
from reports.say import Say
from reports.sections import (
    bearing,
    book,
    cards,
    decision,
    footprint,
    ledger,
    mending,
    scenarios,
    score,
    shared,
    swept,
    terms,
)
from reports.sections.parts import heads, links_to
from reports.view import View

#: The order of answers in the table: what has to be asked about comes first.
_AGREEMENTS = (
    Agreement.CONTRADICTED,
    Agreement.UNSUPPORTED,
    Agreement.CONSISTENT,
    Agreement.NOT_OBSERVABLE,
)


def sections(view: View, say: Say) -> tuple[Section, ...]:
    """All parts of the file, in order."""
    parts = (
        decision.section(view, say),
        score.contributions(view, say),
        shared.delta(view, say, _before_and_now(view, say)),
        mending.section(view, say),
        ledger.section(view, say),
        ledger.case(view, say),
        findings(view, say),
        shared.unknown(view, say),
        *shared.quiet(view, say),
        scenarios.section(view, say),
        book.accumulation(view, say),
        shared.blind(say),
        application(view, say),
        footprint.section(view, say),
        shared.consent(view, say, *swept.table(view, say)),
        contacted(view, say),
        versions(view, say),
    )
    return tuple(part for part in parts if part is not None)


def _before_and_now(view: View, say: Say) -> tuple[shared.Change, ...]:
    if view.delta is None:
        return ()
    before, now = _figures(view.delta.previous, say), _figures(view.assessment, say)
    return tuple(shared.Change(say(f"tiles.{key}"), before[key], now[key]) for key in now)


def _figures(item: Assessment, say: Say) -> dict[str, str]:
    taken = item.decision
    loading = taken.loading.get("total")
    return {
        "action": say(f"actions.{taken.action.value}"),
        "tier": taken.tier.value,
        "score": f"{convention.number(item.score.value)} ({item.score.letter})",
        "loading": "–" if loading is None else convention.loading(loading.charged),
        "premium": say.money(taken.premium.total, taken.premium.currency),
    }


def findings(view: View, say: Say) -> Section:
    """Open findings by area, by what they do to each cover bought, then one by one."""
    blocks: list[Block] = [shared.areas(view, say), Paragraph(text=say("text.areas"), tone="muted")]
    blocks += bearing.blocks(view, say)
    if view.issues:
        blocks.append(Paragraph(text=say("text.findings")))
        blocks += [cards.underwriter(issue, view, say) for issue in view.issues]
    else:
        blocks.append(Paragraph(text=say("text.no_findings")))
    return Section(anchor="findings", title=say("sections.findings"), blocks=tuple(blocks))


def application(view: View, say: Say) -> Section:
    """What was declared; the scan never replaces it."""
    declared = view.assessment.application
    if declared is None:
        blocks: tuple[Block, ...] = (Paragraph(text=say("text.application_none")),)
    else:
        rows = _declared(declared, say)
        facts = Facts(rows=tuple(Fact(term=say(f"application.{key}"), text=text) for key, text in rows))
        note = Paragraph(text=say("text.scan_is_no_disclosure"), tone="muted")
        blocks = (facts, *terms.blocks(declared, say), *_answers(view, say), note)
    return Section(anchor="application", title=say("sections.application"), blocks=blocks)


def _answers(view: View, say: Say) -> tuple[Block, ...]:
    """Every answer of the questionnaire beside what was observed, contradictions first."""
    answers = sorted(view.assessment.decision.declared, key=lambda one: _AGREEMENTS.index(one.agreement))
    if not answers:
        return ()
    columns = heads(say, ("item", "left", 8), ("answer", "left", 2), ("agreement", "left", 5))
    return (
        Table(
            caption=say("captions.declared"),
            columns=columns,
            rows=tuple(_answer(one, view, say) for one in answers),
        ),
    )


def _answer(one: Declared, view: View, say: Say) -> tuple[Cell, ...]:
    links = links_to(one.findings, view, say)
    against = one.agreement is Agreement.CONTRADICTED
    return (
        Cell(text=say.open_word("controls", one.item)),
        Cell(text=say("answers.yes" if one.answer else "answers.no")),
        Cell(
            text=say(f"agreements.{one.agreement.value}"),
            tone="medium" if against else "",
            anchor=links[0].anchor if links else "",
        ),
    )


def _declared(declared: Application, say: Say) -> list[tuple[str, str]]:
    currency = declared.currency
    return [
        ("sector", say.open_word("sectors", declared.sector)),
        ("revenue", say.money(declared.revenue, currency)),
        ("employees", convention.number(declared.employees)),
        ("records", convention.number(declared.records)),
        ("gross_profit", _given(declared.daily_gross_profit, currency, say)),
        ("it_revenue", _given(declared.it_services_revenue, currency, say)),
        ("overseas", _abroad(declared, say)),
        ("controls", _controls(declared, say)),
        ("incidents", _incidents(declared, say)),
    ]


def _given(amount: int | None, currency: str, say: Say) -> str:
    return say("labels.not_given") if amount is None else say.money(amount, currency)


def _abroad(declared: Application, say: Say) -> str:
    """Share of the revenue from abroad, and from the US and Canada within it."""
    abroad, america = declared.overseas_revenue_share, declared.us_canada_revenue_share
    if abroad is None:
        return say("labels.not_given")
    part = say("labels.not_given") if america is None else convention.percent(america)
    return say("application.abroad", share=convention.percent(abroad), us_canada=part)


def _controls(declared: Application, say: Say) -> str:
    answers = [
        say("application.yes" if answer else "application.no", control=say.open_word("controls", name))
        for name, answer in declared.controls.items()
    ]
    return say.several(answers) or say("labels.not_given")


def _incidents(declared: Application, say: Say) -> str:
    told = [
        say(
            "application.incident",
            date=say.day(incident.date),
            kind=incident.kind,
            loss=say.money(incident.loss, declared.currency),
        )
        for incident in declared.incidents
    ]
    return say.several(told) or say("labels.none")


def contacted(view: View, say: Say) -> Section:
    """Everything that was contacted."""
    blocks = (Paragraph(text=say("text.contacted")), shared.contacted(view, say))
    return Section(anchor="contacted", title=say("sections.contacted"), blocks=blocks)


def versions(view: View, say: Say) -> Section:
    """What the assessment can be replayed from."""
    item = view.assessment
    rows = [*shared.identity(item, say)]
    rows += [Fact(term=say("versions.version", name=name), text=text) for name, text in item.versions.items()]
    rows += [
        Fact(term=say(f"versions.{key}"), text=text, mono=True)
        for key, text in (
            ("tables", item.digests.tables),
            ("model", item.digests.model),
            ("catalogue", item.digests.catalogue),
            ("appetite", item.digests.appetite),
        )
        if text
    ]
    rows += [
        Fact(term=say("versions.feed", name=name), text=text, mono=True)
        for name, text in item.digests.feeds.items()
    ]
    return Section(anchor="versions", title=say("sections.versions"), blocks=(Facts(rows=tuple(rows)),))
