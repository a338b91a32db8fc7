"""What people say about the findings of an assessment: a ledger that moves no score and no price."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from posture.core import ledger
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from posture.core.findings import Finding, Outcome
from posture.core.ledger import Event, Kind, Standing
from posture.store import ledger as kept
from posture.store.database import Database

#: Kinds that are about something bad or unseen.
_AGAINST = frozenset({Kind.DISPUTE, Kind.WAIVE})
_OPEN = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A finding with what was said about it and where that leaves it."""

    finding: Finding
    history: tuple[Event, ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The findings of an assessment as they stand at a time.

    `elsewhere` are findings (ids) of the same domain that the ledger knows and this assessment does not.
    """

    assessment: Assessment
    at: datetime
    noted: tuple[Noted, ...]
    elsewhere: tuple[str, ...]

    def disputed(self) -> tuple[Noted, ...]:
        """Findings with an open dispute."""
        return tuple(item for item in self.noted if item.standing.dispute is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody says: who, why, until when (a waiver), with which file, in answer to which event."""

    by: str
    reason: str
    until: datetime | None = None
    evidence: Path | None = None
    reply_to: str = ""


def read(database: Database, assessment: Assessment, at: datetime) -> Ledger:
    """Every finding of the assessment with its history."""
    histories = ledger.by_finding(kept.of_domain(database, assessment.domain))
    noted = tuple(_noted(item, histories.get(item.id, ()), at) for item in assessment.findings)
    known = {item.id for item in assessment.findings}
    return Ledger(
        assessment=assessment,
        at=at,
        noted=noted,
        elsewhere=tuple(sorted(histories.keys() - known)),
    )


def note(
    database: Database, assessment: Assessment, finding: str, kind: Kind, words: Words, at: datetime
) -> Noted:
    """Add one event about a finding (id). Raises PostureError for what may not be, with why."""
    item = next(item for item in assessment.findings if item.id == finding)
    if kind in _AGAINST and item.outcome not in _OPEN:
        raise PostureError(
            f"The finding {finding} is {item.outcome.value}: there is nothing to {kind.value}.",
            remedy="Name a finding that failed or is unknown.",
            code="not-open",
        )
    draft = Event(
        id="",
        domain=assessment.domain,
        finding=finding,
        assessment=assessment.id,
        kind=kind,
        by=words.by.strip(),
        at=at,
        reason=words.reason.strip(),
        until=words.until,
        evidence="" if words.evidence is None else digest(words.evidence),
        reply_to=words.reply_to,
    )
    kept.add(database, draft, ledger.append)
    return _noted(item, kept.of_finding(database, assessment.domain, finding), at)


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file of any size; the file stays where it is. Raises PostureError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PostureError(
            f"The evidence {path} cannot be read: {error.strerror}.",
            remedy="Name the file that shows it; only its digest is kept.",
            code="bad-evidence",
        ) from None


def _noted(finding: Finding, history: Sequence[Event], at: datetime) -> Noted:
    return Noted(finding=finding, history=tuple(history), standing=ledger.standing(history, at))
