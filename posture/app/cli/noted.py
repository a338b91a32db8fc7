"""The ledger of findings, for programs and for people."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from rich.text import Text

from posture.app import clock, findings, stored
from posture.app.cli.summary import Terminal
from posture.app.findings import Ledger, Noted, Words
from posture.app.settings import load_settings
from posture.checks.registry import catalogue
from posture.core import codec
from posture.core import document as core
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.findings import Outcome
from posture.core.ledger import Event, Kind, Standing, Waiver, WaiverState
from posture.store.database import Database, open_database
from reports.plain import visible

#: Digits of a finding's id that are printed: enough to name it.
_SHORT = 8


def ledger(named: str, database: str | None) -> Ledger:
    """The named assessment's findings as they stand now. Raises PostureError."""
    return of(stored.find(named, database), database)


def of(item: Assessment, database: str | None) -> Ledger:
    """An assessment's findings as they stand now. Raises PostureError."""
    with _opened(database) as opened:
        return findings.read(opened, item, clock.utc_now())


def one(read: Ledger, beginning: str) -> Noted:
    """The finding whose id begins so. Raises PostureError."""
    (name,) = stored.named(read.assessment, (beginning,))
    return next(item for item in read.noted if item.finding.id == name)


def note(named: str, beginning: str, kind: Kind, words: Words, database: str | None) -> Noted:
    """Add an event to the finding whose id begins so. Raises PostureError."""
    item = stored.find(named, database)
    (name,) = stored.named(item, (beginning,))
    with _opened(database) as opened:
        return findings.note(opened, item, name, kind, words, clock.utc_now())


def document(read: Ledger, *, everything: bool) -> dict[str, Any]:
    """JSON value of a ledger."""
    return {
        "assessment": read.assessment.id,
        "domain": read.assessment.domain,
        "at": codec.encode(read.at),
        "findings": [entry(item) for item in _listed(read, everything=everything)],
        "elsewhere": list(read.elsewhere),
    }


def entry(item: Noted) -> dict[str, Any]:
    """JSON value of one finding with where it stands and what was said."""
    return {
        "finding": core.finding(item.finding),
        "standing": codec.encode(item.standing) | {"waived": item.standing.waived},
        "history": codec.encode(item.history),
    }


@dataclass(frozen=True, slots=True)
class Notes:
    """Prints what was said, in one language."""

    terminal: Terminal

    @classmethod
    def open(cls, language: Language) -> Self:
        """On stdout."""
        return cls(Terminal.open(catalogue(), language))

    def all(self, read: Ledger, *, everything: bool) -> None:
        """Every finding worth listing, and which the ledger knows besides."""
        for item in _listed(read, everything=everything):
            self.one(item)
        if read.elsewhere:
            self._print(self._word("ledger_elsewhere", findings=", ".join(read.elsewhere)))

    def one(self, item: Noted) -> None:
        """One finding and where it stands."""
        self._print(self._title(item))
        for line in self._standing(item.standing):
            self._print(line, indent=1)

    def history(self, item: Noted) -> None:
        """Every event, in order."""
        for said in item.history:
            self._print(self._event(said), indent=1)

    def beside(self, read: Ledger) -> None:
        """What stands beside the score: open disputes, waivers in force, and waivers that have ended."""
        self._group("ledger_disputes", read, lambda now: now.dispute is not None)
        self._group("ledger_waivers", read, lambda now: now.waived)
        self._group("ledger_ended", read, _ended)

    def _group(self, title: str, read: Ledger, belongs: Callable[[Standing], bool]) -> None:
        chosen = [item for item in read.noted if belongs(item.standing)]
        if chosen:
            self._print(self._word(title, count=len(chosen)), style="bold")
        for item in chosen:
            self._print(self._title(item), indent=1)
            for line in self._standing(item.standing):
                self._print(line, indent=2)

    def _title(self, item: Noted) -> str:
        say, finding = self.terminal.say, item.finding
        mark = say(f"outcomes.{finding.outcome.value}")
        return f"{finding.id[:_SHORT]}  [{mark}] {say.where(finding.target)}: {say.finding(finding)}"

    def _standing(self, now: Standing) -> Iterator[str]:
        for key in ("dispute", "confirmed", "resolved", "closed", "asked"):
            said: Event | None = getattr(now, key)
            if said is not None:
                yield self._word(f"ledger_{key}", **self._said(said))
        if now.waiver is not None:
            yield self._waiver(now.waiver)

    def _waiver(self, waiver: Waiver) -> str:
        until = "" if waiver.request.until is None else self.terminal.say.moment(waiver.request.until)
        lapsed = waiver.state is WaiverState.EXPIRED and waiver.approval is None
        key = "ledger_lapsed" if lapsed else f"ledger_{waiver.state.value}"
        approver = "" if waiver.approval is None else waiver.approval.by
        return self._word(key, until=until, approver=approver, **self._said(waiver.request))

    def _event(self, said: Event) -> str:
        parts = [self._word("ledger_event", kind=self._word(f"kind_{said.kind.value}"), **self._said(said))]
        if said.until is not None:
            parts.append(self._word("ledger_until", until=self.terminal.say.moment(said.until)))
        if said.evidence:
            parts.append(f"SHA-256 {said.evidence}")
        if said.reply_to:
            parts.append(f"→ {said.reply_to}")
        return "  ".join((said.id, *parts))

    def _said(self, said: Event) -> dict[str, str]:
        return {"by": said.by, "at": self.terminal.say.moment(said.at), "reason": said.reason}

    def _word(self, key: str, **arguments: object) -> str:
        return self.terminal.word(key, **arguments)

    def _print(self, line: str, *, indent: int = 0, style: str = "") -> None:
        self.terminal.console.print(Text("  " * indent + visible(line), style=style))


def _listed(read: Ledger, *, everything: bool) -> Iterable[Noted]:
    """What failed, and what was said something about; the worst first."""
    listed = [
        item for item in read.noted if everything or item.history or item.finding.outcome is Outcome.FAIL
    ]
    return sorted(listed, key=lambda item: [-part for part in item.finding.badness()])


def _ended(now: Standing) -> bool:
    """A waiver that was in force and is over."""
    waiver = now.waiver
    return waiver is not None and waiver.state is WaiverState.EXPIRED and waiver.approval is not None


@contextmanager
def _opened(database: str | None) -> Iterator[Database]:
    opened = open_database(database or load_settings().database)
    try:
        yield opened
    finally:
        opened.close()
