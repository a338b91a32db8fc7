"""What falls due, where, and when: the office's day and the office's database."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from posture.app import clock
from posture.app.cli import cli
from posture.store import assessments
from posture.store.database import open_database
from tests.support.papers import APPLICATION, consent_text
from tests.support.sample_assessment import sample

#: Half past midnight in Tokyo on the first of April, still March where UTC is told.
AT = datetime(2027, 3, 31, 15, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        monkeypatch.setattr(clock, "utc_now", lambda: AT)
        yield
    time.tzset()


def posture(*words: str) -> str:
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None, done.output
    return done.stdout


def add(folder: Path, number: str, *more: str, **period: datetime) -> None:
    (folder / "同意書 1.toml").write_text(consent_text(**period), encoding="utf-8")  # type: ignore[arg-type]
    (folder / "申込書.toml").write_text(APPLICATION, encoding="utf-8")
    papers = ("--consent", str(folder / "同意書 1.toml"), "--application", str(folder / "申込書.toml"))
    posture("renewals", "add", number, "example.co.jp", *papers, "--renewal-date", "2027-04-01", *more)


def due(*words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(posture("renewals", "due", "--json", *words))["due"]
    return rows


def test_a_policy_falls_due_on_the_offices_day(tmp_path: Path) -> None:
    base = ("--database", f"sqlite:///{tmp_path / '台帳 1.db'}")
    add(tmp_path, "P-1", *base, since=AT - timedelta(days=1))
    assert [row["policy"] for row in due("--within", "0", *base)] == ["P-1"]


def test_the_consents_standing_is_told(tmp_path: Path) -> None:
    base = ("--database", f"sqlite:///{tmp_path / 'posture.db'}")
    hour = timedelta(hours=1)
    add(tmp_path, "P-ended", *base, since=AT - 2 * hour, until=AT)
    add(tmp_path, "P-later", *base, since=AT + hour)
    add(tmp_path, "P-valid", *base, since=AT)
    found = {row["policy"]: row["consent"] for row in due("--within", "0", *base)}
    assert found == {"P-ended": "expired", "P-later": "not-yet-valid", "P-valid": "valid"}
    lines = posture("renewals", "due", *base).splitlines()
    assert [line.partition("株式会社例")[2] for line in lines] == [
        "  consent expired: obtain a new one",
        "  consent not yet valid",
        "",
    ]


def test_every_command_uses_the_database_of_the_settings_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'database = "sqlite:///{tmp_path}/settings.db"\n', encoding="utf-8")
    monkeypatch.setenv("POSTURE_SETTINGS", str(settings))
    add(tmp_path, "P-1")
    opened = open_database(f"sqlite:///{tmp_path}/settings.db")
    assessments.save(opened, sample())
    opened.close()
    assert [row["policy"] for row in due()] == ["P-1"]
    assert _listed() == [sample().id]
    monkeypatch.setenv("POSTURE_DATABASE", f"sqlite:///{tmp_path}/other.db")
    assert (due(), _listed()) == ([], [])
    monkeypatch.delenv("POSTURE_DATABASE")
    posture("renewals", "remove", "P-1")
    assert due() == []


def _listed() -> list[str]:
    return [row["id"] for row in json.loads(posture("assessments", "list", "--json"))["assessments"]]
