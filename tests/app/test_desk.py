"""Quotes and referrals from the command line: every state, who may do what, and what is kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from posture.app.assess import replay
from posture.core import ledger
from posture.core.application import Application
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from posture.core.findings import Outcome
from posture.store import ledger as kept
from posture.store.database import open_database
from tests.support import feeds
from tests.support.desk import (
    ASKER,
    CHIEF,
    NOW,
    OTHER,
    SENIOR,
    UNDERWRITER,
    Office,
    apache,
    clean,
    exposed,
    filed,
    ordinary,
)
from tests.support.sample_assessment import DOMAIN, application

WHY = ("--reason", "because")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(tmp_path, monkeypatch)


@pytest.fixture
def bindable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The table is filed until a day soon after."""
    until = ("valid_until = 2027-01-01", "valid_until = 2026-12-20")
    with filed(tmp_path, monkeypatch, until):
        yield


def refused(office: Office, *words: str) -> str:
    with pytest.raises(PostureError) as caught:
        office.run(*words)
    assert "\n" not in caught.value.message
    assert caught.value.remedy
    return caught.value.code


def refusal(office: Office, *words: str) -> str:
    with pytest.raises(PostureError) as caught:
        office.run(*words)
    return caught.value.remedy


def decided(asked: Application) -> Assessment:
    return replay(replace(clean(), application=asked))


def failed_port() -> str:
    return next(item.id for item in exposed().findings if item.target.port == 3389)


def quote(office: Office, case: str, *words: str, by: str = ASKER) -> dict[str, Any]:
    found: dict[str, Any] = office.run("quote", case, "--by", by, *words)
    return found


def referral(office: Office, step: str, case: str, by: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = office.run("referrals", step, case, "--by", by, *WHY, *words)
    return found


def step(office: Office, name: str, case: str, by: str = UNDERWRITER, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = office.run("quotes", name, case, *words, "--by", by, *WHY)
    return found


def test_a_quote_has_number_validity_and_period(office: Office) -> None:
    case = quote(office, office.keep(clean()), "--from", "2027-01-01")
    (version,) = case["versions"]
    assert case["state"] == "quoted"
    assert case["quote"] == version["quote"] == "Q20261123-7f3a-1"
    assert version["issued"] == "2026-11-24T01:00:00Z"
    assert version["valid_until"] == "2026-12-24T01:00:00Z"
    # 16:00 in Japan on both days.
    assert (version["period_from"], version["period_until"]) == (
        "2027-01-01T07:00:00Z",
        "2028-01-01T07:00:00Z",
    )
    assert version["indication"]
    assert case["required"] == {"level": "underwriter", "signatures": 1, "reasons": []}


def test_a_quote_never_holds_beyond_the_scan_or_the_consent(office: Office) -> None:
    old = office.keep(clean())
    short = replace(clean().consent, valid_until=NOW + timedelta(days=3))
    consented = office.keep(replace(clean(), id="20261123-short-beef", consent=short))
    office.now = NOW + timedelta(days=40)
    scanned = clean().finished_at + timedelta(days=45)
    assert quote(office, old)["versions"][0]["valid_until"] == f"{scanned:%Y-%m-%dT%H:%M:%SZ}"
    office.now = NOW + timedelta(days=50)
    assert refused(office, "quote", old) == "too-old"
    office.now = NOW
    assert quote(office, consented)["versions"][0]["valid_until"] == "2026-11-27T01:00:00Z"


def test_a_quote_never_holds_beyond_the_filing(office: Office, bindable: None) -> None:
    version = quote(office, office.keep(clean()))["versions"][0]
    assert version["valid_until"] == "2026-12-19T15:00:00Z"
    assert not version["indication"]


def test_other_limits_and_deductibles_are_priced_without_a_scan_and_kept_beside(office: Office) -> None:
    case = office.keep(ordinary())
    quote(office, case)
    quote(office, case, "--limit", "A=200_000_000", "--deductible", "A=500000")
    made = quote(office, case, "--limit", "B=10000000")
    first, second, third = made["versions"]
    assert [version["number"] for version in made["versions"]] == [1, 2, 3]
    terms = [version["application"]["covers"]["A"] for version in made["versions"]]
    assert [(one["limit"], one["deductible"]) for one in terms] == [
        (100_000_000, 100_000),
        (200_000_000, 500_000),
        (200_000_000, 500_000),
    ]
    assert third["premium"]["by_cover"]["B"] < second["premium"]["by_cover"]["B"]
    both = office.run("quotes", "compare", case, "1", "3")["versions"]
    assert both == [first, third]
    shown = office.text("quotes", "compare", case, "--lang", "en")
    assert "indication" in shown.lower()
    assert all(f"Q20261123-7f3a-{number}" in shown for number in (1, 2, 3))


def test_a_kept_version_replays_to_the_same_bytes(office: Office) -> None:
    case = office.keep(exposed())
    quote(office, case, "--schedule", "1.1", *WHY, by=SENIOR)
    kept = office.run("quotes", "show", case)["versions"][0]
    office.now += timedelta(days=400)
    again = office.run("quotes", "replay", case)
    assert again["same"]
    assert again["changed"] == []
    assert json.dumps(again["version"], sort_keys=True) == json.dumps(kept, sort_keys=True)
    assert "the same" in office.text("quotes", "replay", case)


def test_a_replay_on_other_tables_says_so(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.keep(clean())
    quote(office, case)
    with filed(tmp_path, monkeypatch, ("variable = 0.38", "variable = 0.30")):
        again = office.run("quotes", "replay", case)
    assert (again["same"], again["changed"]) == (False, ["tables", "model"])


def test_an_indication_cannot_be_accepted(office: Office) -> None:
    case = office.keep(clean())
    quote(office, case)
    assert refused(office, "quotes", "accept", case, *WHY) == "indication"
    assert "試算・引受不可" in office.text("quotes", "show", case, "--lang", "ja")
    assert "indication" in office.text("quotes", "show", case, "--lang", "en").lower()


def test_from_draft_to_bound(office: Office, bindable: None) -> None:
    case = office.keep(clean())
    assert quote(office, case, "--draft")["state"] == "draft"
    assert refused(office, "quotes", "accept", case, *WHY) == "state"
    assert step(office, "issue", case)["state"] == "quoted"
    assert step(office, "accept", case)["state"] == "accepted"
    assert refused(office, "quotes", "bind", case, "--by", UNDERWRITER, *WHY) == "not-revalidated"
    looked = step(office, "revalidate", case)
    assert looked["history"][-1]["body"]["worse"] == []
    assert refused(office, "quotes", "bind", case, "--by", "nobody", *WHY) == "authority"
    bound = step(office, "bind", case)
    assert bound["state"] == "bound"
    facts = bound["history"][-1]["body"]["facts"]
    assert facts["assessment"] == case
    assert facts["version"] == 1
    assert refused(office, "quote", case) == "state"
    assert refused(office, "quotes", "refuse", case, *WHY) == "state"
    assert step(office, "comment", case)["state"] == "bound"
    kinds = [event["kind"] for event in office.run("quotes", "history", case)["history"]]
    assert kinds == ["quote", "issue", "accept", "revalidate", "bind", "comment"]


def test_a_quote_lapses_by_itself_and_can_be_made_anew(office: Office, bindable: None) -> None:
    case = office.keep(clean())
    quote(office, case)
    office.now = NOW + timedelta(days=31)
    assert office.run("quotes", "show", case)["state"] == "lapsed"
    assert refused(office, "quotes", "accept", case, *WHY) == "state"
    renewed = quote(office, case)
    assert (renewed["state"], renewed["quote"]) == ("quoted", "Q20261123-7f3a-2")


def test_what_has_to_be_shown_before_binding_holds_it_up_until_it_is(
    office: Office, bindable: None, tmp_path: Path
) -> None:
    case = office.keep(ordinary())
    quote(office, case)
    step(office, "accept", case)
    step(office, "revalidate", case)
    assert refused(office, "quotes", "bind", case, "--by", UNDERWRITER, *WHY) == "subjectivity-open"
    assert refused(office, "quotes", "close", case, "renew-certificate", *WHY) == "no-evidence"
    assert (
        refused(office, "quotes", "close", case, "nonsense", *WHY, "--assessment", "x") == "no-subjectivity"
    )

    later = replace(ordinary(), id="20261130-later-cafe", started_at=NOW + timedelta(days=5))
    office.keep(later)
    words = ("quotes", "close", case, "renew-certificate", *WHY, "--assessment")
    assert refused(office, *words, later.id) == "not-done"
    assert refused(office, *words, case) == "no-evidence"
    mended = tuple(
        replace(item, outcome=Outcome.PASS) if item.check.startswith("tls/certificate") else item
        for item in ordinary().findings
    )
    done = replace(later, id="20261201-done-cafe", findings=mended)
    closed = office.run(*words, office.keep(done))
    (renewal,) = [item for item in closed["subjectivities"] if item["id"] == "renew-certificate"]
    assert (renewal["status"], renewal["phase"]) == ("closed", "pre_bind")
    assert closed["history"][-1]["body"]["findings"] == renewal["findings"]
    bound = step(office, "bind", case)
    assert [item["subjectivity"] for item in bound["history"][-1]["body"]["facts"]["open"]] == [
        "harden-tls",
        "enforce-dmarc",
    ]
    paper = tmp_path / "proof.pdf"
    paper.write_bytes(b"seen")
    done_by = ("quotes", "close", case, "harden-tls", *WHY, "--evidence", str(paper))
    assert len(office.run(*done_by)["history"][-1]["body"]["evidence"]) == 64


def test_a_remedy_that_was_not_shown_in_time_is_overdue(office: Office, bindable: None) -> None:
    case = office.keep(ordinary())
    assert quote(office, case)["overdue"] == []
    office.now = NOW + timedelta(days=16)
    assert office.run("quotes", "show", case)["overdue"] == ["renew-certificate"]


def test_a_case_that_became_worse_goes_back_to_a_person_at_the_same_price(
    office: Office, bindable: None
) -> None:
    """The stored evidence shows more to today's cards than it did to those the quote was made by."""
    case = office.keep(replace(clean(), observations=exposed().observations))
    price = quote(office, case)["versions"][0]["premium"]
    step(office, "accept", case)
    worse = step(office, "revalidate", case)
    assert worse["state"] == "referred"
    assert {"tier", "knock_outs"} <= set(worse["history"][-1]["body"]["worse"])
    assert worse["versions"][0]["premium"] == price
    assert refused(office, "quotes", "bind", case, "--by", SENIOR, *WHY) == "state"


def test_a_flaw_that_became_known_to_be_exploited_refers_at_binding(
    office: Office, bindable: None, tmp_path: Path
) -> None:
    case = office.keep(apache())
    quote(office, case)
    step(office, "accept", case)
    for name, body, words in (
        ("kev.json", feeds.kev(), ()),
        ("nvd.json", feeds.nvd(), ("--product", feeds.APACHE)),
    ):
        (tmp_path / name).write_bytes(body)
        office.run("feeds", "import", str(tmp_path / name), *words)
    worse = step(office, "revalidate", case)
    told = worse["history"][-1]["body"]
    assert worse["state"] == "referred"
    assert told["worse"][0] == "exploited"
    assert len(told["exploited"]) == 1
    assert set(told["exploited"]) <= set(told["failed"])
    assert refused(office, "quotes", "bind", case, "--by", UNDERWRITER, *WHY) == "state"


def test_rescans_that_closed_every_finding_close_their_subjectivity(office: Office) -> None:
    case = office.keep(ordinary())
    quote(office, case)
    words = ("quotes", "close", case, "harden-tls", *WHY, "--rescanned")
    assert refused(office, *words) == "not-done"
    (remedy,) = [item for item in ordinary().decision.subjectivities if item.id == "harden-tls"]
    store = open_database(office.url)
    for finding in remedy.findings:
        draft = ledger.Event(
            id="",
            domain=DOMAIN,
            finding=finding,
            assessment=case,
            kind=ledger.Kind.CLOSED,
            by="posture rescan",
            at=office.now,
            reason="in order",
            evidence="ab" * 32,
        )
        kept.add(store, draft, ledger.append)
    store.close()
    office.now += timedelta(seconds=1)
    assert len(office.run(*words)["history"][-1]["body"]["rescans"]) == len(remedy.findings) == 2
    assert "--evidence FILE" in refusal(office, *words, "--assessment", "x")


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


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--limit", "A"), "bad-terms"),
        (("--limit", "Z=1"), "bad-terms"),
        (("--limit", "A=1.5"), "bad-terms"),
        (("--limit", "A=-1"), "bad-terms"),
        (("--limit", "A=٣"), "bad-terms"),
        (("--limit", "crime=1000000"), "bad-terms"),
        (("--limit", "A=1000"), "bad-application"),
        (("--limit", "A=0"), "bad-application"),
        (("--application", "nowhere.toml"), "bad-application"),
        (("--from", "2026-11-23"), "bad-terms"),
        (("--from", "9999-12-31"), "bad-terms"),
        (("--from", "0001-01-01"), "bad-terms"),
        (("--by", " "), "words"),
        (("--by", "x" * 201), "words"),
    ],
)
def test_bad_terms_are_one_sentence_and_nothing_is_kept(
    office: Office, words: tuple[str, ...], code: str
) -> None:
    case = office.keep(clean())
    assert refused(office, "quote", case, *words) == code
    assert office.run("quotes", "show", case)["history"] == []


def test_an_assessment_without_application_needs_one(office: Office) -> None:
    case = office.keep(replace(clean(), application=None))
    assert refused(office, "quote", case) == "no-application"
    assert refused(office, "quote", "nowhere") == "no-assessment"


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
        "questions.en.txt",
        "questions.ja.html",
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
    assert len(office.run("referrals", "letter", fine, "--kind", "quote", *out)["files"]) == 4


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


def test_an_application_whose_first_day_is_over_begins_when_the_quote_ends(office: Office) -> None:
    case = office.keep(decided(replace(application(), further={"policy_from": "2026-04-01"})))
    assert quote(office, case)["versions"][0]["period_from"] == "2026-12-24T07:00:00Z"


def test_bad_authority_in_the_settings_is_one_sentence(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.keep(clean())
    path = tmp_path / "other.toml"
    path.write_text('[authority]\nA = "king"\n', encoding="utf-8")
    monkeypatch.setenv("POSTURE_SETTINGS", str(path))
    assert refused(office, "quotes", "show", case) == "bad-settings"


def test_the_domain_of_a_later_scan_has_to_be_the_same(office: Office) -> None:
    case = office.keep(ordinary())
    quote(office, case)
    other = replace(ordinary(), id="other-1", domain="other.example", started_at=NOW)
    words = ("quotes", "close", case, "harden-tls", *WHY, "--assessment", office.keep(other))
    assert refused(office, *words) == "no-evidence"
    assert other.domain != DOMAIN
