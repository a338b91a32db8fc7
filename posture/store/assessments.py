"""Queries over stored assessments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select

from posture.core.assessment import Assessment
from posture.core.document import assessment as to_document
from posture.core.document import read_assessment
from posture.core.dossier import Supplier
from posture.core.errors import PostureError
from posture.store import book
from posture.store.database import Database
from posture.store.schema import assessments


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line of a list of assessments; the premium is in minor units of the currency."""

    id: str
    domain: str
    applicant: str
    finished_at: datetime
    complete: bool
    tier: str
    action: str
    premium_total: int | None
    currency: str


_SUMMARY = [assessments.c[name] for name in Summary.__dataclass_fields__]


def save(
    database: Database,
    item: Assessment,
    *,
    policy_id: str | None = None,
    suppliers: Iterable[Supplier] = (),
) -> None:
    """Keep an assessment, whole, with whom its applicant depends on."""
    row = {
        "id": item.id,
        "domain": item.domain,
        "applicant": item.consent.applicant,
        "policy_id": policy_id,
        "finished_at": item.finished_at,
        "complete": item.complete,
        "tier": item.decision.tier.value,
        "action": item.decision.action.value,
        "premium_total": item.decision.premium.total,
        "currency": item.decision.premium.currency,
        "score": item.score.value,
        "document": to_document(item),
    }
    with database.transaction() as connection:
        connection.execute(insert(assessments).values(row))
        book.note_suppliers(connection, item.id, suppliers)


def newest(database: Database, *, domain: str | None = None, limit: int = 50) -> Sequence[Summary]:
    """The newest assessments, newest first."""
    query = select(*_SUMMARY).order_by(assessments.c.finished_at.desc(), assessments.c.id).limit(limit)
    if domain is not None:
        query = query.where(assessments.c.domain == domain)
    with database.transaction() as connection:
        return [Summary(**row) for row in connection.execute(query).mappings()]


def load(database: Database, beginning: str) -> Assessment:
    """One assessment by its id or an unambiguous beginning of it. Raises PostureError."""
    query = select(assessments.c.id, assessments.c.document).where(
        assessments.c.id.startswith(beginning, autoescape=True)
    )
    with database.transaction() as connection:
        rows = connection.execute(query.limit(2)).all()
    if len(rows) != 1:
        problem = "is not in the database" if not rows else "is the beginning of several assessments"
        raise PostureError(
            f"Assessment “{beginning}” {problem}.",
            remedy="See: posture assessments list",
            code="no-assessment",
        )
    return read(rows[0].document)


def last_complete(database: Database, domain: str, *, before: datetime | None = None) -> Assessment | None:
    """The newest assessment of a domain without a fault of our own: the baseline of a comparison."""
    query: Select[Any] = select(assessments.c.document).where(
        assessments.c.domain == domain, assessments.c.complete
    )
    if before is not None:
        query = query.where(assessments.c.finished_at < before)
    with database.transaction() as connection:
        row = connection.execute(query.order_by(assessments.c.finished_at.desc()).limit(1)).first()
    return None if row is None else read(row.document)


def read(document: dict[str, Any]) -> Assessment:
    """The assessment in a stored document. Raises PostureError for one of another version."""
    try:
        return read_assessment(document)
    except ValueError as error:
        raise PostureError(
            f"A stored assessment cannot be read: {error}.",
            remedy="It was written by another version; assess the applicant again.",
            code="assessment-version",
        ) from error
