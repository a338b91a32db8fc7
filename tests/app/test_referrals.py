"""Referrals, overrides and declarations from the command line: who may do what, and what is kept."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from posture.core.findings import Outcome
from posture.store.database import open_database
from tests.support.desk import (
    ASKER,
    CHIEF,
    NOW,
    OTHER,
    SENIOR,
    UNDERWRITER,
    WHY,
    Office,
    clean,
    decided,
    exposed,
    failed_port,
    ordinary,
    quote,
    referral,
    refused,
    step,
)
from tests.support.sample_assessment import application


def test_declarations_of_the_application_are_looked_at_and_its_first_day_is_kept(office: Office) -> None:
    further = {"past_declines": True, "other_insurance": False, "policy_from": "2027-04-01"}
    asked = replace(application(), further=further)
    case = office.keep(decided(asked))
    made = quote(office, case)
    assert made["state"] == "referred"
    assert made["reasons"] == ["declaration-refers"]
    assert made["versions"][0]["period_from"] == "2027-04-01T07:00:00Z"
    referral(office, "take", case, SENIOR)
    decline = ("referrals", "decide", case, "--decline", "--by", SENIOR, *WHY)
    assert office.run(*decline, "--ground", "declaration-refers")["state"] == "declined"


def test_the_referral_desk_shows_reason_age_limit_and_authority(office: Office) -> None:
    case = office.keep(exposed())
    office.keep(replace(clean(), id="20261123-clean-beef"))
    quote(office, case)
    office.now = NOW + timedelta(days=3)
    (listed,) = office.run("referrals", "list")["referrals"]
    assert listed["case"] == case
    assert listed["age_days"] == 3
    assert listed["limit"] == 100_000_000
    assert (listed["required"]["level"], listed["required"]["signatures"]) == ("senior", 2)
    assert "knock_out" in listed["required"]["reasons"]
    assert listed["reasons"][:2] == ["remote-desktop-exposed", "knock-out-refers"]
    shown = office.text("referrals", "list", "--lang", "ja")
    assert "上位者照会中" in shown
    assert "senior ×2" in shown


def test_what_the_model_refers_is_on_the_desk_before_anything_is_quoted(office: Office) -> None:
    case = office.keep(exposed())
    (listed,) = office.run("referrals", "list")["referrals"]
    assert (listed["case"], listed["quote"]) == (case, None)
    referral(office, "take", case, SENIOR)
    assert refused(office, "referrals", "decide", case, "--approve", "--by", SENIOR, *WHY) == "no-quote"


def test_a_knock_out_needs_two_people_who_did_not_ask_for_it(office: Office) -> None:
    case = office.keep(exposed())
    model = quote(office, case, by=SENIOR)["versions"][0]["decision"]
    take, decide = ("referrals", "take", case), ("referrals", "decide", case, "--approve", *WHY)
    sign = ("referrals", "sign", case, *WHY)
    assert refused(office, *take, "--by", SENIOR) == "own-case"
    assert refused(office, *take, "--by", "山田　花子") == "own-case"
    assert refused(office, *take, "--by", ASKER) == "authority"
    assert refused(office, *decide, "--by", OTHER) == "not-taken"
    assert office.run(*take, "--by", UNDERWRITER)["taken_by"] == UNDERWRITER
    assert refused(office, *decide, "--by", UNDERWRITER) == "authority"
    assert office.run(*take, "--by", OTHER)["taken_by"] == OTHER
    assert refused(office, *sign, "--by", CHIEF) == "not-approved"
    approved = office.run(*decide, "--by", OTHER)
    assert (approved["state"], approved["approved_by"]) == ("referred", OTHER)
    assert refused(office, *decide, "--by", OTHER) == "approved"
    assert refused(office, *sign, "--by", OTHER) == "own-approval"
    assert refused(office, *sign, "--by", SENIOR) == "own-case"
    assert refused(office, *sign, "--by", UNDERWRITER) == "authority"
    signed = office.run(*sign, "--by", CHIEF)
    assert (signed["state"], signed["signed_by"]) == ("quoted", CHIEF)
    assert signed["versions"][0]["decision"] == model
    assert model["action"] == "refer"


def test_a_decline_rests_on_what_was_observed_or_declared(office: Office) -> None:
    case = office.keep(exposed())
    quote(office, case)
    referral(office, "take", case, SENIOR)
    decline = ("referrals", "decide", case, "--decline", "--by", SENIOR, *WHY)
    assert refused(office, *decline) == "no-grounds"
    passed = next(item.id for item in exposed().findings if item.outcome is Outcome.PASS)
    for name in (passed, "knock-out-refers", "raises", "", "zz"):
        assert refused(office, *decline, "--ground", name) == "no-grounds"
    port = failed_port()
    done = office.run(*decline, "--ground", port[:8])
    assert done["state"] == "declined"
    assert done["history"][-1]["body"]["grounds"] == [port]
    assert refused(office, "quote", case) == "state"


def test_an_override_stands_beside_the_models_decision(office: Office) -> None:
    case = office.keep(clean())
    assert refused(office, "quote", case, "--schedule", "0.9", "--by", ASKER, *WHY) == "authority"
    assert refused(office, "quote", case, "--schedule", "0.9", "--by", SENIOR) == "no-reason"
    plain = quote(office, case)["versions"][0]
    made = quote(office, case, "--schedule", "0.9", *WHY, by=SENIOR)
    version = made["versions"][1]
    assert made["state"] == "quoted"
    assert version["decision"] == plain["decision"]
    assert version["override"] == {"schedule": 0.9, "by": SENIOR, "level": "senior", "reason": "because"}
    assert version["premium"]["total"] < version["decision"]["premium"]["total"]
    assert made["required"] == {"level": "senior", "signatures": 1, "reasons": ["deviation"]}
    assert "set the schedule to 0.9" in office.text("quotes", "show", case, "--lang", "en")


def test_an_override_above_ones_authority_goes_to_the_desk(office: Office) -> None:
    case = office.keep(clean())
    assert quote(office, case, "--schedule", "1.04", *WHY, by=UNDERWRITER)["state"] == "quoted"
    asked = quote(office, case, "--schedule", "0.8", *WHY, by=UNDERWRITER)
    assert (asked["state"], asked["required"]["level"]) == ("referred", "chief")
    referral(office, "take", case, CHIEF)
    assert referral(office, "decide", case, CHIEF, "--approve")["state"] == "quoted"


@pytest.mark.parametrize("schedule", ["0.74", "1.26", "0", "-1", "nan", "inf"])
def test_no_override_leaves_the_filing(office: Office, schedule: str) -> None:
    case = office.keep(clean())
    assert refused(office, "quote", case, "--schedule", schedule, "--by", CHIEF, *WHY) == "outside-filing"
    assert office.run("quotes", "show", case)["versions"] == []


def test_a_limit_above_the_lowest_authority_is_referred_to_the_level_that_has_it(office: Office) -> None:
    case = office.keep(clean())
    made = quote(office, case, "--limit", "A=900000000")
    assert (made["state"], made["required"]["level"]) == ("referred", "senior")
    made = quote(office, case, "--limit", "A=3000000001")
    assert made["required"]["level"] is None
    referral(office, "take", case, CHIEF)
    assert refused(office, "referrals", "decide", case, "--approve", "--by", CHIEF, *WHY) == "authority"


def test_declared_and_observed_stand_side_by_side_and_the_answer_is_kept(
    office: Office, bindable: None, tmp_path: Path
) -> None:
    case = office.keep(exposed())
    quote(office, case)
    shown = office.run("declared", "show", case)
    assert [(item["item"], item["agreement"]) for item in shown["answers"]] == [
        ("edr", "not_observable"),
        ("no_remote_desktop_exposed", "contradicted"),
    ]
    assert len(shown["not_answered"]) + 2 == len(office.run_plain("declared", "items")["items"])
    asked = office.run("declared", "ask", case, "--by", ASKER, "--out", str(tmp_path / "letters"))
    assert sorted(Path(path).name for path in asked["files"]) == [
        "questions.en.html",
        "questions.en.pdf",
        "questions.en.txt",
        "questions.ja.html",
        "questions.ja.pdf",
        "questions.ja.txt",
    ]
    for by, what in ((OTHER, "take"), (OTHER, "decide"), (CHIEF, "sign")):
        referral(office, what, case, by, *(["--approve"] if what == "decide" else []))
    step(office, "accept", case)
    step(office, "revalidate", case)
    paper = tmp_path / "shown"
    paper.write_bytes(b"x")
    step(office, "close", case, SENIOR, "renew-certificate", "--evidence", str(paper))
    assert refused(office, "quotes", "bind", case, "--by", SENIOR, *WHY) == "unanswered"
    assert refused(office, "declared", "answer", case, "prayer", "--by", "x", "--answer", "y") == "no-item"
    words = (
        "declared",
        "answer",
        case,
        "no_remote_desktop_exposed",
        "--by",
        "例 太郎",
        "--answer",
        "検証用の機器です",
    )
    assert office.run(*words)["questions"] == []
    facts = step(office, "bind", case, SENIOR)["history"][-1]["body"]["facts"]
    (difference,) = facts["differences"]
    assert difference["item"] == "no_remote_desktop_exposed"
    assert difference["answer"]["by"] == "例 太郎"
    assert difference["answer"]["text"] == "検証用の機器です"
    port = failed_port()
    assert difference["findings"] == [port]
    assert port in facts["failed"]
    assert refused(office, *words) == "state"
    assert "検証用の機器です" in office.text("declared", "show", case, "--lang", "ja")


def test_letters_exist_only_where_the_case_gives_ground(office: Office, tmp_path: Path) -> None:
    case = office.keep(exposed())
    quote(office, case)
    out = ("--out", str(tmp_path / "letters"))
    assert refused(office, "referrals", "letter", case, "--kind", "decline", *out) == "no-letter"
    assert refused(office, "referrals", "letter", case, "--kind", "quote", *out) == "no-letter"
    fine = office.keep(replace(clean(), id="20261123-clean-beef"))
    quote(office, fine)
    assert refused(office, "referrals", "letter", fine, "--kind", "questions", *out) == "no-letter"
    assert not (tmp_path / "letters").exists()
    assert len(office.run("referrals", "letter", fine, "--kind", "quote", *out)["files"]) == 6


def test_a_history_that_was_changed_is_said(office: Office) -> None:
    case = office.keep(clean())
    quote(office, case)
    step(office, "comment", case)
    store = open_database(office.url)
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER desk_events_no_UPDATE"))
        connection.execute(text("UPDATE desk_events SET reason = 'never said' WHERE number = 0"))
    store.close()
    assert refused(office, "quotes", "show", case) == "desk-changed"


def test_an_open_dispute_is_stamped_on_the_case(office: Office) -> None:
    case = office.keep(exposed())
    quote(office, case)
    words = ("findings", "dispute", case, failed_port(), "--by", "例 太郎", "--reason", "not ours")
    office.run(*words)
    office.now += timedelta(minutes=1)
    assert office.run("quotes", "show", case)["disputed"] == [failed_port()]
    assert "異議あり 1件" in office.text("quotes", "show", case, "--lang", "ja")


def test_cases_are_listed_with_the_newest_state_first(office: Office) -> None:
    first = office.keep(clean())
    second = office.keep(replace(ordinary(), id="20261123-second-beef"))
    for case in (second, first):
        quote(office, case)
    assert [line["case"] for line in office.run("quotes", "list")["cases"]] == [first, second]
    step(office, "comment", second)
    assert office.run("quotes", "list")["cases"][0]["case"] == first
    assert "見積提示済" in office.text("quotes", "list", "--lang", "ja")


def test_bad_authority_in_the_settings_is_one_sentence(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.keep(clean())
    path = tmp_path / "other.toml"
    path.write_text('[authority]\nA = "king"\n', encoding="utf-8")
    monkeypatch.setenv("POSTURE_SETTINGS", str(path))
    assert refused(office, "quotes", "show", case) == "bad-settings"
