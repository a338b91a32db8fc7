"""The underwriter's desk: reads a case, adds to its history, and looks again before binding."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models import authority
from posture.app import findings as ledger
from posture.app import quoting
from posture.app.pricing import Models
from posture.app.quoting import Terms
from posture.app.settings import Settings, load_settings
from posture.core import codec
from posture.core.assessment import Assessment
from posture.core.decisions import Action, Decision, Statement
from posture.core.desk import rules
from posture.core.desk.events import Event, Kind
from posture.core.desk.quote import Required, State
from posture.core.desk.rules import Bench
from posture.core.desk.state import Standing, standing
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Finding, Outcome
from posture.core.ledger import by_finding
from posture.core.ledger import standing as ledger_standing
from posture.store import assessments
from posture.store import desk as kept
from posture.store import ledger as said
from posture.store.database import Database, open_database

#: Reasons that rest on the application alone: with observed failures, the only grounds of a decline.
DECLARED_GROUNDS = frozenset(
    {
        "limit-above-authority",
        "revenue-outside-table",
        "records-above-authority",
        "incidents-declared",
        "sector-refers",
        "it-option-missing",
        "declaration-refers",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An assessment with everything said about it since, and where that leaves it."""

    assessment: Assessment
    history: tuple[Event, ...]
    standing: Standing
    at: datetime
    #: Findings (ids) of the assessment with an open dispute.
    disputed: tuple[str, ...]

    @property
    def decision(self) -> Decision:
        """The model's decision on the version that counts; the assessment's before anything was quoted."""
        version = self.standing.version
        return self.assessment.decision if version is None else version.decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The open database, who may decide, the time, and the models at hand."""

    database: Database
    bench: Bench
    at: datetime
    models: Models

    def case(self, named: str) -> Case:
        """The case of a stored assessment. Raises PostureError."""
        item = assessments.load(self.database, named)
        return self._case(item, kept.of_case(self.database, item.id))

    def add(self, case: Case, kind: Kind, by: str, reason: str, body: Mapping[str, Any]) -> Case:
        """Add one event and read the case again. Raises PostureError for what may not be, with why."""
        draft = Event(
            id="",
            case=case.assessment.id,
            kind=kind,
            by=by.strip(),
            at=self.at,
            reason=reason.strip(),
            body=body,
            previous="",
        )
        first = opening(case.assessment)
        kept.add(self.database, draft, lambda history, one: rules.append(history, one, first, self.bench))
        return self._case(case.assessment, kept.of_case(self.database, case.assessment.id))

    def quote(self, case: Case, terms: Terms, by: str, *, draft: bool = False) -> Case:
        """Price the next version and keep it. Raises PostureError."""
        version = quoting.price(
            case.assessment,
            terms,
            case.standing.versions,
            by=by,
            at=self.at,
            bench=self.bench,
            model=self.models.of(case.assessment.digests.model),
        )
        body = {"version": codec.encode(version), "draft": draft}
        return self.add(case, Kind.QUOTE, by, terms.reason or "quote", body)

    def cases(self, limit: int) -> Iterator[Case]:
        """Every case somebody added to, and the newest assessments besides."""
        histories = kept.everything(self.database)
        names = [*histories, *(row.id for row in assessments.newest(self.database, limit=limit))]
        for name in dict.fromkeys(names):
            yield self._case(assessments.load(self.database, name), histories.get(name, []))

    def _case(self, item: Assessment, history: Sequence[Event]) -> Case:
        try:
            now = standing(history, self.at, opening(item))
        except (ValueError, KeyError) as error:
            raise PostureError(
                f"The history of the case {item.id} cannot be read: {error}.",
                remedy="It was written by another version of this program; use that one.",
                code="desk-version",
            ) from None
        disputed = tuple(one.finding.id for one in ledger.read(self.database, item, self.at).disputed())
        return Case(assessment=item, history=tuple(history), standing=now, at=self.at, disputed=disputed)


@contextmanager
def opened(database: str | None, at: datetime, model: Path | None = None) -> Iterator[Desk]:
    """The desk on a database, with the model of a file at hand. Raises PostureError."""
    settings = load_settings()
    models = Models.read(model, settings)
    store = open_database(database or settings.database)
    try:
        yield Desk(database=store, bench=bench(settings), at=at, models=models)
    finally:
        store.close()


def bench(settings: Settings) -> Bench:
    """Who may decide what. Raises PostureError for a level that the authority table does not have."""
    levels = authority.table().levels
    for person, level in settings.authority.items():
        if level not in levels:
            raise PostureError(
                f"The settings give {person} the authority “{level}”, which does not exist.",
                remedy=f"Levels: {', '.join(levels)}.",
                code="bad-settings",
            )
    return Bench(levels=levels, people=settings.authority)


def opening(item: Assessment) -> State:
    """Where a case begins: referred where the model refers or declines, for a person decides."""
    return State.REFERRED if item.decision.action in {Action.REFER, Action.DECLINE} else State.DRAFT


def required(case: Case) -> Required:
    """The authority the case needs now."""
    version = case.standing.version
    if version is not None:
        return version.required
    if case.assessment.application is None:
        return Required(level=authority.table().levels[0], signatures=1, reasons=())
    return authority.required(case.assessment.decision, case.assessment.application)


def grounds(case: Case, named: Sequence[str]) -> list[str]:
    """Findings (beginnings of ids) and declared reasons that a decline may rest on. Raises PostureError."""
    return [_ground(case, name) for name in named]


def _ground(case: Case, name: str) -> str:
    if name in DECLARED_GROUNDS and name in {item.id for item in case.decision.reasons}:
        return name
    found = [item for item in case.assessment.findings if name and item.id.startswith(name)]
    if len(found) == 1 and _observed_failure(found[0]):
        return found[0].id
    raise PostureError(
        f"“{name}” is no ground of a decline: it is no observed failure and no reason of the application.",
        remedy="Name a failed finding that was observed. Unknowns and inferred versions are no grounds.",
        code="no-grounds",
    )


def _observed_failure(item: Finding) -> bool:
    return item.outcome is Outcome.FAIL and item.confidence is Confidence.OBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What shows a remedy done: one of a later assessment (id), a document, and rescans in the ledger."""

    later: str | None = None
    evidence: Path | None = None
    rescanned: bool = False


def shown_done(desk: Desk, case: Case, subjectivity: str, shown: Shown) -> dict[str, Any]:
    """The body of what closes a subjectivity.

    Raises PostureError when not exactly one thing is given, when it is none of the case's, and when something
    is not done.
    """
    asked = next((item for item in case.decision.subjectivities if item.id == subjectivity), None)
    if asked is None:
        names = ", ".join(item.id for item in case.decision.subjectivities) or "none"
        raise PostureError(
            f"“{subjectivity}” is no subjectivity of the case {case.assessment.id}.",
            remedy=f"Its subjectivities: {names}.",
            code="no-subjectivity",
        )
    if [shown.later is None, shown.evidence is None, not shown.rescanned].count(False) != 1:
        raise PostureError(
            "A subjectivity is closed by one of three things.",
            remedy="Give --assessment ID (a later scan in which it passes), --rescanned, or --evidence FILE.",
            code="no-evidence",
        )
    found = {"subjectivity": subjectivity, "assessment": "", "evidence": "", "findings": list(asked.findings)}
    if shown.evidence is not None:
        return found | {"evidence": ledger.digest(shown.evidence), "findings": []}
    if shown.rescanned:
        return found | {"rescans": _rescans(desk, case, asked.findings)}
    later = assessments.load(desk.database, shown.later or "")
    return found | {"assessment": later.id, "findings": _passing(case, later, asked.findings)}


def _rescans(desk: Desk, case: Case, findings: Sequence[str]) -> list[str]:
    """The ledger's events by which rescans closed all these findings. Raises PostureError for one open."""
    histories = by_finding(said.of_domain(desk.database, case.assessment.domain))
    closed = {name: ledger_standing(histories.get(name, ()), desk.at).closed for name in findings}
    for name, event in closed.items():
        if event is None:
            raise PostureError(
                f"No rescan has closed the finding {name}.",
                remedy=f"Ask it again: posture rescan {case.assessment.id} --finding {name}",
                code="not-done",
            )
    return [event.id for event in closed.values() if event is not None]


def _passing(case: Case, scanned: Assessment, findings: Sequence[str]) -> list[str]:
    """The findings, all seen in order by the later assessment. Raises PostureError for one that was not."""
    if scanned.domain != case.assessment.domain or scanned.started_at <= case.assessment.started_at:
        raise PostureError(
            f"{scanned.id} is no later assessment of {case.assessment.domain}.",
            remedy="Name one that was made after the case's own.",
            code="no-evidence",
        )
    now = {item.id: item.outcome.value for item in scanned.findings}
    for name in findings:
        if now.get(name) not in {Outcome.PASS.value, Outcome.NOT_APPLICABLE.value}:
            raise PostureError(
                f"The finding {name} is {now.get(name, 'not there')} in {scanned.id}: it is not shown done.",
                remedy="Assess again once it is mended, or give a document with --evidence.",
                code="not-done",
            )
    return list(findings)


def facts_known(case: Case) -> dict[str, Any]:
    """What is known at binding: what was observed, how it stands to what was declared, what was answered."""
    version, now = case.standing.version, case.standing
    decision = case.decision
    return {
        "assessment": case.assessment.id,
        "version": version.number if version else 0,
        "failed": [item.id for item in case.assessment.findings if item.outcome is Outcome.FAIL],
        "declared": codec.encode(decision.declared),
        "differences": [
            {"item": _item(said), "findings": list(said.findings), "answer": _answer(now, _item(said))}
            for said in decision.facts_known
        ],
        "open": [
            {"subjectivity": item.id, "due": rules.due_day(version, item).isoformat()}
            for item in decision.subjectivities
            if rules.is_open(now, item.id)
        ],
    }


def _item(said: Statement) -> str:
    return str(said.arguments["control"])


def _answer(now: Standing, item: str) -> dict[str, str]:
    event = now.answers[item]
    return {"event": event.id, "by": event.by, "text": event.reason}


def decided(desk: Desk, case: Case, by: str, reason: str, *, approve: bool, named: Sequence[str]) -> Case:
    """Approve or decline a referral. Raises PostureError for what may not be, with why."""
    if not approve:
        body = {"verdict": "decline", "grounds": grounds(case, named), "signatures": 1}
        return desk.add(case, Kind.DECIDE, by, reason, body)
    version = case.standing.version
    if version is not None and version.premium.total is None:
        raise PostureError(
            f"The version {version.quote} has no premium that could be offered.",
            remedy="Have what was not seen observed, or complete the application, and quote again.",
            code="no-premium",
        )
    body = {
        "verdict": "approve",
        "grounds": [],
        "signatures": required(case).signatures,
        "level": desk.bench.level(by),
    }
    return desk.add(case, Kind.DECIDE, by, reason, body)


def bound(desk: Desk, case: Case, by: str, reason: str) -> Case:
    """Bind, and keep what is known. Raises PostureError for what may not be, with why."""
    facts = {} if rules.open_questions(case.standing) else facts_known(case)
    return desk.add(case, Kind.BIND, by, reason, {"facts": facts})
