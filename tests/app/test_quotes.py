"""Quotes from the command line: validity, versions, every state, and what is asked before binding."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posture.core import ledger
from posture.core.findings import Outcome
from posture.store import ledger as kept
from posture.store.database import open_database
from tests.support import feeds
from tests.support.desk import (
    NOW,
    SENIOR,
    UNDERWRITER,
    WHY,
    Office,
    apache,
    clean,
    decided,
    exposed,
    filed,
    ordinary,
    quote,
    refusal,
    refused,
    step,
)
from tests.support.sample_assessment import DOMAIN, application


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


def test_a_version_is_never_replayed_by_another_model(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = office.keep(clean())
    quote(office, case)
    with filed(tmp_path, monkeypatch, ("variable = 0.38", "variable = 0.30")):
        assert refused(office, "quotes", "replay", case) == "no-model"
        assert refused(office, "quote", case) == "no-model"


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
    office.now += timedelta(days=2)
    assert refused(office, "quotes", "bind", case, "--by", UNDERWRITER, *WHY) == "not-revalidated"
    step(office, "revalidate", case)
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
    assert kinds == ["quote", "issue", "accept", "revalidate", "revalidate", "bind", "comment"]


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


def test_an_application_whose_first_day_is_over_begins_when_the_quote_ends(office: Office) -> None:
    case = office.keep(decided(replace(application(), further={"policy_from": "2026-04-01"})))
    assert quote(office, case)["versions"][0]["period_from"] == "2026-12-24T07:00:00Z"


def test_the_domain_of_a_later_scan_has_to_be_the_same(office: Office) -> None:
    case = office.keep(ordinary())
    quote(office, case)
    other = replace(ordinary(), id="other-1", domain="other.example", started_at=NOW)
    words = ("quotes", "close", case, "harden-tls", *WHY, "--assessment", office.keep(other))
    assert refused(office, *words) == "no-evidence"
    assert other.domain != DOMAIN
