"""Incident stories: which findings make each likelier, which cover responds, and what the scan cannot see."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from posture.core.decisions import Contribution, Cover
from reports.blocks import Block, Fact, Facts, Paragraph, Section
from reports.say import Say
from reports.sections.parts import links_to
from reports.view import View

_FILE = Path(__file__).parents[1] / "scenarios.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story by id, the covers that respond to it, and the features that make it likelier."""

    name: str
    covers: tuple[Cover, ...]
    features: tuple[str, ...]


@cache
def load() -> tuple[Scenario, ...]:
    """All stories, in the order of the file."""
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(
        Scenario(name=name, covers=tuple(map(Cover, entry["covers"])), features=tuple(entry["features"]))
        for name, entry in document.items()
    )


def section(view: View, say: Say) -> Section:
    """Every story with this applicant's findings."""
    blocks: list[Block] = [Paragraph(text=say("text.scenarios"))]
    for scenario in load():
        blocks += _story(scenario, view, say)
    return Section(anchor="scenarios", title=say("sections.scenarios"), blocks=tuple(blocks))


def _story(scenario: Scenario, view: View, say: Say) -> tuple[Block, ...]:
    words = f"scenarios.{scenario.name}"
    rows = (
        Fact(term=say("scenario.covers"), text=_covers(scenario, view, say)),
        Fact(term=say("scenario.blind"), text=say(f"{words}_blind")),
    )
    return (
        Paragraph(text=say(f"{words}_title"), tone="accent"),
        Paragraph(text=say(words)),
        _likelier(scenario, view, say),
        Facts(rows=rows),
    )


def _likelier(scenario: Scenario, view: View, say: Say) -> Paragraph:
    """The open findings behind the features of the story, and which of these were not observed."""
    if not scenario.features:
        return Paragraph(text=say("scenario.no_bearing"))
    parts = [c for c in view.assessment.score.contributions if c.feature in scenario.features]
    raising = [part for part in parts if part.state == "seen" and part.factor > 1]
    texts = (
        [say("scenario.likelier", features=_names(raising, say))] if raising else [say("scenario.nothing")]
    )
    hidden = [part for part in parts if part.state == "unseen"]
    if hidden:
        texts.append(say("scenario.hidden", features=_names(hidden, say)))
    found = (key for part in raising for key in part.findings)
    return Paragraph(text=" ".join(texts), links=links_to(dict.fromkeys(found), view, say))


def _names(parts: list[Contribution], say: Say) -> str:
    return say.several(say.open_word("features", part.feature) for part in parts)


def _covers(scenario: Scenario, view: View, say: Say) -> str:
    """The covers that respond; those not asked for are marked, where an application says what was."""
    asked = view.assessment.application
    names = []
    for cover in scenario.covers:
        name = say(f"covers.{cover.value}")
        missing = asked is not None and cover not in asked.covers
        names.append(say("scenario.not_asked", cover=name) if missing else name)
    return say.several(names)
