"""A case of the underwriter's desk, for programs and for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from rich.table import Table
from rich.text import Text

from posture.app import desk as app
from posture.app.cli.summary import Terminal
from posture.app.desk import Case
from posture.checks.registry import catalogue
from posture.core import codec
from posture.core.catalogue import Language
from posture.core.decisions import Cover, Subjectivity
from posture.core.desk import rules
from posture.core.desk.events import Event, Kind
from posture.core.desk.quote import Version
from reports.plain import visible

#: Reasons that say why a price is what it is, and not why a person decides.
_QUIET = frozenset({"raises", "lowers", "loading-capped", "minimum-premium", "indication-only"})


def document(case: Case) -> dict[str, Any]:
    """JSON value of a case: where it stands, every version, and its whole history."""
    now, item = case.standing, case.assessment
    return {
        "case": item.id,
        "domain": item.domain,
        "applicant": item.consent.applicant,
        "state": now.state.value,
        "since": codec.encode(now.since),
        "quote": None if now.version is None else now.version.quote,
        "requester": now.requester,
        "required": codec.encode(app.required(case)),
        "taken_by": _by(now.taken),
        "approved_by": _by(now.approved),
        "signed_by": _by(now.signed),
        "questions": list(rules.open_questions(now)),
        "subjectivities": [_subjectivity(case, entry) for entry in case.decision.subjectivities],
        "overdue": list(rules.overdue(now, case.at)),
        "disputed": list(case.disputed),
        "reasons": reasons(case),
        "versions": [codec.encode(version) for version in now.versions],
        "history": [codec.encode(event) for event in case.history],
    }


def reasons(case: Case) -> list[str]:
    """Why a person decides: ids of the model's reasons and knock-outs."""
    decision = case.decision
    return [item.id for item in (*decision.knock_outs, *decision.reasons) if item.id not in _QUIET]


def line(case: Case) -> dict[str, Any]:
    """JSON value of a case in a list."""
    whole = document(case)
    age = case.at - (case.standing.since or case.assessment.finished_at)
    limits = _limits(case)
    names = (
        "case",
        "applicant",
        "domain",
        "state",
        "quote",
        "required",
        "taken_by",
        "approved_by",
        "reasons",
    )
    return {name: whole[name] for name in names} | {
        "tier": case.decision.tier.value,
        "age_days": age.days,
        "limit": max(limits.values(), default=None),
        "currency": case.decision.premium.currency,
    }


def _limits(case: Case) -> dict[Cover, int]:
    version = case.standing.version
    asked = case.assessment.application if version is None else version.application
    return {} if asked is None else {cover: terms.limit for cover, terms in asked.covers.items()}


def _by(event: Event | None) -> str | None:
    return None if event is None else event.by


def _subjectivity(case: Case, entry: Subjectivity) -> dict[str, Any]:
    closed = case.standing.closed.get(entry.id)
    due = rules.due_day(case.standing.version, entry)
    status = {"status": "open" if closed is None else "closed", "closed": _by(closed)}
    return {**codec.encode(entry), **status, "due": due.isoformat()}


@dataclass(frozen=True, slots=True)
class Printed:
    """Prints cases in one language."""

    terminal: Terminal

    @classmethod
    def open(cls, language: Language) -> Self:
        """On stdout."""
        return cls(Terminal.open(catalogue(), language))

    def case(self, case: Case) -> None:
        """Where a case stands, its last version, and what is open."""
        now, item = case.standing, case.assessment
        state = self._word(f"state_{now.state.value}")
        stamp = f"  {self._word('ledger_stamp', count=len(case.disputed))}" if case.disputed else ""
        self._print(f"{item.consent.applicant}  {item.domain}  {state}{stamp}", style="bold")
        if now.version is not None:
            self._version(now.version)
        self._authority(case)
        for key, shown in (("desk_reasons", self._reasons(case)), ("desk_open", self._open(case))):
            lines = list(shown)
            if lines:
                self._print(self._word(key), style="bold")
            for text in lines:
                self._print(text, indent=1)

    def listed(self, cases: Iterable[Case]) -> None:
        """One line for each case."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("case", "applicant", "state", "tier", "limit", "authority", "age", "taken"):
            table.add_column(self._word(f"desk_{name}"))
        for case in cases:
            table.add_row(*map(visible, self._row(case)))
        self.terminal.console.print(table)

    def compared(self, versions: Iterable[Version]) -> None:
        """Versions side by side: terms and premium of each cover."""
        chosen = list(versions)
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column(self._word("cover"))
        for version in chosen:
            table.add_column(visible(version.quote), justify="right")
        for cover in Cover:
            if any(cover in version.application.covers for version in chosen):
                table.add_row(
                    self.terminal.say(f"covers.{cover.value}"), *(self._cell(one, cover) for one in chosen)
                )
        table.add_row(self.terminal.say("covers.total"), *(self._total(version) for version in chosen))
        if any(version.indication for version in chosen):
            self._print(self._word("indication"), style="italic")
        self.terminal.console.print(table)

    def history(self, case: Case) -> None:
        """Every event, in order."""
        for event in case.history:
            what = self._word(f"desk_kind_{event.kind.value}")
            self._print(
                f"{event.id}  {self.terminal.say.moment(event.at)}  {event.by}  {what}: {event.reason}"
            )
            if event.kind is Kind.REVALIDATE:
                self._print(", ".join(event.body["worse"]) or self._word("desk_not_worse"), indent=1)

    def declared(self, case: Case) -> None:
        """Every answer beside what was observed."""
        known = {item.id: item for item in case.assessment.findings}
        for item in case.decision.declared:
            control = self.terminal.say(f"controls.{item.item}")
            grade = self._word(f"agreement_{item.agreement.value}")
            answer = self._word("desk_yes" if item.answer else "desk_no")
            self._print(f"{item.item}  {control}: {answer}  [{grade}]")
            for finding in (known[name] for name in item.findings if name in known):
                where = self.terminal.say.where(finding.target)
                self._print(f"{where}: {self.terminal.say.finding(finding)}", indent=1)
            said = case.standing.answers.get(item.item)
            if said is not None:
                self._print(self._word("desk_said", by=said.by, text=said.reason), indent=1)
        if not case.decision.declared:
            self._print(self._word("desk_nothing_declared"))

    def _version(self, version: Version) -> None:
        say = self.terminal.say
        self._print(
            self._word(
                "desk_version",
                quote=version.quote,
                until=say.moment(version.valid_until),
                start=f"{version.period[0]:%Y-%m-%d %H:%M}",
                end=f"{version.period[1]:%Y-%m-%d %H:%M}",
            )
        )
        self.compared((version,))
        if version.override is not None:
            given = version.override
            model = say.money(version.decision.premium.total, version.decision.premium.currency)
            schedule = f"{given.schedule:g}"
            words = {"by": given.by, "level": given.level, "reason": given.reason}
            self._print(self._word("desk_override", schedule=schedule, model=model, **words))

    def _authority(self, case: Case) -> None:
        needed = app.required(case)
        level = needed.level or self._word("desk_nobody")
        self._print(self._word("desk_needs", level=level, signatures=needed.signatures))

    def _reasons(self, case: Case) -> Iterator[str]:
        decision = case.decision
        for item in (*decision.knock_outs, *decision.reasons):
            if item.id not in _QUIET:
                yield self.terminal.say.statement(item)

    def _open(self, case: Case) -> Iterator[str]:
        now = case.standing
        for entry in case.decision.subjectivities:
            if rules.is_open(now, entry.id):
                due = self.terminal.say.day(rules.due_day(now.version, entry))
                text = self.terminal.say.statement(entry)
                yield self._word("desk_due", id=entry.id, text=text, day=due)
        for item in rules.open_questions(now):
            yield self._word("desk_question", item=self.terminal.say(f"controls.{item}"))

    def _row(self, case: Case) -> tuple[str, ...]:
        needed, limits = app.required(case), _limits(case)
        largest = max(limits.values(), default=None)
        shown = line(case)
        return (
            case.assessment.id,
            case.assessment.consent.applicant,
            self._word(f"state_{case.standing.state.value}"),
            case.decision.tier.value,
            self.terminal.say.money(largest, case.decision.premium.currency),
            f"{needed.level or self._word('desk_nobody')} ×{needed.signatures}",
            str(shown["age_days"]),
            shown["taken_by"] or "–",
        )

    def _cell(self, version: Version, cover: Cover) -> str:
        terms = version.application.covers.get(cover)
        if terms is None:
            return "–"
        currency, say = version.premium.currency, self.terminal.say
        retained = (
            say.money(terms.deductible, currency)
            if terms.waiting_hours is None
            else say("captions.waiting", hours=terms.waiting_hours)
        )
        amount = say.money(version.premium.by_cover.get(cover), currency)
        return self._word(
            "desk_cell", limit=say.money(terms.limit, currency), retained=retained, amount=amount
        )

    def _total(self, version: Version) -> str:
        return self.terminal.say.money(version.premium.total, version.premium.currency)

    def _word(self, key: str, **arguments: object) -> str:
        return self.terminal.word(key, **arguments)

    def _print(self, text: str, *, indent: int = 0, style: str = "") -> None:
        self.terminal.console.print(Text("  " * indent + visible(text), style=style))
