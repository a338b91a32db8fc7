"""Histories of cases on real databases: they only grow, and say when somebody changed them."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from posture.core.desk.events import Event, Kind
from posture.core.desk.quote import State
from posture.core.desk.rules import Bench, append
from posture.core.errors import PostureError
from posture.store import assessments, database, desk, purge
from tests.support.postgres import postgres_url
from tests.support.sample_assessment import sample

NOW = datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC)
BENCH = Bench(levels=("underwriter",), people={})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[database.Database]:
    """One database for the module: each test speaks of cases of its own."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with contextlib.ExitStack() as stack:
        local = f"sqlite:///{folder / 'posture.db'}"
        url = local if request.param == "sqlite" else stack.enter_context(postgres_url(folder))
        opened = database.open_database(url)
        yield opened
        opened.close()


def extended(history: Sequence[Event], one: Event) -> tuple[Event, ...]:
    return append(history, one, State.DRAFT, BENCH)


def add(store: database.Database, case: str, reason: str = "なぜなら\x1b[31m") -> Event:
    draft = Event(
        id="",
        case=case,
        kind=Kind.COMMENT,
        by="例 太郎",
        at=NOW,
        reason=reason,
        body={"b": [1, None, "ｱ"], "a": {"x": 0.1}},
        previous="",
    )
    return desk.add(store, draft, extended)


def test_what_was_done_comes_back_in_order_and_linked(store: database.Database) -> None:
    first, second = add(store, "order"), add(store, "order", "again")
    assert desk.of_case(store, "order") == [first, second]
    assert (first.previous, second.previous) == ("", first.id)
    assert desk.of_case(store, "nothing") == []
    assert desk.everything(store)["order"] == [first, second]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE desk_events SET reason = 'never said'", "DELETE FROM desk_events"],
)
def test_the_database_itself_refuses_to_change_or_remove(store: database.Database, statement: str) -> None:
    kept = desk.of_case(store, "kept") or [add(store, "kept")]
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
    assert desk.of_case(store, "kept") == kept


def test_a_case_goes_with_its_purged_assessment_and_leaves_its_digest(store: database.Database) -> None:
    until = replace(sample().consent, retain_until=date(2026, 12, 1))
    for name in ("purged", "left"):
        assessments.save(store, replace(sample(), id=name, consent=until))
    gone, kept = add(store, "purged"), add(store, "left")
    (left,) = purge.purge(store, ["purged"], NOW)
    assert left.events == hashlib.sha256(gone.id.encode()).hexdigest()
    assert desk.of_case(store, "purged") == []
    assert desk.of_case(store, "left") == [kept]
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text("DELETE FROM desk_events WHERE reason <> ''"))


def test_two_steps_from_one_state_are_one_step(store: database.Database) -> None:
    both_have_read = threading.Barrier(2, timeout=30)
    said: list[str] = []

    def after_reading(history: Sequence[Event], one: Event) -> tuple[Event, ...]:
        both_have_read.wait()
        return extended(history, one)

    def step(reason: str) -> None:
        draft = Event(
            id="", case="race", kind=Kind.COMMENT, by="A", at=NOW, reason=reason, body={}, previous=""
        )
        try:
            desk.add(store, draft, after_reading)
            said.append("kept")
        except PostureError as error:
            said.append(error.code)

    writers = [threading.Thread(target=step, args=(reason,)) for reason in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(said) == ["desk-moved", "kept"]
    assert len(desk.of_case(store, "race")) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_migration_goes_back_and_forth(tmp_path: Path, kind: str) -> None:
    from alembic import command
    from alembic.config import Config

    with contextlib.ExitStack() as stack:
        local = f"sqlite:///{tmp_path / 'posture.db'}"
        url = local if kind == "sqlite" else stack.enter_context(postgres_url(tmp_path))
        opened = database.open_database(url)
        add(opened, "old")
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        with opened.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0005")
        opened.close()
        again = database.open_database(url)
        assert desk.of_case(again, "old") == []
        add(again, "old")
        again.close()
