"""`posture whatif` on stored and written assessments, in both languages."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from models.artefact import shipped
from posture.app.assess import replay
from posture.app.cli import cli
from posture.core.assessment import Assessment
from posture.core.catalogue import Language
from posture.core.consent import Technique
from posture.core.document import assessment as to_document
from posture.core.errors import PostureError, UsageFault
from posture.core.findings import Outcome, Owner
from posture.core.observations import Unseen
from posture.store import assessments
from posture.store.database import open_database
from reports import schema
from tests.support.json_schema import problems
from tests.support.sample_assessment import sample


@cache
def priced() -> Assessment:
    """The sample with every question answered, so that it has a price: what was unseen is in order."""
    stored = replay(sample(), shipped())
    seen = tuple(
        replace(item, outcome=Outcome.PASS, reason=None, owner=Owner.SELF)
        if item.outcome is Outcome.UNKNOWN
        else item
        for item in stored.findings
    )
    from models import assess

    result = assess(seen, stored.application, on=stored.started_at.date())
    return replace(
        stored,
        findings=seen,
        features=result.features,
        coverage=result.coverage,
        score=result.score,
        decision=result.decision,
    )


def written(folder: Path, item: Assessment) -> str:
    path = folder / "assessment.json"
    path.write_text(json.dumps(to_document(item)), encoding="utf-8")
    return str(path)


def posture(*words: str) -> Result:
    return CliRunner().invoke(cli, ["whatif", *words])


def document(*words: str) -> dict[str, Any]:
    done = posture(*words, "--json")
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == "posture.whatif/1"
    assert problems(schema.load("whatif"), found) == []
    return found


def test_a_stored_assessment_is_priced_again_without_a_scan(tmp_path: Path) -> None:
    item = priced()
    url = f"sqlite:///{tmp_path / 'posture.db'}"
    store = open_database(url)
    assessments.save(store, item)
    store.close()
    from_store = document(item.id[:12], "--database", url)
    assert from_store == document(written(tmp_path, item))
    stored = to_document(item)["decision"]
    before = from_store["before"]
    assert {key: before[key] for key in ("tier", "action", "loading", "premium")} == {
        key: stored[key] for key in ("tier", "action", "loading", "premium")
    }
    assert before["premium"]["total"] > 0
    assert from_store["changed"] == []
    failed = {f.id for f in item.findings if f.outcome is Outcome.FAIL}
    assert {one["findings"][0] for one in from_store["study"]["fixes"]} == failed
    assert from_store["study"]["plan"]["reached"] is True
    best = from_store["study"]["groups"][0]
    assert best["worth"] > 0
    assert best["after"]["premium"]["total"] <= before["premium"]["total"]


def test_fixes_are_named_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    path = written(tmp_path, priced())
    (rdp,) = [
        f.id for f in priced().findings if f.check == "ports/remote_desktop" and f.outcome is Outcome.FAIL
    ]
    (dmarc,) = [f.id for f in priced().findings if f.check == "mail/dmarc" and f.outcome is Outcome.FAIL]
    fix = document(path, "--fix", rdp[:6], "--fix", dmarc, "--fix", rdp)["fix"]
    assert fix["findings"] == [rdp, dmarc]
    assert fix["opens"] == []
    assert fix["after"]["premium"]["total"] < priced().decision.premium.total
    passed = next(f.id for f in priced().findings if f.outcome is Outcome.PASS)
    for wrong, code in (("", "no-finding"), ("zz", "no-finding"), (passed, "no-finding")):
        failure = posture(path, "--fix", wrong).exception
        assert isinstance(failure, PostureError)
        assert failure.code == code


def test_a_target_tier_has_its_cheapest_way(tmp_path: Path) -> None:
    path = written(tmp_path, priced())
    plan = document(path, "--target-tier", "T2")["plan"]
    assert (plan["target"], plan["reached"], plan["exact"]) == ("T2", True, True)
    assert plan["after"]["tier"] <= "T2"
    assert plan["effort"] == sum(one["effort"] for one in plan["fixes"])
    assert document(path, "--target-tier", "T5")["plan"]["fixes"] == []
    failure = posture(path, "--target-tier", "T2", "--fix", "ab").exception
    assert isinstance(failure, UsageFault)


def test_the_schema_refuses_what_is_missing_unknown_or_of_another_kind(tmp_path: Path) -> None:
    path = written(tmp_path, priced())
    for words in ((), ("--target-tier", "T2")):
        found = document(path, *words)
        for name in found:
            assert problems(schema.load("whatif"), {k: v for k, v in found.items() if k != name}) != []
            assert problems(schema.load("whatif"), found | {name: 1}) != []
        assert problems(schema.load("whatif"), found | {"other": 1}) != []
    broken = document(path)
    broken["study"]["groups"][0]["after"]["premium"]["total"] = 0.5
    assert problems(schema.load("whatif"), broken) != []


def test_other_tables_than_the_decision_s_are_said(tmp_path: Path) -> None:
    item = priced()
    path = written(tmp_path, replace(item, digests=replace(item.digests, tables="00" * 32)))
    assert document(path)["changed"] == ["tables"]
    assert (
        "Not what this assessment was decided with any more: tables." in posture(path, "--lang", "en").output
    )
    assert "本日の料率" in posture(path, "--lang", "ja").output


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "posture.assessment/1"}', "[" * 100_000])
def test_what_is_no_assessment_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "assessment.json"
    path.write_text(content, encoding="utf-8")
    failure = posture(str(path)).exception
    assert isinstance(failure, PostureError)
    assert failure.code == "bad-assessment"
    assert str(path) in failure.message
    missing = posture(str(tmp_path / "nowhere.json")).exception
    assert isinstance(missing, PostureError)
    assert "No such file" in missing.message


@pytest.mark.parametrize("language", list(Language))
def test_both_languages_tell_every_kind_of_answer(tmp_path: Path, language: Language) -> None:
    blind = replay(sample(), shipped())
    clean = replace(priced(), findings=tuple(f for f in priced().findings if f.outcome is Outcome.PASS))
    assert any(isinstance(o.result, Unseen) for o in blind.observations)
    assert Technique.PORTS in blind.consent.techniques
    for item, options in (
        (priced(), ()),
        (blind, ()),
        (clean, ()),
        (priced(), ("--target-tier", "T2")),
        (priced(), ("--target-tier", "T5")),
        (blind, ("--target-tier", "T1")),
        (replace(priced(), application=None), ()),
    ):
        done = posture(written(tmp_path, item), *options, "--lang", language.value)
        assert done.exception is None, done.exception
        assert item.consent.applicant in done.output
        assert "{" not in done.output
        assert ("Now:" in done.output) == (language is Language.EN)
        assert ("現在:" in done.output) == (language is Language.JA)


def test_the_terminal_names_every_group_and_the_way_to_the_next_tier(tmp_path: Path) -> None:
    found = document(written(tmp_path, priced()))["study"]
    told = posture(written(tmp_path, priced()), "--lang", "en").output
    for one in found["groups"]:
        for name in one["findings"]:
            assert name[:8] in told
    assert f"Cheapest way to {found['plan']['target']}: " in told
    assert f"Every combination of {found['plan']['candidates']} candidates was tried" in told


def test_hostile_words_of_the_network_stay_words(tmp_path: Path) -> None:
    item = priced()
    hostile = tuple(
        replace(f, target=replace(f.target, name="\x1b[2J[bold]x")) if f.outcome is Outcome.FAIL else f
        for f in item.findings
    )
    done = posture(written(tmp_path, replace(item, findings=hostile)), "--lang", "en")
    assert done.exception is None
    assert "\x1b" not in done.output
    assert "\\x1b[2J[bold]x" in done.output
