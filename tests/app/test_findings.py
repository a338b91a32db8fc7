"""`posture findings` from the command line, and what `assessments show` says of it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from models.artefact import shipped
from posture.app import clock
from posture.app.assess import replay
from posture.app.cli import cli
from posture.app.clock import utc_now
from posture.core.assessment import Assessment
from posture.core.document import assessment as to_document
from posture.core.errors import PostureError
from posture.core.findings import Outcome
from posture.store import assessments
from posture.store.database import open_database
from tests.support.sample_assessment import sample

UNTIL = (utc_now() + timedelta(days=40)).date().isoformat()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    named = f"sqlite:///{tmp_path / 'posture.db'}"
    store = open_database(named)
    assessments.save(store, item())
    yield named
    store.close()


def item() -> Assessment:
    return replay(sample(), shipped())


def bad(number: int = 0) -> str:
    return [f.id for f in item().findings if f.outcome is Outcome.FAIL][number]


def run(url: str, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--database", url])


def say(
    url: str, kind: str, finding: str, *words: str, by: str = "A", named: str | None = None
) -> dict[str, Any]:
    words = (named or item().id, finding, "--by", by, "--reason", "because", *words, "--json")
    done = run(url, "findings", kind, *words)
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(url: str, kind: str, finding: str, *words: str, by: str = "A") -> str:
    with pytest.raises(PostureError) as caught:
        say(url, kind, finding, *words, by=by)
    return caught.value.code


def listed(url: str, named: str | None = None) -> dict[str, Any]:
    found = json.loads(run(url, "findings", "list", named or item().id, "--json").stdout)
    return {entry["finding"]["id"]: entry for entry in found["findings"]}


def test_a_dispute_stands_on_the_tier_until_it_is_settled_with_evidence(url: str, tmp_path: Path) -> None:
    assert "disputed" not in run(url, "assessments", "show", item().id, "--lang", "en").output.lower()
    dispute = say(url, "dispute", bad()[:8], by="例 太郎")["standing"]["dispute"]
    assert (dispute["by"], dispute["finding"], dispute["assessment"]) == ("例 太郎", bad(), item().id)
    shown = run(url, "assessments", "show", item().id, "--lang", "en").output
    assert "1 disputed" in shown.splitlines()[1]
    assert "Open disputes (1)" in shown
    assert "Disputed by 例 太郎" in shown
    assert "異議あり 1件" in run(url, "assessments", "show", item().id, "--lang", "ja").output

    paper = tmp_path / "whois.txt"
    paper.write_bytes(b"not theirs")
    assert refused(url, "dispute", bad()) == "disputed"
    assert refused(url, "resolve", bad(), by="B") == "no-evidence"
    assert refused(url, "resolve", bad(), "--evidence", str(tmp_path / "nowhere"), by="B") == "bad-evidence"
    resolved = say(url, "resolve", bad(), "--evidence", str(paper), by="B")["standing"]
    assert resolved["dispute"] is None
    assert resolved["resolved"]["evidence"] == hashlib.sha256(b"not theirs").hexdigest()
    assert "Open disputes" not in run(url, "assessments", "show", item().id, "--lang", "en").output


def test_a_waiver_needs_two_people_moves_no_price_and_returns(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(url, "assessments", "show", item().id, "--json").stdout
    asked = say(url, "waive", bad(), "--until", UNTIL)["standing"]
    assert (asked["waiver"]["state"], asked["waived"]) == ("requested", False)
    assert refused(url, "approve", bad(), by="a") == "own-request"
    granted = say(url, "approve", bad(), by="B")["standing"]
    assert (granted["waiver"]["state"], granted["waived"]) == ("active", True)

    shown = run(url, "assessments", "show", item().id, "--lang", "en").output
    assert "Waivers in force (1); they change neither score nor price" in shown
    assert "A asked for it, B approved it" in shown
    assert run(url, "assessments", "show", item().id, "--json").stdout == before
    study = run(url, "whatif", item().id, "--json").stdout
    assert bad() in {one["findings"][0] for one in json.loads(study)["study"]["fixes"]}

    last_day = datetime.fromisoformat(UNTIL).astimezone()
    for offset, state in ((timedelta(hours=23, minutes=59), "active"), (timedelta(days=1), "expired")):
        monkeypatch.setattr(clock, "utc_now", lambda offset=offset: last_day + offset)
        assert listed(url)[bad()]["standing"]["waiver"]["state"] == state
    shown = run(url, "assessments", "show", item().id, "--lang", "en").output
    assert "Waivers in force" not in shown
    assert "Waivers that have ended (1); these findings count as open again" in shown


def test_a_request_nobody_approved_is_told_as_such(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    say(url, "waive", bad(), "--until", UNTIL)
    assert "somebody else has to approve it" in run(url, "findings", "list", item().id, "--lang", "en").output
    monkeypatch.setattr(clock, "utc_now", lambda: utc_now() + timedelta(days=60))
    assert "nobody approved it in time" in run(url, "findings", "list", item().id, "--lang", "en").output
    assert "Waivers that have ended" not in run(url, "assessments", "show", item().id, "--lang", "en").output


def test_what_was_said_follows_the_finding_to_the_next_assessment(url: str, tmp_path: Path) -> None:
    say(url, "dispute", bad())
    say(url, "confirm", bad(1), by="B")
    later = replace(
        item(),
        id="20271123-later",
        findings=tuple(
            replace(f, outcome=Outcome.PASS) if f.id == bad() else f
            for f in item().findings
            if f.id != bad(1)
        ),
    )
    path = tmp_path / "later.json"
    path.write_text(json.dumps(to_document(later)), encoding="utf-8")
    now = listed(url, str(path))
    assert now[bad()]["standing"]["dispute"]["by"] == "A"
    assert now[bad()]["finding"]["outcome"] == "pass"
    told = run(url, "findings", "list", str(path), "--lang", "en").output
    assert f"this assessment does not have: {bad(1)}" in told
    with pytest.raises(PostureError, match="nothing to waive"):
        say(url, "waive", bad(), "--until", UNTIL, named=str(path))


def test_the_history_holds_everything_in_order(url: str) -> None:
    first = say(url, "dispute", bad())["history"][0]
    say(url, "comment", bad(), "--reply-to", first["id"], by="B")
    say(url, "confirm", bad(), by="B")
    say(url, "waive", bad(), "--until", UNTIL, by="C")
    say(url, "reject", bad(), by="B")
    history = json.loads(run(url, "findings", "history", item().id, bad(), "--json").stdout)["history"]
    assert [event["kind"] for event in history] == ["dispute", "comment", "confirm", "waive", "reject"]
    assert history[1]["reply_to"] == history[2]["reply_to"] == first["id"]
    assert history[4]["reply_to"] == history[3]["id"]
    for language, words in (("en", ["disputes", "remarks", "rejects"]), ("ja", ["異議", "再確認", "却下"])):
        told = run(url, "findings", "history", item().id, bad(), "--lang", language).output
        assert all(word in told for word in (*words, *(event["id"] for event in history)))


def test_hostile_words_of_people_stay_words(url: str) -> None:
    say(url, "dispute", bad(), by="\x1b[2Jx")
    for words in (("findings", "list"), ("assessments", "show")):
        told = run(url, *words, item().id, "--lang", "en").output
        assert "\x1b" not in told
        assert "\\x1b[2Jx" in told


def test_the_list_holds_what_failed_the_worst_first_or_everything(url: str) -> None:
    failed = [f for f in item().findings if f.outcome is Outcome.FAIL]
    found = list(listed(url).values())
    assert {entry["finding"]["id"] for entry in found} == {f.id for f in failed}
    ranks = ["info", "low", "medium", "high", "critical"]
    order = [ranks.index(entry["finding"]["severity"]) for entry in found]
    assert order == sorted(order, reverse=True)
    every = json.loads(run(url, "findings", "list", item().id, "--all", "--json").stdout)["findings"]
    assert len(every) == len(item().findings)


def test_a_name_a_reason_and_an_end_are_asked_for(url: str) -> None:
    assert refused(url, "dispute", bad(), by=" ") == "words"
    assert refused(url, "dispute", "nonsense") == "no-finding"
    assert refused(url, "dispute", "") == "no-finding"
    assert refused(url, "waive", bad(), "--until", "2020-01-01") == "until"
    done = run(url, "findings", "waive", item().id, bad(), "--by", "A", "--reason", "x")
    assert done.exit_code == 2
    assert "--until" in done.output
    assert not any(entry["history"] for entry in listed(url).values())
