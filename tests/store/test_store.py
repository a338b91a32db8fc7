"""The store on real SQLite, and on real PostgreSQL where the machine has it."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from posture.core.document import assessment as to_document
from posture.core.errors import PostureError
from posture.store import assessments, database, policies
from posture.store.policies import Policy
from posture.store.schema import metadata
from tests.support.postgres import postgres_url
from tests.support.sample_assessment import sample

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    if request.param == "sqlite":
        opened = database.open_database(f"sqlite:///{tmp_path / 'deep' / 'posture.db'}")
        yield opened
        opened.close()
    else:
        with postgres_url(tmp_path) as url:
            opened = database.open_database(url)
            yield opened
            opened.close()


def policy(number: str = "P-1", **changes: object) -> Policy:
    item = Policy(
        id=number,
        applicant="株式会社例",
        domain="example.co.jp",
        renewal_date=date(2027, 1, 15),
        consent="c",
        application="a",
        added_at=NOW,
    )
    return replace(item, **changes)  # type: ignore[arg-type]  # field names only


def test_an_assessment_comes_back_as_it_went_in(store: database.Database) -> None:
    item = sample()
    assessments.save(store, item)
    assert assessments.load(store, item.id) == item
    assert assessments.load(store, item.id[:10]) == item
    assert list(to_document(assessments.load(store, item.id))) == list(to_document(item))


def test_the_newest_come_first_and_can_be_filtered(store: database.Database) -> None:
    for day in range(3):
        assessments.save(store, replace(sample(), id=f"id-{day}", finished_at=NOW + timedelta(days=day)))
    assessments.save(store, replace(sample(), id="other", domain="other.example", finished_at=NOW))
    assert [row.id for row in assessments.newest(store, domain=sample().domain)] == ["id-2", "id-1", "id-0"]
    assert [row.id for row in assessments.newest(store, limit=1)] == ["id-2"]


def test_a_baseline_is_complete(store: database.Database) -> None:
    good = replace(sample(), id="good", finished_at=NOW, complete=True)
    assessments.save(store, good)
    assessments.save(
        store, replace(sample(), id="partial", finished_at=NOW + timedelta(days=1), complete=False)
    )
    assert assessments.last_complete(store, good.domain) == good
    assert assessments.last_complete(store, good.domain, before=NOW) is None
    assert assessments.last_complete(store, "nobody.example") is None


def test_an_unknown_and_an_ambiguous_id_are_said(store: database.Database) -> None:
    with pytest.raises(PostureError, match="not in the database"):
        assessments.load(store, "%")
    assessments.save(store, replace(sample(), id="id-1"))
    assessments.save(store, replace(sample(), id="id-2"))
    with pytest.raises(PostureError, match="several"):
        assessments.load(store, "id-")


def test_policies_fall_due_in_order(store: database.Database) -> None:
    policies.add(store, policy("late", renewal_date=date(2027, 3, 1)))
    policies.add(store, policy("soon", renewal_date=date(2027, 1, 2)))
    policies.add(store, policy("next", renewal_date=date(2027, 1, 31)))
    assert [p.id for p in policies.due(store, until=date(2027, 1, 31))] == ["soon", "next"]
    assert policies.due(store, until=date(2027, 1, 2))[0].added_at == NOW


def test_a_policy_number_is_taken_once(store: database.Database) -> None:
    policies.add(store, policy())
    with pytest.raises(PostureError, match="exists already"):
        policies.add(store, policy())


def test_removing_a_policy_keeps_its_assessments(store: database.Database) -> None:
    policies.add(store, policy())
    assessments.save(store, sample(), policy_id="P-1")
    policies.remove(store, "P-1")
    assert assessments.load(store, sample().id) == sample()
    with pytest.raises(PostureError, match="no policy"):
        policies.remove(store, "P-1")


def test_only_a_complete_assessment_counts_for_a_renewal(store: database.Database) -> None:
    policies.add(store, policy())
    assessments.save(store, replace(sample(), id="a", complete=False, finished_at=NOW), policy_id="P-1")
    assert not policies.assessed_since(store, "P-1", NOW)
    assessments.save(store, replace(sample(), id="b", complete=True, finished_at=NOW), policy_id="P-1")
    assert policies.assessed_since(store, "P-1", NOW)
    assert not policies.assessed_since(store, "P-1", NOW + timedelta(seconds=1))


def test_the_tables_are_the_sum_of_the_migrations(store: database.Database) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(database.MIGRATIONS)).get_current_head() == database.HEAD


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    opened = database.open_database(url)
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    opened.close()
    with pytest.raises(PostureError, match="another version"):
        database.open_database(url)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://user:secret@host/db",
        "oracle+nonsense://user:secret@host/db",
        "postgresql://user:secret@127.0.0.1:1/db",
        "sqlite:////proc/no/posture.db",
    ],
)
def test_an_unusable_database_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(PostureError) as caught:
        database.open_database(url)
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message
    assert not re.search(r"MySQLdb|psycopg|module|plugin|dialect", caught.value.message)


@pytest.mark.parametrize("url", ["sqlite+nonsense:///{}/posture.db", "sqlite:///{}/posture.db"])
def test_the_driver_is_ours_to_choose(url: str, tmp_path: Path) -> None:
    database.open_database(url.format(tmp_path)).close()
    assert (tmp_path / "posture.db").exists()


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "posture.db"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(PostureError, match=re.escape(str(path))):
        database.open_database(f"sqlite:///{path}")


def test_a_place_is_named_as_a_person_would(tmp_path: Path) -> None:
    opened = database.open_database(f"sqlite:///{tmp_path}/台帳 1.db")
    assert opened.shown == f"sqlite:///{tmp_path}/台帳 1.db"
    opened.close()
    (tmp_path / "台帳 2.db").mkdir()
    with pytest.raises(PostureError, match=re.escape(f"sqlite:///{tmp_path}/台帳 2.db cannot be used")):
        database.open_database(f"sqlite:///{tmp_path}/台帳 2.db")


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "posture.db"
    database.open_database(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    database.open_database(url).close()

    def write(start: int) -> None:
        opened = database.open_database(url)
        for number in range(start, start + 20):
            assessments.save(opened, replace(sample(), id=f"id-{number:03}"))
        opened.close()

    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(assessments.newest(database.open_database(url), limit=100)) == 40
