"""Cards for findings of the past: an old assessment may name a check or a message that no longer exists."""

from collections.abc import Iterable
from dataclasses import replace

from posture.core.catalogue import Card, Catalogue, Language, Wording
from posture.core.findings import Finding


def complete(catalogue: Catalogue, findings: Iterable[Finding]) -> Catalogue:
    """The catalogue with a card and a message for every finding: ids stand where the words are gone."""
    cards = dict(catalogue.cards)
    for finding in findings:
        card = cards.get(finding.check) or _unknown(finding)
        cards[finding.check] = card if _says(catalogue, card, finding) else _with_message(card, finding)
    return replace(catalogue, cards=cards)


def _says(catalogue: Catalogue, card: Card, finding: Finding) -> bool:
    """Whether there is a sentence of this message, and its placeholders are the finding's arguments."""
    sentences = replace(catalogue, cards={card.check: card})
    try:
        return all(sentences.sentence(finding, language) for language in Language)
    except KeyError:
        return False


def _unknown(finding: Finding) -> Card:
    wording = Wording(title=finding.check, why="", fix="", messages={})
    return Card(
        check=finding.check,
        version=finding.version,
        reads="",
        references=(),
        severities={},
        wordings=dict.fromkeys(Language, wording),
    )


def _with_message(card: Card, finding: Finding) -> Card:
    text = f"{finding.check}: {finding.message}".replace("{", "{{").replace("}", "}}")
    return replace(
        card,
        wordings={
            language: replace(wording, messages={**wording.messages, finding.message: text})
            for language, wording in card.wordings.items()
        },
    )
