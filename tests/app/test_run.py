"""What is written for an assessment is the same today and from the store later."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.artefact import shipped
from posture.app import papers
from posture.app.assess import replay
from posture.app.cli import cli
from posture.app.cli.demo import database_of
from posture.app.clock import utc_now
from posture.app.settings import Settings
from posture.store import assessments
from posture.store.database import open_database
from tests.support.sample_assessment import sample


def test_the_store_writes_the_reports_that_the_assessment_wrote(tmp_path: Path) -> None:
    now = replay(sample(), shipped())
    before = replace(
        now,
        id="before",
        finished_at=now.finished_at - timedelta(days=300),
        started_at=now.started_at - timedelta(days=300),
        findings=now.findings[3:],
    )
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    store = open_database(url)
    for item in (before, now):
        assessments.save(store, item)
    first = papers.write(now, tmp_path / "first", Settings(), papers.surroundings(store, now, utc_now()))
    store.close()

    words = ("assessments", "show", now.id, "--out", str(tmp_path / "later"), "--database", url)
    done = CliRunner().invoke(cli, words)
    assert done.exception is None
    assert {path.name for path in (tmp_path / "later").iterdir()} == {path.name for path in first}
    for path in first:
        assert (tmp_path / "later" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_demo_keeps_its_assessments_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database_of(tmp_path, None) == f"sqlite:///{tmp_path}/demo.db"
    monkeypatch.setenv("POSTURE_DATABASE", "sqlite:///elsewhere.db")
    assert database_of(tmp_path, None) == "sqlite:///elsewhere.db"
    assert database_of(tmp_path, "sqlite:///named.db") == "sqlite:///named.db"
