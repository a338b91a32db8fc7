"""The cards of all checks, as the reports and the command line read them: words, no judgement."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from posture.core.findings import Argument, Finding, Severity


class Language(StrEnum):
    """Languages every text exists in."""

    EN = "en"
    JA = "ja"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a check's statement comes from: an RFC section, a guideline."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One check in one language. `messages` are `str.format` templates over a verdict's arguments."""

    title: str
    why: str
    fix: str
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything about a check but its code. `check` is its path, such as `tls/legacy_protocol`."""

    check: str
    version: int
    reads: str
    references: tuple[Reference, ...]
    severities: Mapping[str, Severity]
    wordings: Mapping[Language, Wording]

    @property
    def area(self) -> str:
        """The folder the check lives in: dns, mail, tls, web, ports."""
        return self.check.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All cards by path, and the messages every check shares (why something is unknown).

    `reasons` puts each `Reason` into words, for the `reason` argument of the shared messages.
    """

    cards: Mapping[str, Card]
    common: Mapping[Language, Mapping[str, str]]
    reasons: Mapping[Language, Mapping[str, str]]
    digest: str

    def template(self, check: str, message: str, language: Language) -> str:
        """The sentence template of a message; the shared ones are found under every check."""
        own = self.cards[check].wordings[language].messages
        return own[message] if message in own else self.common[language][message]

    def sentence(self, finding: Finding, language: Language) -> str:
        """The finding's message in words, with its arguments filled in."""
        arguments = {name: _plain(value) for name, value in finding.arguments.items()}
        if finding.reason is not None:
            arguments["reason"] = self.reasons[language][finding.reason.value]
        return self.template(finding.check, finding.message, language).format_map(arguments)


def _plain(value: Argument) -> Argument:
    return ", ".join(value) if isinstance(value, tuple) else value
