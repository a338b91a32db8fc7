"""What a consent no longer lets us keep goes, its digests stay; the ledger goes with the last assessment."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text

from posture.app.cli import cli
from posture.core import ledger
from posture.core.assessment import Assessment
from posture.core.dossier import Service, Supplier
from posture.core.errors import PostureError
from posture.core.ledger import Event, Kind
from posture.store import assessments, database, purge
from posture.store import ledger as kept
from posture.store.schema import finding_events, suppliers
from reports.render import json as rendered
from tests.support.postgres import postgres_url
from tests.support.sample_assessment import sample

TODAY = date(2030, 1, 1)
AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    if request.param == "sqlite":
        opened = database.open_database(f"sqlite:///{tmp_path / 'posture.db'}")
        yield opened
        opened.close()
    else:
        with postgres_url(tmp_path) as url:
            opened = database.open_database(url)
            yield opened
            opened.close()


def item(number: int, until: date | None, domain: str = "old.example") -> Assessment:
    base = sample()
    return replace(
        base,
        id=f"{number}-{domain}",
        domain=domain,
        finished_at=base.finished_at + timedelta(days=number),
        consent=replace(base.consent, retain_until=until),
    )


def said(store: database.Database, domain: str) -> Event:
    draft = Event(
        id="",
        domain=domain,
        finding="0123456789abcdef",
        assessment="1",
        kind=Kind.COMMENT,
        by="例 太郎",
        at=AT - timedelta(days=300),
        reason="電話で確認",
    )
    return kept.add(store, draft, ledger.append)


def left_of(store: database.Database, column: object) -> list[object]:
    with store.transaction() as connection:
        return list(connection.execute(select(column)).scalars())  # type: ignore[call-overload]  # any column


def test_only_what_is_overdue_goes_and_its_digests_stay(store: database.Database) -> None:
    gone = item(1, date(2029, 12, 31))
    stays = [item(2, TODAY, "due-today.example"), item(3, None, "no-limit.example")]
    for one in (gone, *stays):
        assessments.save(store, one, suppliers=(Supplier(service=Service.MAIL, name="mailhost.example"),))
    event = said(store, gone.domain)
    assert purge.overdue(store, TODAY) == (gone.id,)
    (left,) = purge.purge(store, purge.overdue(store, TODAY), AT)
    assert left.document == purge.digest(json.loads(rendered.render(gone)))
    assert (left.consent, left.tables, left.model) == (
        gone.consent.digest,
        gone.digests.tables,
        gone.digests.model,
    )
    assert purge.kept(store) == [left]
    assert [row.id for row in assessments.newest(store)] == [one.id for one in reversed(stays)]
    assert kept.of_domain(store, gone.domain) == []
    assert event.id not in left_of(store, finding_events.c.id)
    assert set(left_of(store, suppliers.c.assessment)) == {one.id for one in stays}
    assert purge.overdue(store, TODAY) == ()


def test_the_ledger_stays_while_another_assessment_of_the_domain_is_kept(store: database.Database) -> None:
    assessments.save(store, item(1, date(2029, 12, 31)))
    assessments.save(store, item(2, date(2031, 12, 31)))
    event = said(store, "old.example")
    (left,) = purge.purge(store, purge.overdue(store, TODAY), AT)
    assert left.events == ""
    assert kept.of_domain(store, "old.example") == [event]


def test_nothing_else_may_remove_or_change_a_line(store: database.Database) -> None:
    event = said(store, "old.example")
    for statement in (
        delete(finding_events),
        text("UPDATE finding_events SET reason = 'other'"),
    ):
        with pytest.raises(PostureError, match="append-only"), store.transaction() as connection:
            connection.execute(statement)
    assert kept.of_domain(store, "old.example") == [event]


def test_the_command_says_first_and_does_when_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    opened = database.open_database(url)
    assessments.save(opened, item(1, date(2020, 1, 1)))
    opened.close()

    def run(*more: str) -> str:
        done = CliRunner().invoke(cli, ["store", *more, "--database", url])
        assert done.exception is None
        return done.output

    assert "1-old.example" in run("purge")
    assert json.loads(run("purge", "--json"))["purged"] == []
    assert len(json.loads(run("purge", "--yes", "--json"))["purged"]) == 1
    assert "0 to purge" in run("purge")
    assert "kept until 2020-01-01" in run("purged")
