"""Declared against observed: every answer is consistent, contradicted, unsupported or not observable."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import assess, declared
from models.statements import ReasonId
from posture.checks.registry import catalogue
from posture.core.decisions import Action, Agreement, Declared
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Finding, Outcome, Owner
from reports import text
from tests.support.applicants import application, finding, findings

TODAY = date(2026, 12, 1)
DMARC = "dmarc_enforced"
#: What must not be said about a difference (field/underwriting.md §6).
REPROACHES = ("false", "misrepresent", "虚偽", "違反", "incorrect", "lied", "誤った申告")


def compared(answers: dict[str, bool], *found: Finding) -> list[tuple[str, Agreement]]:
    return [(item.item, item.agreement) for item in declared.compare(answers, found)]


@pytest.mark.parametrize(
    ("outcome", "answer", "agreement"),
    [
        (Outcome.PASS, True, Agreement.CONSISTENT),
        (Outcome.FAIL, True, Agreement.CONTRADICTED),
        (Outcome.UNKNOWN, True, Agreement.NOT_OBSERVABLE),
        (Outcome.NOT_APPLICABLE, True, Agreement.NOT_OBSERVABLE),
        (Outcome.FAIL, False, Agreement.CONSISTENT),
        (Outcome.PASS, False, Agreement.UNSUPPORTED),
        (Outcome.UNKNOWN, False, Agreement.NOT_OBSERVABLE),
    ],
)
def test_an_answer_about_one_check(outcome: Outcome, answer: bool, agreement: Agreement) -> None:  # noqa: FBT001
    seen = finding("mail/dmarc", outcome)
    (made,) = declared.compare({DMARC: answer}, (seen,))
    evidence = () if agreement is Agreement.NOT_OBSERVABLE else (seen.id,)
    assert made == Declared(item=DMARC, answer=answer, agreement=agreement, findings=evidence)


def test_without_a_finding_there_is_nothing_to_compare() -> None:
    assert compared({DMARC: True}) == [(DMARC, Agreement.NOT_OBSERVABLE)]


def test_one_check_of_two_that_passed_is_not_enough() -> None:
    database = finding("ports/database", Outcome.PASS)
    assert compared({"no_database_exposed": True}, database) == [
        ("no_database_exposed", Agreement.NOT_OBSERVABLE)
    ]
    both = (database, finding("ports/no_login", Outcome.PASS))
    assert compared({"no_database_exposed": True}, *both) == [("no_database_exposed", Agreement.CONSISTENT)]


def test_one_host_in_order_does_not_hide_another_that_was_not_seen() -> None:
    found = (finding("mail/dmarc"), finding("mail/dmarc", Outcome.UNKNOWN, name="other.example"))
    assert compared({DMARC: True}, *found) == [(DMARC, Agreement.NOT_OBSERVABLE)]


def test_an_inferred_version_alone_contradicts_nobody() -> None:
    guessed = finding("web/supported_software", Outcome.FAIL, confidence=Confidence.INFERRED)
    assert compared({"supported_software_only": True}, guessed) == [
        ("supported_software_only", Agreement.UNSUPPORTED)
    ]


def test_a_providers_machine_contradicts_nobody() -> None:
    theirs = finding("tls/legacy_protocol", Outcome.FAIL, owner=Owner.PROVIDER)
    assert compared({"current_tls_only": True}, theirs) == [("current_tls_only", Agreement.NOT_OBSERVABLE)]


def test_a_gateway_seen_without_its_second_factor_leaves_the_answer_unsupported() -> None:
    gateway = finding("web/remote_access_gateway", Outcome.FAIL)
    (made,) = declared.compare({"mfa_remote_access": True}, (gateway,))
    assert (made.agreement, made.findings) == (Agreement.UNSUPPORTED, (gateway.id,))
    assert compared({"mfa_remote_access": False}, gateway) == [
        ("mfa_remote_access", Agreement.NOT_OBSERVABLE)
    ]


def test_only_contradictions_refer_and_they_are_facts_known() -> None:
    bad = ("dmarc_not_enforced", "vpn_class_b")
    answers = {DMARC: True, "mfa_remote_access": True, "edr": True}
    made = assess(findings(bad), application(controls=answers), on=TODAY).decision
    assert [item.agreement for item in made.declared] == [
        Agreement.UNSUPPORTED,
        Agreement.NOT_OBSERVABLE,
        Agreement.CONTRADICTED,
    ]
    assert [item.arguments for item in made.facts_known] == [{"control": DMARC, "check": ("mail/dmarc",)}]
    assert made.action is Action.REFER
    plain = assess(findings(bad), application(controls={"mfa_remote_access": True}), on=TODAY).decision
    assert ReasonId.DIFFERS not in {item.id for item in plain.reasons}
    assert plain.action is not Action.REFER


@given(st.dictionaries(st.sampled_from(sorted(declared.controls())), st.booleans()), st.randoms())
def test_every_answer_is_graded_once_and_a_contradiction_has_evidence(
    answers: dict[str, bool], random: Random
) -> None:
    found = [
        finding(check, random.choice(list(Outcome)), confidence=random.choice(list(Confidence)))
        for control in declared.controls().values()
        for check in (*control.checks, *control.touched_by)
    ]
    made = declared.compare(answers, found)
    assert sorted(item.item for item in made) == sorted(answers)
    failed = {
        item.id for item in found if item.outcome is Outcome.FAIL and item.confidence is Confidence.OBSERVED
    }
    for item in made:
        assert bool(item.findings) == (item.agreement is not Agreement.NOT_OBSERVABLE)
        if item.agreement is Agreement.CONTRADICTED:
            assert item.answer
            assert set(item.findings) <= failed


def test_the_sheet_has_some_twenty_five_questions_in_both_languages_about_checks_that_exist() -> None:
    sheet = declared.controls()
    assert 25 <= len(sheet) <= 30
    named = {check for control in sheet.values() for check in (*control.checks, *control.touched_by)}
    assert named - catalogue().cards.keys() == set()
    assert {tuple(control.question) for control in sheet.values()} == {("en", "ja")}
    assert len({control.question["ja"] for control in sheet.values()}) == len(sheet)
    for language in ("en", "ja"):
        assert text.load(language).under("controls").keys() == sheet.keys()


def test_nothing_said_about_a_difference_reproaches() -> None:
    said = [
        sentence
        for language in ("en", "ja")
        for key, sentence in text.load(language).entries.items()
        if "differ" in key or key.startswith("controls.")
    ]
    said += [question for control in declared.controls().values() for question in control.question.values()]
    assert [(s, word) for s in said for word in REPROACHES if word in s.lower()] == []


def test_no_control_is_credited_twice() -> None:
    observed = {name: control for name, control in declared.controls().items() if control.checks}
    assert {(control.yes, control.no) for control in observed.values()} == {(1.0, 1.0)}


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(PostureError, match="“prayer” that does not exist"):
        declared.compare({"prayer": True}, ())


def test_evidence_survives_a_change_of_confidence_only_where_it_was_observed() -> None:
    sure = finding("mail/dmarc", Outcome.FAIL)
    guess = replace(sure, id="f" * 16, confidence=Confidence.INFERRED)
    (made,) = declared.compare({DMARC: True}, (sure, guess))
    assert made.findings == (sure.id,)
