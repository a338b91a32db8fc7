"""The way to today's tables: from every older version, beside others, and all or nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from posture.core.errors import PostureError
from posture.store import assessments, database, policies
from posture.store.schema import metadata
from tests.support.postgres import postgres_url
from tests.support.sample_assessment import sample

REVISIONS = [one.revision for one in ScriptDirectory(str(database.MIGRATIONS)).walk_revisions()][::-1]
_OPEN = "import sys; from posture.store.database import open_database; open_database(sys.argv[1]).close()"
_POLICY = "INSERT INTO policies VALUES ('P-1', '株式会社例', 'example.co.jp', '2027-01-15', 'c', 'a', '{at}')"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'posture.db'}"
    else:
        with postgres_url(tmp_path) as given:
            yield given


def made_by(url: str, revision: str, *statements: str) -> None:
    """A database as the program of that revision left it."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_processes_that_meet_at_a_new_database_all_get_it(url: str) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", _OPEN, url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    talk = [one.communicate(timeout=100)[1] for one in running]
    assert [one.returncode for one in running] == [0] * 4, talk
    opened = database.open_database(url)
    with opened.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    opened.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_older_program_is_brought_up_and_keeps_its_rows(
    revision: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    made_by(url, revision, _POLICY.format(at="2026-11-23 03:00:00.000000"))
    opened = database.open_database(url)
    (policy,) = policies.due(opened, until=sample().finished_at.date().replace(year=2030))
    assert (policy.id, policy.applicant) == ("P-1", "株式会社例")
    assessments.save(opened, sample(), policy_id="P-1")
    assert assessments.load(opened, sample().id) == sample()
    with opened.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    opened.close()


def test_an_upgrade_that_fails_half_way_leaves_the_database_as_it_was(url: str) -> None:
    made_by(url, "0003", "CREATE TABLE purging (nonsense INTEGER)")  # in the way of 0005
    for _ in range(2):
        with pytest.raises(PostureError, match="purging"):
            database.open_database(url)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        assert _version(connection) == "0003"
        assert "feeds" not in inspect(connection).get_table_names()
        connection.exec_driver_sql("DROP TABLE purging")
    engine.dispose()
    opened = database.open_database(url)
    with opened.engine.connect() as connection:
        assert _version(connection) == database.HEAD
    opened.close()


def _version(connection: Connection) -> object:
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
