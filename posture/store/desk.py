"""Queries over the histories of cases. They are only ever added to."""

from collections.abc import Callable, Sequence

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from posture.core.desk.events import Event, Kind, check_chain
from posture.core.errors import PostureError
from posture.store.database import Database
from posture.store.schema import desk_events

_FIELDS = tuple(Event.__dataclass_fields__)
_EVENT = [desk_events.c[name] for name in _FIELDS]


def of_case(database: Database, case: str) -> Sequence[Event]:
    """The history of a case, in the order it was added. Raises PostureError when it was changed."""
    return _grouped(database, case).get(case, [])


def everything(database: Database) -> dict[str, list[Event]]:
    """Every history, by case. Raises PostureError when one was changed."""
    return _grouped(database, None)


def add(
    database: Database, draft: Event, extend: Callable[[Sequence[Event], Event], tuple[Event, ...]]
) -> Event:
    """Add what `extend` makes of the history and the draft, and return it as kept.

    Raises PostureError where `extend` does, and when somebody else added to this case meanwhile.
    """
    history = of_case(database, draft.case)
    added = extend(history, draft)[-1]
    row = {name: getattr(added, name) for name in _FIELDS}
    with database.transaction() as connection:
        try:
            connection.execute(insert(desk_events).values(row | {"number": len(history)}))
        except IntegrityError as error:
            raise PostureError(
                f"Somebody else added to the case {draft.case} at the same moment.",
                remedy="Look at it, then try again: posture quotes show.",
                code="desk-moved",
            ) from error
    return added


def _grouped(database: Database, case: str | None) -> dict[str, list[Event]]:
    query = select(*_EVENT).order_by(desk_events.c.case, desk_events.c.number)
    if case is not None:
        query = query.where(desk_events.c.case == case)
    with database.transaction() as connection:
        rows = connection.execute(query).mappings().all()
    found: dict[str, list[Event]] = {}
    for row in rows:
        found.setdefault(row["case"], []).append(Event(**{**row, "kind": Kind(row["kind"])}))
    for history in found.values():
        check_chain(history)
    return found
