"""Forgets what a consent no longer lets us keep, and keeps the digests of what is gone."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from posture.store.database import Database
from posture.store.schema import assessments, desk_events, finding_events, purged, purging, suppliers


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What is left of an assessment: when it was, and digests (SHA-256, hex) that prove what it said.

    `id` is the digest of its id, which names the applicant; `document` that of its JSON document; `consent`,
    `tables` and `model` are its own. `events`: digest of the ids of what went with it: its case on the
    underwriter's desk, and what was said about its domain's findings unless another assessment of the domain
    is kept; empty for none.
    """

    id: str
    finished_at: datetime
    retain_until: date
    purged_at: datetime
    document: str
    consent: str
    tables: str
    model: str
    events: str


_FIELDS = tuple(Purged.__dataclass_fields__)


def overdue(database: Database, today: date) -> tuple[str, ...]:
    """Assessments (ids) whose consent's `retain_until` lies before today, the oldest first.

    One without such a date is kept: the consent did not limit it.
    """
    limit = assessments.c.document["consent"]["retain_until"].as_string()
    query = select(assessments.c.id, limit).order_by(assessments.c.finished_at, assessments.c.id)
    with database.transaction() as connection:
        rows = connection.execute(query).all()
    return tuple(name for name, until in rows if until and date.fromisoformat(until) < today)


def purge(database: Database, names: Iterable[str], at: datetime) -> tuple[Purged, ...]:
    """Delete these assessments and keep their digests, all or nothing."""
    with database.transaction() as connection:
        return tuple(_purge(connection, name, at) for name in names)


def kept(database: Database) -> Sequence[Purged]:
    """What is left of every purged assessment, the newest purge first."""
    query = select(*(purged.c[name] for name in _FIELDS)).order_by(purged.c.purged_at.desc(), purged.c.id)
    with database.transaction() as connection:
        return [Purged(**row) for row in connection.execute(query).mappings()]


def digest(document: dict[str, Any]) -> str:
    """SHA-256 (hex) of a document as JSON with sorted keys and no spaces: of assessment.json too."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _purge(connection: Connection, name: str, at: datetime) -> Purged:
    query = select(assessments.c.document, assessments.c.finished_at).where(assessments.c.id == name)
    document, finished = connection.execute(query).one()
    left = Purged(
        id=hashlib.sha256(name.encode()).hexdigest(),
        finished_at=finished,
        retain_until=date.fromisoformat(document["consent"]["retain_until"]),
        purged_at=at,
        document=digest(document),
        consent=document["consent"]["digest"],
        tables=document["digests"]["tables"],
        model=document["digests"]["model"],
        events=_events(connection, name, document["domain"]),
    )
    connection.execute(insert(purged).values({field: getattr(left, field) for field in _FIELDS}))
    return left


def _events(connection: Connection, name: str, domain: str) -> str:
    ids = (*_forget_case(connection, name), *_forget(connection, name, domain))
    return hashlib.sha256("\n".join(ids).encode()).hexdigest() if ids else ""


def _forget_case(connection: Connection, name: str) -> Sequence[str]:
    """Delete the assessment's history on the underwriter's desk; the ids it had, in order."""
    mine = desk_events.c.case == name
    ids = (
        connection.execute(select(desk_events.c.id).where(mine).order_by(desk_events.c.number))
        .scalars()
        .all()
    )
    # The triggers let lines go only of a case that is being purged (migration 0006).
    connection.execute(insert(purging).values(domain=name))
    connection.execute(delete(desk_events).where(mine))
    connection.execute(delete(purging).where(purging.c.domain == name))
    return ids


def _forget(connection: Connection, name: str, domain: str) -> Sequence[str]:
    """Delete the assessment, and the domain's ledger with the last one; the ledger's ids."""
    connection.execute(delete(suppliers).where(suppliers.c.assessment == name))
    connection.execute(delete(assessments).where(assessments.c.id == name))
    others = select(assessments.c.id).where(assessments.c.domain == domain).limit(1)
    if connection.execute(others).first() is not None:
        return ()
    mine = finding_events.c.domain == domain
    ids = (
        connection.execute(select(finding_events.c.id).where(mine).order_by(finding_events.c.id))
        .scalars()
        .all()
    )
    if not ids:
        return ()
    # The ledger's triggers let lines go only of a domain that is being purged (migration 0005).
    connection.execute(insert(purging).values(domain=domain))
    connection.execute(delete(finding_events).where(mine))
    connection.execute(delete(purging).where(purging.c.domain == domain))
    return ids
