"""The ledger of findings on real databases: it only grows, and says when somebody changed it."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from posture.core import ledger as core
from posture.core.errors import PostureError
from posture.core.ledger import Event, Kind
from posture.store import database, ledger
from tests.support.postgres import postgres_url

NOW = datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[database.Database]:
    """One database for the module: each test speaks of a domain of its own."""
    folder: Path = tmp_path_factory.mktemp("ledger")
    if request.param == "sqlite":
        opened = database.open_database(f"sqlite:///{folder / 'posture.db'}")
        yield opened
        opened.close()
    else:
        with postgres_url(folder) as url:
            opened = database.open_database(url)
            yield opened
            opened.close()


def draft(domain: str, kind: Kind = Kind.COMMENT, **changes: object) -> Event:
    fields: dict[str, object] = {
        "id": "",
        "domain": domain,
        "finding": "0123456789abcdef",
        "assessment": "a",
        "kind": kind,
        "by": "例 太郎",
        "at": NOW,
        "reason": "なぜなら\x1b[31m",
    }
    return Event(**(fields | changes))  # type: ignore[arg-type]  # field names only


def add(store: database.Database, one: Event) -> Event:
    return ledger.add(store, one, core.append)


def test_what_was_said_comes_back_in_order(store: database.Database) -> None:
    first = add(store, draft("order.example", Kind.WAIVE, until=NOW + timedelta(days=3), evidence="ab" * 32))
    second = add(store, draft("order.example", Kind.APPROVE, by="B"))
    other = add(store, draft("order.example", finding="f" * 16))
    add(store, draft("another.example"))
    assert ledger.of_domain(store, "order.example") == [first, second, other]
    assert ledger.of_finding(store, "order.example", first.finding) == [first, second]
    assert second.reply_to == first.id
    assert ledger.of_domain(store, "nobody.example") == []


def test_a_refusal_adds_nothing(store: database.Database) -> None:
    with pytest.raises(PostureError, match="no waiver waits"):
        add(store, draft("refusal.example", Kind.APPROVE))
    assert ledger.of_domain(store, "refusal.example") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE finding_events SET reason = 'never said' WHERE domain = 'kept.example'",
        "DELETE FROM finding_events WHERE domain = 'kept.example'",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove(store: database.Database, statement: str) -> None:
    kept = ledger.of_domain(store, "kept.example") or [add(store, draft("kept.example"))]
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
    assert ledger.of_domain(store, "kept.example") == kept


def test_two_answers_to_one_state_are_one_answer(store: database.Database) -> None:
    """Both read a waiver that waits; one approves, one rejects: whoever is later has to look again."""
    add(store, draft("race.example", Kind.WAIVE, until=NOW + timedelta(days=3)))
    both_have_read = threading.Barrier(2, timeout=30)
    said: list[str] = []

    def after_reading(history: Sequence[Event], one: Event) -> tuple[Event, ...]:
        both_have_read.wait()
        return core.append(history, one)

    def answer(kind: Kind) -> None:
        try:
            ledger.add(store, draft("race.example", kind, by="B"), after_reading)
            said.append(kind.value)
        except PostureError as error:
            said.append(error.code)

    writers = [threading.Thread(target=answer, args=(kind,)) for kind in (Kind.APPROVE, Kind.REJECT)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert "ledger-moved" in said
    assert len(ledger.of_domain(store, "race.example")) == 2
    assert {"approve", "reject"} & set(said)


def test_a_line_changed_behind_our_back_is_said(tmp_path: Path) -> None:
    opened = database.open_database(f"sqlite:///{tmp_path / 'posture.db'}")
    add(opened, draft("changed.example"))
    with opened.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER finding_events_no_UPDATE"))
        connection.execute(text("UPDATE finding_events SET by = 'somebody else'"))
    with pytest.raises(PostureError, match="changed after it was added"):
        ledger.of_domain(opened, "changed.example")
    opened.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migration_goes_back_and_forth(tmp_path: Path, kind: str) -> None:
    from alembic import command
    from alembic.config import Config

    with contextlib.ExitStack() as stack:
        local = f"sqlite:///{tmp_path / 'posture.db'}"
        url = local if kind == "sqlite" else stack.enter_context(postgres_url(tmp_path))
        opened = database.open_database(url)
        add(opened, draft("old.example"))
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        with opened.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
        opened.close()
        again = database.open_database(url)
        assert ledger.of_domain(again, "old.example") == []
        add(again, draft("old.example"))
        again.close()
