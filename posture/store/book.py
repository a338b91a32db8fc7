"""Queries across assessments: an applicant's own past, the book's scores, and suppliers in common."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Subquery, func, insert, select

from posture.core.dossier import Past, Shared, Supplier
from posture.store.database import Database
from posture.store.schema import assessments, suppliers

#: Earlier assessments that are looked at: ten renewals, or a year of monthly ones.
_MOST = 12


def past(database: Database, domain: str, before: datetime) -> tuple[Past, ...]:
    """Earlier complete assessments of a domain, the oldest first, no more than the last twelve."""
    query = (
        select(assessments.c.document)
        .where(assessments.c.domain == domain, assessments.c.complete, assessments.c.finished_at < before)
        .order_by(assessments.c.finished_at.desc())
        .limit(_MOST)
    )
    with database.transaction() as connection:
        rows = connection.execute(query).scalars().all()
    return tuple(_past(document) for document in reversed(rows))


def scores(database: Database, *, without: str) -> tuple[float, ...]:
    """The score of every other domain's newest complete assessment, sorted."""
    newest = _newest(without)
    query = select(assessments.c.score).join(newest, _is(newest)).where(assessments.c.score.is_not(None))
    with database.transaction() as connection:
        return tuple(sorted(connection.execute(query).scalars()))


def known(database: Database, *, without: str) -> int:
    """How many other domains' suppliers are known."""
    newest = _newest(without)
    noted = select(suppliers.c.assessment).distinct().scalar_subquery()
    query = select(func.count()).select_from(assessments).join(newest, _is(newest))
    with database.transaction() as connection:
        return int(connection.execute(query.where(assessments.c.id.in_(noted))).scalar_one())


def shared(database: Database, mine: Iterable[Supplier], *, without: str) -> tuple[Shared, ...]:
    """For each supplier, how many other domains' newest complete assessment names it, most first."""
    newest = _newest(without)
    query = (
        select(suppliers.c.service, suppliers.c.name, func.count())
        .join(assessments, assessments.c.id == suppliers.c.assessment)
        .join(newest, _is(newest))
        .group_by(suppliers.c.service, suppliers.c.name)
    )
    with database.transaction() as connection:
        counted = {(service, name): number for service, name, number in connection.execute(query)}
    found = [Shared(supplier=one, others=counted.get((one.service.value, one.name), 0)) for one in mine]
    return tuple(sorted(found, key=lambda one: (-one.others, one.supplier)))


def note_suppliers(connection: Connection, assessment: str, found: Iterable[Supplier]) -> None:
    """Keep whom the assessment's applicant depends on, in the transaction that keeps the assessment."""
    rows = [{"assessment": assessment, "service": one.service.value, "name": one.name[:255]} for one in found]
    if rows:
        connection.execute(insert(suppliers), rows)


def _newest(without: str) -> Subquery:
    return (
        select(assessments.c.domain, func.max(assessments.c.finished_at).label("finished_at"))
        .where(assessments.c.complete, assessments.c.domain != without)
        .group_by(assessments.c.domain)
        .subquery()
    )


def _is(newest: Subquery) -> Any:  # noqa: ANN401 - SQLAlchemy's own type of a condition is private
    return (assessments.c.domain == newest.c.domain) & (assessments.c.finished_at == newest.c.finished_at)


def _past(document: dict[str, Any]) -> Past:
    score = document["score"]
    return Past(
        id=document["id"],
        finished_at=datetime.fromisoformat(document["finished_at"]),
        tier=document["decision"]["tier"],
        letter=score["letter"],
        score=score["value"],
        low=score["interval"][0],
        high=score["interval"][1],
        relativity=score["relativity"],
        failed=frozenset(item["id"] for item in document["findings"] if item["outcome"] == "fail"),
    )
