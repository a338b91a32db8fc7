"""Renewals on real servers: what falls due is assessed again and compared; without consent only listed."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from posture.app.cli import cli
from posture.app.clock import utc_now
from posture.app.options import RawOptions, build_options
from posture.app.pricing import Models
from posture.app.renew import NotRenewed, Renewed, Result, make_policy, pending, renew
from posture.app.settings import Settings
from posture.core.assessment import Assessment
from posture.core.findings import Finding, Outcome
from posture.core.observations import Reason
from posture.demo.stage import Applicant, Scene, Stage
from posture.store import assessments, policies
from posture.store.database import Database, open_database
from reports import schema
from reports.delta import compare
from tests.support.json_schema import problems
from tests.support.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TODAY = utc_now().date()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    require_tool("nmap")
    with Stage(tmp_path_factory.mktemp("stage"), low_ports=False) as running:
        yield running


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'posture.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


def applicant(scene: Scene, key: str = "minato") -> Applicant:
    return next(item for item in scene.applicants if item.key == key)


def add(store: Database, item: Applicant, number: str, *, days: int = 30, consent: str | None = None) -> None:
    policy = make_policy(
        number,
        domain=item.domain,
        renewal_date=TODAY + timedelta(days=days),
        consent=consent or item.consent,
        application=item.application,
        at=utc_now(),
    )
    policies.add(store, policy)


def run(store: Database, scene: Scene, url: str, out: Path) -> list[Result]:
    raw = RawOptions(
        resolvers=[f"{host}:{port}" for host, port in scene.resolvers],
        trust_store=scene.trust_store,
        trust_anchor=scene.trust_anchor,
        connect_to=scene.routes,
    )

    async def every() -> list[Result]:
        settings = Settings()
        common: dict[str, Any] = {"options": build_options(raw, settings), "settings": settings}
        common["models"] = Models()
        due = list(pending(store, today=TODAY, within=60))
        return [
            await renew(policy, database=url, out=out, progress=lambda _step: None, **common)
            for policy in due
        ]

    return asyncio.run(every())


def told(assessment: Assessment) -> list[Finding]:
    """Findings without the digests of the raw answers: a handshake has fresh random numbers each time."""
    return [replace(finding, evidence=()) for finding in assessment.findings]


def test_what_falls_due_is_assessed_once_and_what_changed_is_told(
    scene: Scene, store: Database, url: str, tmp_path: Path
) -> None:
    item = applicant(scene)
    add(store, item, "P-1")
    add(store, item, "P-later", days=100)
    (first,) = run(store, scene, url, tmp_path / "out")
    assert isinstance(first, Renewed)
    assert first.outcome.previous is None
    assert first.outcome.assessment.complete
    assert (tmp_path / "out" / "P-1" / "underwriter.ja.pdf").is_file()
    assert run(store, scene, url, tmp_path / "out") == []

    # A year later: one finding of last time is new to us, another one was there and is gone.
    last = first.outcome.assessment
    failed = next(f for f in last.findings if f.outcome is Outcome.FAIL)
    passed = next(f for f in last.findings if f.outcome is Outcome.PASS)
    flipped = {
        failed.id: replace(failed, outcome=Outcome.PASS),
        passed.id: replace(passed, outcome=Outcome.FAIL),
    }
    earlier = replace(
        last,
        id="earlier",
        finished_at=last.finished_at + timedelta(seconds=1),
        findings=tuple(flipped.get(f.id, f) for f in last.findings),
    )
    assessments.save(store, earlier)
    add(store, item, "P-2")
    (second,) = run(store, scene, url, tmp_path / "out")
    assert isinstance(second, Renewed)
    assert second.outcome.previous == earlier
    delta = compare(earlier, second.outcome.assessment)
    assert [f.id for f in delta.new] == [failed.id]
    assert [f.id for f in delta.resolved] == [passed.id]
    assert delta.now_unknown == ()
    assert told(second.outcome.assessment) == told(last)
    assert second.outcome.assessment.decision == last.decision


def test_an_expired_consent_is_listed_and_not_scanned(
    scene: Scene, store: Database, url: str, tmp_path: Path
) -> None:
    item = applicant(scene)
    ended = [
        line
        if not line.startswith("valid_until")
        else f"valid_until = {(utc_now() - timedelta(hours=1)).isoformat()}"
        for line in item.consent.splitlines()
    ]
    add(store, item, "P-ended", consent="\n".join(ended))
    (result,) = run(store, scene, url, tmp_path)
    assert isinstance(result, NotRenewed)
    assert result.code == "expired"
    assert assessments.newest(store) == []
    listed = CliRunner().invoke(cli, ["renewals", "due", "--database", url, "--json"])
    assert problems(schema.load("renewals"), json.loads(listed.output)) == []
    (row,) = json.loads(listed.output)["due"]
    assert (row["policy"], row["consent"]) == ("P-ended", "expired")


def test_a_withdrawn_technique_makes_findings_unknown_and_never_resolved(
    scene: Scene, store: Database, url: str, tmp_path: Path
) -> None:
    item = applicant(scene)
    add(store, item, "P-1")
    (first,) = run(store, scene, url, tmp_path)
    assert isinstance(first, Renewed)
    narrower = item.consent.replace('"ports", ', "").replace('method = "dns-txt"', 'method = "document"')
    narrower += f'\n[document]\nsha256 = "{"a" * 64}"\n'
    add(store, item, "P-2", consent=narrower)
    (second,) = run(store, scene, url, tmp_path)
    assert isinstance(second, Renewed)
    delta = compare(first.outcome.assessment, second.outcome.assessment)
    assert not [f for f in (*delta.resolved, *delta.gone) if f.check.startswith("ports/")]
    # which names exist and whether they answer is told by DNS and a visit
    told = ("ports/named_hosts_seen",)
    found = second.outcome.assessment.findings
    hidden = [f for f in found if f.check.startswith("ports/") and f.check not in told]
    assert hidden
    assert [f for f in hidden if (f.outcome, f.reason) != (Outcome.UNKNOWN, Reason.NOT_PERMITTED)] == []
    assert second.outcome.assessment.decision.premium.total is None


def test_policies_are_kept_listed_and_removed_from_the_command_line(
    scene: Scene, url: str, tmp_path: Path
) -> None:
    item = applicant(scene)
    (tmp_path / "consent.toml").write_text(item.consent, encoding="utf-8")
    (tmp_path / "application.toml").write_text(item.application, encoding="utf-8")

    def posture(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["renewals", *words, "--database", url], standalone_mode=False)
        return (done.return_value or 0, done.output) if done.exception is None else (1, str(done.exception))

    papers = (
        "--consent",
        str(tmp_path / "consent.toml"),
        "--application",
        str(tmp_path / "application.toml"),
    )
    date = (TODAY + timedelta(days=10)).isoformat()
    assert posture("add", "P-1", item.domain, *papers, "--renewal-date", date)[0] == 0
    assert posture("add", "P-1", item.domain, *papers, "--renewal-date", date)[0] == 1
    assert posture("add", "P-2", "other.example", *papers, "--renewal-date", date)[0] == 1
    assert "P-1" in posture("due", "--within", "30")[1]
    assert "Nothing falls due" in posture("due", "--within", "5")[1]
    assert posture("remove", "P-1")[0] == 0
    assert "Nothing falls due" in posture("due", "--within", "30")[1]
