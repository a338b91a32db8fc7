"""Forgets what a consent no longer lets us keep, and keeps the digests of what is gone."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from posture.store.database import Database
from posture.store.schema import assessments, purged, suppliers


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What is left of an assessment: whose it was not, when it was, and digests that prove what it said.

    `document` is the SHA-256 (hex) of its JSON document, `consent`, `tables` and `model` are its own digests.
    """

    id: str
    finished_at: datetime
    retain_until: date
    purged_at: datetime
    document: str
    consent: str
    tables: str
    model: str


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
    """SHA-256 (hex) of a stored document, in the form `posture assess` writes it to assessment.json."""
    return hashlib.sha256((json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()).hexdigest()


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
    )
    connection.execute(delete(suppliers).where(suppliers.c.assessment == name))
    connection.execute(delete(assessments).where(assessments.c.id == name))
    connection.execute(insert(purged).values({field: getattr(left, field) for field in _FIELDS}))
    return left
