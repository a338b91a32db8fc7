"""A finding as a card: for the applicant with everything needed to mend it, for the underwriter to defend."""

from typing import Any

from posture.core.findings import Finding, Owner
from posture.core.observations import Observation
from posture.core.priority import Priority
from reports import convention, fixes, prose, verify
from reports.blocks import Badge, Card, Code, Fact, Facts, Items, Paragraph, Part
from reports.evidence import answer
from reports.plain import visible
from reports.say import Say
from reports.sections import ledger
from reports.sections.parts import anchor
from reports.view import Effect, Issue, View, advice, priority

#: How many observations a card quotes: a finding may rest on every address of a name.
_QUOTED = 4
#: How many of them in their own words: the others say the same, that is why they share a card.
_IN_FULL = 1


def applicant(issue: Issue, view: View, say: Say) -> Card:
    """What was seen, why it matters, how to mend and check it, who does it, what to quote in a dispute."""
    finding = issue.finding
    wording = say.catalogue.cards[finding.check].wordings[say.language]
    return Card(
        anchor=anchor(finding.id),
        title=_title(issue, say),
        badges=(
            _severity(issue, say),
            *_pressing(issue, say),
            Badge(text=f"{say('columns.effect')}: {_effect(issue, say)}"),
            *ledger.badges(issue, view, say),
        ),
        where=_where(issue, say),
        parts=_filled(
            Part(title=say("parts.expected"), blocks=(Paragraph(text=wording.title),)),
            Part(title=say("parts.why"), blocks=prose.parse(wording.why)),
            Part(title=say("parts.evidence"), blocks=_evidence(issue, say, digests=False)),
            Part(title=say("parts.fix"), blocks=_fix(issue, view, say)),
            Part(title=say("parts.verify"), blocks=_commands(issue, view, say)),
            ledger.part(issue, view, say),
            Part(title=say("parts.owner"), blocks=_owner(issue, say)),
        ),
    )


def _who(finding: Finding, say: Say) -> str:
    """Who mends it, and whom to ask where that is known."""
    note = say(f"owner_notes.{finding.owner.value}")
    operators = finding.arguments.get("operators")
    if finding.owner is Owner.SELF or not isinstance(operators, tuple):
        return note
    return f"{note} {say('labels.operators', operators=say.several(map(visible, operators)))}"


def underwriter(issue: Issue, view: View, say: Say) -> Card:
    """What was seen, why it matters, on what evidence, and its part in the score."""
    finding = issue.finding
    wording = say.catalogue.cards[finding.check].wordings[say.language]
    return Card(
        anchor=anchor(finding.id),
        title=_title(issue, say),
        badges=(
            _severity(issue, say),
            *_pressing(issue, say),
            Badge(text=say(f"owners_short.{finding.owner.value}")),
            Badge(text=say(f"confidences.{finding.confidence.value}")),
            *ledger.badges(issue, view, say),
        ),
        where=_where(issue, say),
        parts=_filled(
            Part(title=say("parts.why"), blocks=prose.parse(wording.why)),
            Part(title=say("parts.priced"), blocks=(Paragraph(text=_priced(issue, say)),)),
            ledger.part(issue, view, say),
            Part(title=say("parts.evidence"), blocks=_evidence(issue, say, digests=True)),
            Part(title=say("parts.identity"), blocks=(Paragraph(text=f"{finding.check}: {_ids(issue)}"),)),
        ),
    )


def _owner(issue: Issue, say: Say) -> tuple[Paragraph, ...]:
    """Who mends it, and what to quote in a dispute: short lines that stay on one page together."""
    ids = f"{say('parts.identity')}: {_ids(issue)}"
    return Paragraph(text=_who(issue.finding, say)), Paragraph(text=ids, tone="muted")


def _title(issue: Issue, say: Say) -> str:
    return f"{issue.number}. {say.finding(issue.finding)}"


def _severity(issue: Issue, say: Say) -> Badge:
    level = issue.finding.severity.value
    return Badge(text=say(f"severities.{level}"), tone=level)


def _pressing(issue: Issue, say: Say) -> tuple[Badge, ...]:
    """That a flaw behind the finding is exploited, or likely to be."""
    found = priority(issue)
    if found is None or found is Priority.OTHER:
        return ()
    return (Badge(text=say(f"priorities.{found.value}"), tone="critical"),)


def _effect(issue: Issue, say: Say) -> str:
    """The effect class; none says why, where that was counted."""
    word = say(f"effects.{issue.effect.value}")
    if issue.effect is not Effect.NONE or issue.held is None:
        return word
    return say("labels.with_note", text=word, note=say(f"held.{issue.held.value}"))


def _priced(issue: Issue, say: Say) -> str:
    if issue.effect is Effect.NONE and not issue.contributions:
        return say(f"effects.{issue.effect.value}")
    return say.several(
        f"{say.open_word('features', part.feature)} {convention.factor(part.factor)}"
        for part in issue.contributions
    )


def _where(issue: Issue, say: Say) -> str:
    return say.several(say.where(finding.target) for finding in issue.findings)


def _ids(issue: Issue) -> str:
    return ", ".join(finding.id for finding in issue.findings)


def _filled(*parts: Part) -> tuple[Part, ...]:
    """The parts that say something: the card of a check that no longer exists has no why and no fix."""
    return tuple(part for part in parts if part.blocks)


def _fix(issue: Issue, view: View, say: Say) -> tuple[Paragraph | Code | Items | Facts, ...]:
    """How to mend it: on the product that was recognised there, else as the check's card says."""
    domain = view.assessment.domain
    known = advice(view, issue.finding, say.language)
    if known is None:
        wording = say.catalogue.cards[issue.finding.check].wordings[say.language]
        return tuple(
            Code(text=fixes.for_domain(block.text, domain)) if isinstance(block, Code) else block
            for block in prose.parse(wording.fix)
        )
    blocks: list[Paragraph | Code | Items | Facts] = [
        Paragraph(text=say("text.recognised", product=known.product), tone="muted"),
        Paragraph(text=known.text),
    ]
    return tuple([*blocks, Code(text=known.code)] if known.code else blocks)


def _commands(issue: Issue, view: View, say: Say) -> tuple[Code, ...]:
    card = say.catalogue.cards[issue.finding.check]
    lines = dict.fromkeys(verify.command(card, finding.target) for finding in issue.findings)
    known = advice(view, issue.finding, say.language)
    shown = [known.verify] if known is not None and known.verify else list(lines)[:_QUOTED]
    text = "\n".join(shown)
    return (Code(text=text),) if text else ()


def _evidence(issue: Issue, say: Say, *, digests: bool) -> tuple[Facts | Code, ...]:
    """The first answer in its own words; of the others who was asked, when, and their digests."""
    blocks: list[Facts | Code] = []
    for number, observation in enumerate(issue.observations[:_QUOTED]):
        blocks.append(Facts(rows=_source(observation, say, digests=digests)))
        lines = answer(observation) if number < _IN_FULL else ()
        if lines and lines != ("–",):
            blocks.append(Code(text="\n".join(lines)))
    return tuple(blocks)


def _source(observation: Observation[Any], say: Say, *, digests: bool) -> tuple[Fact, ...]:
    key = observation.kind.replace(".", "_")
    target = say.where(observation.target)
    rows = [
        Fact(term=say("evidence.asked"), text=say(f"asked.{key}", target=target)),
        Fact(term=say("evidence.when"), text=say.moment(observation.at)),
    ]
    if digests:
        rows += [Fact(term=say("evidence.digest"), text=text, mono=True) for text in observation.evidence[:2]]
    return tuple(rows)
