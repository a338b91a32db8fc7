"""The underwriter's file: a referral decided in five minutes from page one, defended from the rest."""

import math

from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.decisions import Contribution
from reports import convention
from reports.blocks import (
    Bar,
    Bars,
    Block,
    Fact,
    Facts,
    Paragraph,
    Section,
    Tick,
)
from reports.say import Say
from reports.sections import cards, decision, mending, scenarios, shared
from reports.view import View

_CONTRIBUTIONS = 24
#: Least width of the axis of loadings, and least distance of its labels from the middle one.
_NARROWEST = 0.2
_APART = 0.15
#: A rule that moves nothing is not worth a row.
_STILL = 0.0005


def sections(view: View, say: Say) -> tuple[Section, ...]:
    """All parts of the file, in order."""
    parts = (
        decision.section(view, say),
        contributions(view, say),
        shared.delta(view, say, _before_and_now(view, say)),
        mending.section(view, say),
        findings(view, say),
        shared.unknown(view, say),
        *shared.quiet(view, say),
        scenarios.section(view, say),
        shared.blind(say),
        application(view, say),
        shared.consent(view, say),
        contacted(view, say),
        versions(view, say),
    )
    return tuple(part for part in parts if part is not None)


def contributions(view: View, say: Say) -> Section:
    """Every factor of the score as a row, and the calculation step by step."""
    score = view.assessment.score
    text = say(
        "text.contributions",
        relativity=convention.factor(score.relativity),
        level=convention.percent(score.relativity_interval.level),
        low=convention.factor(score.relativity_interval.low),
        high=convention.factor(score.relativity_interval.high),
    )
    blocks: list[Block] = [
        Paragraph(text=text),
        _score(view, say),
        _loadings(view, say),
        _contributions(view, say),
    ]
    taken = view.assessment.decision
    if len(taken.reasons) > len(decision.strongest(taken)):
        blocks += [Paragraph(text=say("sections.all_reasons"), tone="accent")]
        blocks += [decision.statements(taken.reasons, view, say)]
    if taken.steps:
        blocks += [Paragraph(text=say("sections.calculation"), tone="accent")]
        blocks += [Paragraph(text=say("text.calculation")), _steps(view, say)]
    return Section(anchor="contributions", title=say("sections.contributions"), blocks=tuple(blocks))


def _score(view: View, say: Say) -> Bars:
    score = view.assessment.score
    row = Bar(
        label=say("captions.score_row"),
        value=f"{convention.number(score.value)} ({score.letter})",
        low=score.interval.low / 100,
        high=score.interval.high / 100,
        mark=score.value / 100,
        start=0.0,
        end=0.0,
    )
    return Bars(
        caption=say("captions.score"),
        heads=(say("columns.item"), "", say("tiles.score")),
        ticks=tuple(Tick(at=at / 100, text=str(at)) for at in (0, 25, 50, 75, 100)),
        bars=(row,),
    )


def _loadings(view: View, say: Say) -> Bars:
    """Charged loadings from zero, with the technical one as a point and the interval on the total."""
    taken = view.assessment.decision
    known = {name: loading for name, loading in taken.loading.items() if loading is not None}
    span = taken.loading_interval
    figures = [
        0.0,
        span.low,
        span.high,
        *(x.charged for x in known.values()),
        *(x.technical for x in known.values()),
    ]
    low, high = min(figures), max(*figures, min(figures) + _NARROWEST)

    def at(value: float) -> float:
        return (value - low) / (high - low)

    bars = [
        Bar(
            label=say(f"covers.{name}"),
            value=convention.loading(loading.charged),
            start=min(at(0.0), at(loading.charged)),
            end=max(at(0.0), at(loading.charged)),
            mark=at(loading.technical),
            low=at(span.low) if name == "total" else None,
            high=at(span.high) if name == "total" else None,
        )
        for name, loading in known.items()
    ]
    ticks = (
        Tick(at=0.0, text=convention.loading(low)),
        Tick(at=at(0.0), text=say("captions.average"), strong=True),
        Tick(at=1.0, text=convention.loading(high)),
    )
    return Bars(
        caption=say("captions.loading", level=convention.percent(span.level)),
        heads=(say("columns.cover"), "", say("columns.charged")),
        ticks=tuple(tick for tick in ticks if tick.strong or abs(tick.at - at(0.0)) > _APART),
        bars=tuple(bars),
    )


def _contributions(view: View, say: Say) -> Bars:
    moving = [
        c for c in view.assessment.score.contributions if c.state != "rule" or abs(c.factor - 1) > _STILL
    ]
    shown = sorted(moving, key=lambda c: -abs(math.log(c.factor)))[:_CONTRIBUTIONS]
    reach = max([math.log(1.25), *(abs(math.log(c.factor)) for c in shown)])
    edge = math.exp(reach)
    return Bars(
        caption=say("captions.contributions"),
        heads=(say("columns.feature"), "", say("columns.factor")),
        ticks=(
            Tick(at=0.0, text=convention.factor(1 / edge)),
            Tick(at=0.5, text=say("captions.average"), strong=True),
            Tick(at=1.0, text=convention.factor(edge)),
        ),
        bars=tuple(_contribution(part, reach, view, say) for part in shown),
    )


def _contribution(part: Contribution, reach: float, view: View, say: Say) -> Bar:
    rule = part.state == "rule"
    label = say(f"contribution_rules.{part.feature}" if rule else f"features.{part.feature}")
    if part.state == "unseen":
        return Bar(
            label=label, value=f"{convention.factor(part.factor)} {say('outcomes.unknown')}", tone="unknown"
        )
    end = 0.5 + 0.5 * math.log(part.factor) / reach
    worse = part.factor > 1
    tone = "muted" if rule else "high" if worse else "pass"
    return Bar(
        label=label,
        value=convention.factor(part.factor),
        start=min(0.5, end),
        end=max(0.5, end),
        tone=tone,
        links=shared.links(part.findings, view, say),
    )


def _steps(view: View, say: Say) -> Facts:
    return Facts(
        rows=tuple(
            Fact(
                term=say(f"steps.{step.name}"),
                text=say.several(
                    f"{_step_name(name, say)} {_step(value)}" for name, value in step.values.items()
                ),
            )
            for step in view.assessment.decision.steps
        )
    )


def _step_name(name: str, say: Say) -> str:
    """A step's values are by cover, by peril or, at the start, by feature."""
    sections = (part for part in ("perils", "features", "step_values") if say.words.knows(f"{part}.{name}"))
    section = next(sections, None)
    return name if section is None else say(f"{section}.{name}")


def _step(value: float) -> str:
    """A factor, or from the expenses on an amount of money."""
    return convention.number(value) if abs(value) >= 100 else convention.number(value, 3)


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
    """Open findings by area, then one by one."""
    blocks: list[Block] = [shared.areas(view, say), Paragraph(text=say("text.areas"), tone="muted")]
    if view.issues:
        blocks.append(Paragraph(text=say("text.findings")))
        blocks += [cards.underwriter(issue, say) for issue in view.issues]
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
        blocks = (facts, Paragraph(text=say("text.scan_is_no_disclosure"), tone="muted"))
    return Section(anchor="application", title=say("sections.application"), blocks=blocks)


def _declared(declared: Application, say: Say) -> list[tuple[str, str]]:
    currency = declared.currency
    return [
        ("sector", say(f"sectors.{declared.sector}")),
        ("revenue", say.money(declared.revenue, currency)),
        ("employees", convention.number(declared.employees)),
        ("records", convention.number(declared.records)),
        ("gross_profit", _given(declared.daily_gross_profit, currency, say)),
        ("it_revenue", _given(declared.it_services_revenue, currency, say)),
        ("controls", _controls(declared, say)),
        ("incidents", _incidents(declared, say)),
    ]


def _given(amount: int | None, currency: str, say: Say) -> str:
    return say("labels.not_given") if amount is None else say.money(amount, currency)


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
        )
    ]
    rows += [
        Fact(term=say("versions.feed", name=name), text=text, mono=True)
        for name, text in item.digests.feeds.items()
    ]
    return Section(anchor="versions", title=say("sections.versions"), blocks=(Facts(rows=tuple(rows)),))
