"""Findings to features: fail is 1, unknown is never 0."""

import pytest

from models import features, priors
from posture.checks.registry import catalogue
from posture.core.findings import Confidence, Finding, Outcome, Owner
from posture.core.observations import Reason
from tests.support import applicants
from tests.support.applicants import finding

CHECK = "ports/remote_desktop"


def value(*findings: Finding) -> tuple[float | None, Reason | None]:
    vector = features.vector(findings)
    return vector.values["rdp_exposed"], vector.unseen.get("rdp_exposed")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.FAIL, (1.0, None)),
        (Outcome.PASS, (0.0, None)),
        (Outcome.NOT_APPLICABLE, (0.0, None)),
        (Outcome.UNKNOWN, (None, Reason.TIMEOUT)),
    ],
)
def test_one_finding_decides(outcome: Outcome, expected: tuple[float | None, Reason | None]) -> None:
    assert value(finding(CHECK, outcome)) == expected


def test_any_failure_outweighs_what_was_not_seen() -> None:
    findings = (finding(CHECK, Outcome.UNKNOWN, name="a.example.jp"), finding(CHECK, Outcome.FAIL))
    assert value(*findings) == (1.0, None)


def test_one_unknown_host_among_clean_ones_leaves_the_feature_unknown() -> None:
    findings = (finding(CHECK, name="a.example.jp"), finding(CHECK, Outcome.UNKNOWN, reason=Reason.BLOCKED))
    assert value(*findings) == (None, Reason.BLOCKED)


def test_what_the_applicant_withheld_is_named_before_other_reasons() -> None:
    findings = (
        finding(CHECK, Outcome.UNKNOWN, reason=Reason.TIMEOUT, name="a.example.jp"),
        finding(CHECK, Outcome.UNKNOWN, reason=Reason.NOT_PERMITTED),
    )
    assert value(*findings) == (None, Reason.NOT_PERMITTED)


def test_a_check_that_never_ran_leaves_the_feature_unknown() -> None:
    assert value() == (None, Reason.NO_DATA)


def test_a_check_that_never_ran_does_not_hide_a_failure_of_another() -> None:
    vector = features.vector([finding("tls/certificate_trusted", Outcome.FAIL)])
    assert vector.values["certificate_invalid"] == 1.0


def test_one_of_several_checks_missing_leaves_the_feature_unknown() -> None:
    vector = features.vector([finding("tls/certificate_trusted")])
    assert vector.values["certificate_invalid"] is None


def test_an_inferred_failure_counts_half() -> None:
    assert value(finding(CHECK, Outcome.FAIL, confidence=Confidence.INFERRED)) == (0.5, None)


def test_a_providers_machine_is_not_the_applicants_posture() -> None:
    assert value(finding(CHECK, Outcome.FAIL, owner=Owner.PROVIDER)) == (0.0, None)
    assert value(finding(CHECK, Outcome.FAIL, owner=Owner.HOSTED)) == (1.0, None)


def test_the_findings_that_decided_are_named() -> None:
    bad, good = finding(CHECK, Outcome.FAIL), finding(CHECK, name="a.example.jp")
    assert features.vector([bad, good]).sources["rdp_exposed"] == (bad.id,)


def test_the_vector_holds_the_active_features_in_order() -> None:
    vector = features.vector(applicants.findings())
    assert tuple(vector.values) == features.names()
    assert set(vector.values.values()) == {0.0}
    assert vector.unseen == {}
    assert all(row.sources for row in priors.table().active())


def test_the_schema_changes_with_the_features() -> None:
    names = list(features.names())
    assert features.schema(names) == features.vector([]).schema
    assert features.schema(names[1:]) != features.schema(names)
    assert features.schema([*names[1:], names[0]]) != features.schema(names)


@pytest.mark.parametrize(
    ("check", "message", "feature", "worth"),
    [
        ("tls/certificate_current", "late", "certificate_invalid", 0.0),
        ("tls/certificate_current", "expired", "certificate_invalid", 1.0),
        ("tls/certificate_current", "expired_mail", "certificate_invalid", 1.0),
        ("tls/certificate_current", "not_yet_valid", "certificate_invalid", 1.0),
        ("tls/modern_protocol", "no_tls", "tls_weak", 0.0),
        ("tls/modern_protocol", "only_old", "tls_weak", 1.0),
        ("web/remote_access_gateway", "reachable", "vpn_class_a", 0.0),
        ("web/remote_access_gateway", "often_in_claims", "vpn_class_a", 1.0),
    ],
)
def test_only_messages_that_mean_the_feature_set_it(
    check: str, message: str, feature: str, worth: float
) -> None:
    """A certificate about to expire is valid; a service without any encryption is priced as what it is."""
    others = [item for item in applicants.findings() if item.check != check]
    vector = features.vector([*others, finding(check, Outcome.FAIL, message=message)])
    assert vector.values[feature] == worth


def test_plaintext_ftp_is_priced_once() -> None:
    others = [item for item in applicants.findings(("ftp_exposed",)) if item.check != "tls/modern_protocol"]
    vector = features.vector([*others, finding("tls/modern_protocol", Outcome.FAIL, message="no_tls")])
    assert [name for name, value in vector.values.items() if value] == ["ftp_exposed"]


def test_every_check_and_message_that_counts_exists_and_can_fail() -> None:
    cards = catalogue().cards
    for row in priors.table().active():
        for source in row.sources:
            assert source.messages <= set(cards[source.check].severities), (row.name, source)


def test_what_another_machine_left_open_stays_open() -> None:
    """Found on one machine: the value is known. But the other machine's silence is not forgotten."""
    vector = features.vector(
        [
            finding("ports/ftp", Outcome.FAIL),
            finding("ports/ftp", Outcome.UNKNOWN, reason=Reason.BLOCKED, name="b.example.jp"),
        ]
    )
    assert vector.values["ftp_exposed"] == 1.0
    assert vector.partly == {"ftp_exposed": Reason.BLOCKED}
    assert "ftp_exposed" not in vector.unseen
    assert vector.open_questions()["ftp_exposed"] is Reason.BLOCKED


def test_a_providers_silence_opens_nothing() -> None:
    silent = finding("ports/ftp", Outcome.UNKNOWN, owner=Owner.PROVIDER, name="b.example.jp")
    assert features.vector([*applicants.findings(("ftp_exposed",)), silent]).partly == {}


def test_a_check_that_never_ran_leaves_what_another_found_open() -> None:
    vector = features.vector([finding("ports/message_broker", Outcome.FAIL)])
    assert vector.values["database_exposed"] == 1.0
    assert vector.partly["database_exposed"] is Reason.NO_DATA


EOL = ("services/supported_software", "web/supported_software", "products/still_supported")


def test_end_of_life_is_one_fact_whoever_dates_it() -> None:
    """The shipped table infers from a banner; the feed may be sure. Three findings are one feature."""
    rest = [item for item in applicants.findings() if item.check not in EOL]
    table = [
        finding(check, Outcome.FAIL, confidence=Confidence.INFERRED, message="ended") for check in EOL[:2]
    ]
    dated = finding(EOL[2], Outcome.FAIL, message="ended")
    quiet = finding(EOL[2], Outcome.NOT_APPLICABLE, message="nothing_to_ask")
    half, full = features.vector([*rest, *table, quiet]), features.vector([*rest, *table, dated])
    assert {name: value for name, value in half.values.items() if value} == {"eol_software": 0.5}
    assert {name: value for name, value in full.values.items() if value} == {"eol_software": 1.0}
    assert full.sources["eol_software"] == (*(item.id for item in table), dated.id)


@pytest.mark.parametrize("said", ["no_feed", "not_listed"])
def test_software_without_a_date_poses_no_question_of_age(said: str) -> None:
    rest = [item for item in applicants.findings() if item.check not in EOL]
    none = [finding(check, Outcome.PASS, message="supported") for check in EOL[:2]]
    feed = finding(EOL[2], Outcome.UNKNOWN, reason=Reason.NO_DATA, message=said)
    vector = features.vector([*rest, *none, feed])
    assert (vector.values["eol_software"], vector.open_questions()) == (0.0, {})
    old = finding(EOL[1], Outcome.FAIL, confidence=Confidence.INFERRED, message="ended")
    vector = features.vector([*rest, none[0], old, feed])
    assert (vector.values["eol_software"], vector.open_questions()) == (0.5, {})
    unseen = finding(EOL[2], Outcome.UNKNOWN, message="unseen", name="b.example.jp")
    vector = features.vector([*rest, *none, feed, unseen])
    assert (vector.values["eol_software"], vector.unseen) == (None, {"eol_software": Reason.TIMEOUT})


def test_a_version_the_shipped_table_does_not_list_is_unknown_and_nobodys_doing() -> None:
    rest = [item for item in applicants.findings() if item.check != EOL[1]]
    newer = finding(EOL[1], Outcome.UNKNOWN, reason=Reason.NO_DATA, message="not_listed")
    vector = features.vector([*rest, newer])
    assert vector.values["eol_software"] is None
    assert (vector.unasked, vector.open_questions()) == (("eol_software",), {})


def eol(*said: Finding) -> float | None:
    rest = [item for item in applicants.findings() if item.check not in EOL]
    quiet = [
        finding(check, Outcome.NOT_APPLICABLE, message="nothing_to_ask")
        for check in EOL
        if check not in {item.check for item in said}
    ]
    return features.vector([*rest, *quiet, *said]).values["eol_software"]


def test_a_version_not_shown_counts_like_an_old_one_that_may_be_mended() -> None:
    old = finding(EOL[1], Outcome.FAIL, confidence=Confidence.INFERRED, message="ended")
    unnamed = finding(EOL[1], Outcome.NOT_APPLICABLE, message="not_stated")
    hidden = finding(EOL[2], Outcome.UNKNOWN, reason=Reason.NO_DATA, message="version_hidden")
    assert eol(old) == eol(unnamed) == eol(unnamed, hidden) == eol(hidden) == features.INFERRED
    vector = features.vector([*applicants.findings(), hidden])
    assert (vector.unseen, vector.partly, vector.sources["eol_software"]) == ({}, {}, (hidden.id,))


def test_a_supported_version_shown_elsewhere_on_the_machine_answers_for_it() -> None:
    """nginx is not in the shipped table, which says that nothing is stated; the feed knows its release."""
    unnamed = finding(EOL[1], Outcome.NOT_APPLICABLE, message="not_stated")
    shown = finding(EOL[2], Outcome.PASS, message="supported")
    beside = finding(EOL[2], Outcome.PASS, message="supported", name="b.example.jp")
    assert eol(unnamed, shown) == 0.0
    assert eol(unnamed, beside) == features.INFERRED
    hidden = finding(EOL[2], Outcome.UNKNOWN, reason=Reason.NO_DATA, message="version_hidden")
    assert eol(unnamed, shown, hidden) == features.INFERRED


def test_a_version_withheld_that_would_prove_its_age_stays_open() -> None:
    withheld = finding(EOL[2], Outcome.UNKNOWN, reason=Reason.NO_DATA, message="version_withheld")
    assert eol(withheld) is None


@pytest.mark.parametrize(("message", "worth"), [("small", 0.0), ("medium", 0.5), ("large", 1.0)])
def test_the_footprint_is_a_feature_of_its_own(message: str, worth: float) -> None:
    outcome = Outcome.PASS if message == "small" else Outcome.FAIL
    rest = [item for item in applicants.findings() if item.check != "ports/footprint"]
    vector = features.vector([*rest, finding("ports/footprint", outcome, message=message)])
    assert vector.values["large_footprint"] == worth
    unseen = features.vector([*rest, finding("ports/footprint", Outcome.UNKNOWN, message="partly_seen")])
    assert unseen.values["large_footprint"] is None
