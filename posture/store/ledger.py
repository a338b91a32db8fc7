"""Queries over the ledger of findings. It is only ever added to."""

from collections.abc import Callable, Sequence

from sqlalchemy import Select, insert, select
from sqlalchemy.exc import IntegrityError

from posture.core.errors import PostureError
from posture.core.ledger import Event, Kind, event
from posture.store.database import Database
from posture.store.schema import finding_events

_FIELDS = tuple(Event.__dataclass_fields__)
_EVENT = [finding_events.c[name] for name in _FIELDS]
_Query = Select[tuple[object, ...]]


def of_domain(database: Database, domain: str) -> Sequence[Event]:
    """Every event of a domain, by finding, in the order they were added."""
    return _read(database, _of(domain))


def of_finding(database: Database, domain: str, finding: str) -> Sequence[Event]:
    """The history of one finding, in the order it was added."""
    return _read(database, _of(domain).where(finding_events.c.finding == finding))


def add(
    database: Database, draft: Event, extend: Callable[[Sequence[Event], Event], tuple[Event, ...]]
) -> Event:
    """Add what `extend` makes of the history and the draft, and return it as kept.

    Raises PostureError where `extend` does, and when somebody else added to this history meanwhile.
    """
    history = of_finding(database, draft.domain, draft.finding)
    added = extend(history, draft)[-1]
    row = {name: getattr(added, name) for name in _FIELDS}
    with database.transaction() as connection:
        try:
            connection.execute(insert(finding_events).values(row | {"number": len(history)}))
        except IntegrityError as error:
            raise PostureError(
                "Somebody else noted something about this finding at the same moment.",
                remedy="Read its history, then try again.",
                code="ledger-moved",
            ) from error
    return added


def _of(domain: str) -> _Query:
    query: _Query = select(*_EVENT).where(finding_events.c.domain == domain)
    return query.order_by(finding_events.c.finding, finding_events.c.number)


def _read(database: Database, query: _Query) -> Sequence[Event]:
    with database.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    return [_checked(Event(**{**row, "kind": Kind(row["kind"])})) for row in rows]


def _checked(kept: Event) -> Event:
    """An event whose words no longer fit its id was changed behind our back. Raises PostureError."""
    if event(kept).id != kept.id:
        raise PostureError(
            f"The event {kept.id} in the ledger of findings was changed after it was added.",
            remedy="Restore the database from a copy; the ledger is evidence.",
            code="ledger-changed",
        )
    return kept
