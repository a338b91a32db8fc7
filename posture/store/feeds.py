"""Documents of the vulnerability feeds: kept whole or not at all, and asked by product."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select

from posture.core import codec
from posture.core.assessment import Assessment
from posture.core.feeds import Exploited, FeedName, FeedRows, FeedState, Flaw, Likelihood, Release
from posture.core.findings import Severity
from posture.store.assessments import read
from posture.store.database import Database
from posture.store.schema import (
    assessments,
    feed_exploited,
    feed_flaws,
    feed_likelihoods,
    feed_releases,
    feeds,
)

#: Rows of one statement; PostgreSQL and SQLite both take far more.
_BATCH: Final = 5_000
_TABLES: Final[Mapping[FeedName, Table]] = {
    FeedName.KEV: feed_exploited,
    FeedName.EPSS: feed_likelihoods,
    FeedName.NVD: feed_flaws,
    FeedName.END_OF_LIFE: feed_releases,
}

Row = Exploited | Likelihood | Flaw | Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed's document as read: where it is from, and its rows (of the feed's own kind)."""

    state: FeedState
    rows: Sequence[Row]


def keep(database: Database, document: Document) -> None:
    """Put a document in the place of the one before it, in one transaction."""
    state = document.state
    table = _TABLES[state.name]
    with database.transaction() as connection:
        old = delete(table)
        connection.execute(old.where(table.c.product == state.part) if state.part else old)
        for batch in _batches([_row(row) for row in document.rows]):
            connection.execute(insert(table), batch)
        _note(connection, state)


def touch(database: Database, state: FeedState) -> None:
    """The document has not changed: only when it was last asked for is new."""
    with database.transaction() as connection:
        _note(connection, state)


def states(database: Database) -> tuple[FeedState, ...]:
    """Every stored document, by name and part."""
    with database.transaction() as connection:
        return tuple(_states(connection))


def rows_for(database: Database, products: Sequence[str], lines: Sequence[str]) -> FeedRows:
    """The rows that bear on products (`vendor:product`) and release lines (names at endoflife.date)."""
    with database.transaction() as connection:
        flaws = tuple(_flaws(connection, products))
        return FeedRows(
            states=tuple(s for s in _states(connection) if not s.part or s.part in products),
            exploited=tuple(Exploited(**row) for row in _every(connection, feed_exploited)),
            likelihoods=_likelihoods(connection, sorted({flaw.cve for flaw in flaws})),
            flaws=flaws,
            releases=tuple(Release(**row) for row in _every(connection, feed_releases, lines)),
        )


def flaw(database: Database, cve: str) -> tuple[Flaw, ...]:
    """What is stored of one CVE, by product."""
    query = select(feed_flaws).where(feed_flaws.c.cve == cve).order_by(feed_flaws.c.product)
    with database.transaction() as connection:
        return tuple(_flaw(dict(row)) for row in connection.execute(query).mappings())


def exploited(database: Database, cve: str) -> Exploited | None:
    """The KEV line of a CVE, if it has one."""
    query = select(feed_exploited).where(feed_exploited.c.cve == cve)
    with database.transaction() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else Exploited(**row)


def newest_by_domain(database: Database) -> Iterator[Assessment]:
    """The newest assessment of every domain, by domain; one is read at a time."""
    newest = select(assessments.c.domain, assessments.c.id).order_by(
        assessments.c.domain, assessments.c.finished_at, assessments.c.id
    )
    with database.transaction() as connection:
        ids = {row.domain: row.id for row in connection.execute(newest)}
    for one in ids.values():
        with database.transaction() as connection:
            query = select(assessments.c.document).where(assessments.c.id == one)
            document = connection.execute(query).scalar_one()
        yield read(document)


def _note(connection: Connection, state: FeedState) -> None:
    connection.execute(delete(feeds).where(feeds.c.name == state.name.value, feeds.c.part == state.part))
    connection.execute(insert(feeds).values(_fields(state) | {"name": state.name.value}))


def _states(connection: Connection) -> Iterator[FeedState]:
    for row in connection.execute(select(feeds).order_by(feeds.c.name, feeds.c.part)).mappings():
        yield FeedState(**{**row, "name": FeedName(row["name"])})


def _every(
    connection: Connection, table: Table, products: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns)
    if products is not None:
        query = query.where(table.c.product.in_(products))
    yield from map(dict, connection.execute(query).mappings())


def _flaws(connection: Connection, products: Sequence[str]) -> Iterator[Flaw]:
    yield from map(_flaw, _every(connection, feed_flaws, products))


def _flaw(row: Mapping[str, Any]) -> Flaw:
    return codec.decode(Flaw, {**row, "published": str(row["published"])})


def _likelihoods(connection: Connection, cves: Sequence[str]) -> dict[str, Likelihood]:
    found = {}
    for batch in _batches(cves):
        query = select(feed_likelihoods).where(feed_likelihoods.c.cve.in_(batch))
        for row in connection.execute(query).mappings():
            found[row["cve"]] = Likelihood(**row)
    return found


def _row(row: Row) -> dict[str, Any]:
    fields = _fields(row)
    if isinstance(row, Flaw):
        fields["spans"] = codec.encode(row.spans)
        fields["severity"] = row.severity.value if isinstance(row.severity, Severity) else None
    return fields


def _fields(row: Row | FeedState) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _batches(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
