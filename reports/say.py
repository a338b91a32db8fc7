"""Ids and arguments put into one language: statements, findings, targets, money."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from posture.core.assessment import Assessment
from posture.core.catalogue import Catalogue, Language
from posture.core.decisions import Statement, Subjectivity
from posture.core.findings import Argument, Finding, Owner
from posture.core.targets import Target
from reports import convention
from reports.complete import complete
from reports.plain import visible
from reports.text import Words

#: Arguments whose value is an id with words of its own: argument name → section of the words.
_VOCABULARY = {
    "feature": "features",
    "features": "features",
    "peril": "perils",
    "group": "groups",
    "groups": "groups",
    "sector": "sectors",
    "cover": "cover_names",
    "control": "controls",
    "declaration": "declarations",
}
#: Arguments of findings that hold short words of ours (`problems = ["too-many-lookups"]`).
_TERMS = frozenset({"caps", "problems", "weakness"})
_CHECKS = frozenset({"check", "closed_by"})
_SHARES = frozenset({"coverage", "floor"})
_LOADINGS = frozenset({"technical", "charged"})
_ISO_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")
#: Longest text of the network inside a sentence.
_QUOTE = 300
_PLAIN = frozenset({"count", "years", "due_days"})


@dataclass(frozen=True, slots=True)
class Say:
    """Speaks one language about one assessment's ids. `era`: years of the Japanese era, in Japanese."""

    words: Words
    catalogue: Catalogue
    era: bool = False

    @property
    def language(self) -> Language:
        """The language spoken."""
        return self.words.language

    def __call__(self, key: str, **arguments: object) -> str:
        """The sentence of an id with its arguments."""
        return self.words(key, **arguments)

    def open_word(self, section: str, key: str) -> str:
        """The word of an id of an open set (a permit's reason, a country), or the id itself."""
        name = f"{section}.{key}"
        return self.words(name) if self.words.knows(name) else key

    def statement(self, statement: Statement) -> str:
        """A reason, knock-out or subjectivity as a sentence; a subjectivity brings its own.

        One of an old assessment that today's words do not fit is told by its ids.
        """
        if isinstance(statement, Subjectivity):
            return statement.text.get(self.language.value, statement.id)
        arguments = self._arguments(statement.arguments)
        try:
            return self.words(f"statements.{statement.id}", **arguments)
        except KeyError:
            told = self.several(f"{name} {value}" for name, value in arguments.items())
            return self.words("labels.with_note", text=statement.id, note=told)

    def finding(self, finding: Finding) -> str:
        """What was found, as the check's card puts it; by its ids when the card no longer knows it."""
        arguments = {name: self._told(name, value) for name, value in finding.arguments.items()}
        quoted = replace(finding, arguments=arguments)
        try:
            return self.catalogue.sentence(quoted, self.language)
        except KeyError:
            return complete(self.catalogue, [quoted]).sentence(quoted, self.language)

    def title(self, check: str) -> str:
        """A check's title: the statement that is true when all is well; its path when it no longer exists."""
        card = self.catalogue.cards.get(check)
        return check if card is None else card.wordings[self.language].title

    def reason(self, reason: str) -> str:
        """Why something was not seen."""
        return self.catalogue.reasons[self.language].get(reason, reason)

    def where(self, target: Target) -> str:
        """A target with its address: the name alone would hide which of several hosts it was."""
        label = visible(target.label(), limit=_QUOTE)
        return f"{label} ({target.address})" if target.address and target.address not in label else label

    def owner(self, owner: Owner) -> str:
        """Who runs the thing, as the applicant is addressed."""
        return self.words(f"owners.{owner.value}")

    def money(self, minor: int | None, currency: str) -> str:
        """An amount; a dash where there is none."""
        return "–" if minor is None else convention.money(minor, currency, self.language)

    def day(self, value: date) -> str:
        """A date."""
        return convention.day(value, self.language, era=self.era)

    def moment(self, value: datetime) -> str:
        """A time with its zone."""
        return convention.moment(value, self.language, era=self.era)

    def model(self, item: Assessment) -> str:
        """Which model priced an assessment: the prior or one of own claims, with its date and digest."""
        by, digest = item.priced_by, item.digests.model[:12]
        if by is None:
            return self.words("priced_by.unsaid", digest=digest)
        if not by.fitted:
            return self.words("priced_by.prior", digest=digest)
        day = "–" if by.valued_on is None else self.day(by.valued_on)
        return self.words("priced_by.fitted", name=visible(by.name, limit=_QUOTE), day=day, digest=digest)

    def several(self, items: Iterable[str]) -> str:
        """A list inside a sentence."""
        return convention.several(items, self.language)

    def place(self, target: Target) -> str:
        """A target in few letters, for a column: no scheme of a web address, no address behind a name."""
        text = target.label() if target.url is None else target.url.removeprefix("https://").rstrip("/")
        return visible(text, limit=_QUOTE)

    def _told(self, name: str, value: Argument) -> Argument:
        """An argument of a finding: short words of ours in the reader's language, all else as it was said."""
        if name not in _TERMS:
            return self._quoted(value)
        if isinstance(value, tuple):
            return self.several(self._term(item) for item in value)
        return self._term(value) if isinstance(value, str) else value

    def _term(self, word: str) -> str:
        return self.open_word("terms", visible(word, limit=_QUOTE))

    def _quoted(self, value: Argument) -> Argument:
        """Judges write dates as ISO 8601; a reader gets them in words. The network's words are cut."""
        if isinstance(value, tuple):
            return self.several(visible(item, limit=_QUOTE) for item in value)
        if not isinstance(value, str):
            return value
        if _ISO_DATE.match(value):
            return self.day(date.fromisoformat(value))
        return visible(value, limit=_QUOTE)

    def _arguments(self, arguments: Mapping[str, Argument]) -> dict[str, object]:
        currency = arguments.get("currency")
        return {name: self._argument(name, value, currency) for name, value in arguments.items()}

    def _argument(self, name: str, value: Argument, currency: Argument) -> str:
        if isinstance(value, tuple):
            return self.several(self._argument(name, item, currency) for item in value)
        if isinstance(value, str):
            return self._word(name, value)
        if value is None or isinstance(value, bool):
            return "–" if value is None else str(value).lower()
        return self._number(name, value, currency)

    def _word(self, name: str, value: str) -> str:
        if name in _VOCABULARY:
            return self.open_word(_VOCABULARY[name], value)
        if name in _CHECKS:
            return self.title(value)
        if name == "reason":
            return self.several(self.reason(part.strip()) for part in value.split(","))
        return self.open_word("countries", value) if name == "country" else value

    def _number(self, name: str, value: float, currency: Argument) -> str:
        forms: dict[str, Callable[[float], str]] = {"factor": convention.factor}
        forms |= dict.fromkeys(_SHARES, convention.percent)
        forms |= dict.fromkeys(_LOADINGS, convention.loading)
        if name in forms:
            return forms[name](value)
        if isinstance(currency, str) and name not in _PLAIN:
            return self.money(round(value), currency)
        return convention.number(value, 0 if float(value).is_integer() else 2)
