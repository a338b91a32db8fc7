"""Judgement of certificates: trust, time, names, keys, signatures; of web sites and between mail servers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.checks.registry import all_checks
from posture.checks.tls import (
    certificate_current,
    certificate_trusted,
    hostname_matches,
    key_strength,
    signature_algorithm,
)
from posture.core.facts.tls_endpoint import PROTOCOLS, Trust
from posture.core.findings import Verdict
from tests.support.tls_facts import MAIL, NOW, certificate, endpoint

NO_TLS: dict[str, Any] = {"protocols": dict.fromkeys(PROTOCOLS, False), "certificates": None, "trust": None}
NOT_SEEN: dict[str, Any] = {"certificates": None, "trust": None, "hostname_matches": None}
CHECKS = (certificate_current, certificate_trusted, hostname_matches, key_strength, signature_algorithm)


def said(verdicts: Iterator[Verdict], check: str) -> list[tuple[str, str, str]]:
    """(outcome, message, severity) of each verdict."""
    (card,) = [each.card for each in all_checks() if each.card.check == check]
    return [
        (
            each.outcome.value,
            each.message,
            card.severities[each.message].value if each.message in card.severities else "",
        )
        for each in verdicts
    ]


@pytest.mark.parametrize("module", CHECKS)
def test_what_was_not_seen_is_unknown_and_what_is_not_there_is_no_question(module: Any) -> None:
    (verdict,) = module.judge(endpoint(**NOT_SEEN))
    assert (verdict.outcome.value, verdict.message, verdict.path) == ("unknown", "tls_unseen", "certificates")
    (verdict,) = module.judge(endpoint(**NO_TLS))
    assert (verdict.outcome.value, verdict.message) == ("not_applicable", "tls_none")


@pytest.mark.parametrize(
    ("reason", "message", "severity"),
    [
        ("self-signed", "self_signed", "high"),
        ("unknown-issuer", "unknown_issuer", "high"),
        ("incomplete-chain", "incomplete_chain", "medium"),
        ("expired", "out_of_date", "medium"),
        ("not-yet-valid", "out_of_date", "medium"),
        ("bad-signature", "bad_signature", "high"),
        ("wrong-usage", "wrong_usage", "high"),
        ("other", "wrong_usage", "high"),
    ],
)
def test_trust(reason: str, message: str, severity: str) -> None:
    web = endpoint(trust=Trust(trusted=False, reason=reason))
    check = "tls/certificate_trusted"
    assert said(certificate_trusted.judge(web), check) == [("fail", message, severity)]
    mail = replace(web, **MAIL)
    assert said(certificate_trusted.judge(mail), check) == [("not_applicable", "opportunistic", "info")]
    submission = replace(mail, port=587)
    assert said(certificate_trusted.judge(submission), check) == [("fail", message, severity)]


def test_a_trusted_chain() -> None:
    assert said(certificate_trusted.judge(endpoint()), "tls/certificate_trusted") == [
        ("pass", "trusted", "info")
    ]


@pytest.mark.parametrize(
    ("life", "left", "message", "severity"),
    [
        (398, 100, "current", "info"),
        (398, 59, "due", "info"),
        (398, 29, "late", "low"),
        (90, 60, "current", "info"),
        (90, 31, "current", "info"),
        (90, 29, "due", "info"),
        (90, 14, "late", "low"),
        (47, 16, "current", "info"),
        (47, 9, "due", "info"),
        (47, 7, "late", "low"),
        (6, 3, "current", "info"),
        (6, 1.5, "due", "info"),
        (6, 0.5, "late", "low"),
        (398, -1, "expired", "high"),
    ],
)
def test_time_bands_respect_short_lives(life: float, left: float, message: str, severity: str) -> None:
    end = NOW + timedelta(days=left)
    leaf = certificate(not_before=end - timedelta(days=life), not_after=end)
    outcome = "pass" if message in {"current", "due"} else "fail"
    verdicts = certificate_current.judge(endpoint(certificates=(leaf,)))
    assert said(verdicts, "tls/certificate_current") == [(outcome, message, severity)]


def test_an_expired_certificate_of_a_mail_server_is_a_small_thing() -> None:
    leaf = certificate(not_after=NOW - timedelta(days=1))
    mail = endpoint(certificates=(leaf,), **MAIL)
    assert said(certificate_current.judge(mail), "tls/certificate_current") == [
        ("fail", "expired_mail", "low")
    ]


def test_a_certificate_of_tomorrow() -> None:
    leaf = certificate(not_before=NOW + timedelta(days=1))
    verdicts = certificate_current.judge(endpoint(certificates=(leaf,)))
    assert said(verdicts, "tls/certificate_current") == [("fail", "not_yet_valid", "high")]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, ("pass", "named", "info")),
        ({"hostname_matches": False}, ("fail", "other_names", "high")),
        ({"hostname_matches": False, "certificates": (certificate(names=()),)}, ("fail", "no_names", "high")),
        ({"hostname_matches": False, "server_name": None}, ("not_applicable", "met_by_address", "info")),
        ({"hostname_matches": False, **MAIL}, ("not_applicable", "opportunistic", "info")),
    ],
)
def test_names(changes: dict[str, Any], verdict: tuple[str, str, str]) -> None:
    assert said(hostname_matches.judge(endpoint(**changes)), "tls/hostname_matches") == [verdict]


@pytest.mark.parametrize(
    ("key_type", "bits", "verdict"),
    [
        ("RSA", 2048, ("pass", "strong", "info")),
        ("RSA", 2047, ("fail", "weak", "medium")),
        ("RSA", 1024, ("fail", "weak", "medium")),
        ("RSA", 1023, ("fail", "broken", "high")),
        ("EC", 224, ("pass", "strong", "info")),
        ("EC", 192, ("fail", "weak", "medium")),
        ("Ed25519", 256, ("pass", "strong", "info")),
        ("1.2.3", None, ("unknown", "unknown_type", "info")),
    ],
)
def test_keys_along_the_chain(key_type: str, bits: int | None, verdict: tuple[str, str, str]) -> None:
    odd = certificate(key_type=key_type, key_bits=bits)
    for chain in ((odd,), (certificate(), odd)):
        assert said(key_strength.judge(endpoint(certificates=chain)), "tls/key_strength") == [verdict]


@pytest.mark.parametrize(
    ("algorithm", "verdict"),
    [
        ("sha256WithRSAEncryption", ("pass", "sound", "info")),
        ("Ed25519", ("pass", "sound", "info")),
        ("ecdsa-with-SHA1", ("fail", "weak", "medium")),
        ("RSASSA-PSS sha1", ("fail", "weak", "medium")),
        ("md5WithRSAEncryption", ("fail", "broken", "high")),
    ],
)
def test_signatures(algorithm: str, verdict: tuple[str, str, str]) -> None:
    leaf = certificate(signature_algorithm=algorithm)
    root = certificate(subject="CN=Lab", signature_algorithm="md5WithRSAEncryption")
    verdicts = signature_algorithm.judge(endpoint(certificates=(leaf, root)))
    assert said(verdicts, "tls/signature_algorithm") == [verdict]
    verdicts = signature_algorithm.judge(endpoint(certificates=(root,)))
    assert said(verdicts, "tls/signature_algorithm") == [("not_applicable", "self_signed", "info")]
