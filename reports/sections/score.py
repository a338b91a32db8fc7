"""What moves the score: every factor as a row of a chart, the loadings, and the calculation step by step."""

import math
from collections.abc import Sequence
from itertools import groupby

from posture.core.decisions import Contribution, Cover, Step
from reports import convention
from reports.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Fact,
    Facts,
    Paragraph,
    Section,
    Table,
    Tick,
)
from reports.say import Say
from reports.sections import book, decision
from reports.sections.parts import links_to
from reports.view import View

_CONTRIBUTIONS = 24
#: Least width of the axis of loadings, and least distance of its labels from the middle one.
_NARROWEST = 0.2
_APART = 0.15
#: Names of values that hold for every cover.
_ALONE = ("G", "schedule")
_STEP_CAPTIONS = {"perils": "captions.steps_perils", "covers": "captions.steps_covers"}
#: A rule that moves nothing is not worth a row.
_STILL = 0.0005


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
        book.score(view, say),
        *book.standing(view, say),
        _loadings(view, say),
        _contributions(view, say),
    ]
    taken = view.assessment.decision
    if len(taken.reasons) > len(decision.strongest(taken)):
        blocks += [Paragraph(text=say("sections.all_reasons"), tone="accent")]
        blocks += [decision.statements(taken.reasons, view, say)]
    if taken.steps:
        blocks += [Paragraph(text=say("sections.calculation"), tone="accent")]
        blocks += [Paragraph(text=say("text.calculation")), *_steps(view, say)]
    return Section(anchor="contributions", title=say("sections.contributions"), blocks=tuple(blocks))


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
    label = say.open_word("contribution_rules" if rule else "features", part.feature)
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
        links=links_to(part.findings, view, say),
    )


def _steps(view: View, say: Say) -> tuple[Block, ...]:
    """The steps in order, those of one kind of value in one table: by feature, by peril, by cover."""
    blocks: list[Block] = []
    for kind, steps in groupby(view.assessment.decision.steps, key=_kind):
        found = tuple(steps)
        names = list(dict.fromkeys(name for step in found for name in step.values))
        if not names:
            continue
        if kind == "features":
            blocks += [Facts(rows=tuple(_feature_step(step, say) for step in found))]
        else:
            blocks.append(_step_table(kind, [name for name in names if name not in _ALONE], found, say))
    return tuple(blocks)


def _kind(step: Step) -> str:
    """What a step's values are by: features at the start, then perils, then covers (or one value for all)."""
    if step.name == "shrinkage":
        return "features"
    return "covers" if {*step.values} <= {*Cover, *_ALONE} else "perils"


def _feature_step(step: Step, say: Say) -> Fact:
    values = (f"{say.open_word('features', name)} {_step(value)}" for name, value in step.values.items())
    return Fact(term=say.open_word("steps", step.name), text=say.several(values))


def _step_table(kind: str, names: Sequence[str], steps: Sequence[Step], say: Say) -> Table:
    words = "cover_names" if kind == "covers" else "perils"
    columns = (
        Column(title=say("columns.step"), share=4),
        *(Column(title=say.open_word(words, name), align="right", share=2) for name in names),
    )
    rows = tuple(
        (Cell(text=_step_title(step, say)), *(Cell(text=_value(step, name)) for name in names))
        for step in steps
    )
    return Table(caption=say(_STEP_CAPTIONS[kind]), columns=columns, rows=rows)


def _step_title(step: Step, say: Say) -> str:
    """The step, with its value where it has one for all covers."""
    alone = [_step(value) for name, value in step.values.items() if name in _ALONE]
    return " ".join((say.open_word("steps", step.name), *alone))


def _value(step: Step, name: str) -> str:
    return _step(step.values[name]) if name in step.values else ""


def _step(value: float) -> str:
    """A factor, or from the expenses on an amount of money."""
    return convention.number(value) if abs(value) >= 100 else convention.number(value, 3)
