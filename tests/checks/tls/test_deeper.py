"""Judgement of what goes beyond protocols and certificates: key exchange, flaws, behaviour, the grade."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from posture.checks.registry import all_checks
from posture.checks.tls import (
    addresses_agree,
    authenticated_encryption,
    certificate_lifetime,
    chain_tidy,
    compression_off,
    dh_parameters,
    forward_secrecy,
    grade,
    implementation_sound,
    post_quantum,
    renegotiation_secure,
)
from posture.checks.tls_grade import grade as graded
from posture.checks.tls_grade import key_bits
from posture.core.facts.tls_endpoint import PROTOCOLS, TlsEndpoint, Trust
from tests.support.tls_facts import MAIL, certificate, endpoint

FLAWS = (
    *("heartbleed", "ccs_injection", "robot", "ticketbleed", "poodle_tls", "goldendoodle", "zombie_poodle"),
    *("starttls_injection", "crime", "logjam", "beast", "lucky13", "drown", "poodle_ssl"),
)
FINE = dict.fromkeys(FLAWS, "not_vulnerable")
GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
RSA = "TLS_RSA_WITH_AES_128_GCM_SHA256"
DHE = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"


def good(**changes: Any) -> TlsEndpoint:
    """An endpoint of which everything was seen, and all of it is well."""
    plain = endpoint(
        cipher_suites={"TLSv1.3": ("TLS_AES_256_GCM_SHA384",), "TLSv1.2": (GCM,)},
        vulnerabilities=FINE,
        behaviour={
            "secure_renegotiation": True,
            "client_renegotiation": False,
            "ocsp_stapling": False,
        },
        groups=("X25519MLKEM768", "x25519"),
        signature_schemes=("ecdsa_secp256r1_sha256",),
    )
    return replace(plain, **changes)


def suites(*names: str) -> dict[str, Any]:
    return {"cipher_suites": {"TLSv1.2": names}}


def flaws(**states: str) -> dict[str, Any]:
    return {"vulnerabilities": {**FINE, **states}}


NO_TLS: dict[str, Any] = {
    "protocols": dict.fromkeys(PROTOCOLS, False),
    "certificates": None,
    "cipher_suites": {},
    "groups": None,
}


def found(module: Any, fact: TlsEndpoint) -> list[tuple[str, str, str]]:
    (card,) = [each.card for each in all_checks() if each.judge is module.judge]
    return [
        (
            each.outcome.value,
            each.message,
            card.severities[each.message].value if each.message in card.severities else each.path,
        )
        for each in module.judge(fact)
    ]


@pytest.mark.parametrize(
    ("module", "changes", "verdict"),
    [
        (forward_secrecy, {}, ("pass", "all", "info")),
        (forward_secrecy, suites(GCM, RSA), ("fail", "some", "low")),
        (forward_secrecy, suites(RSA), ("fail", "none", "medium")),
        (
            forward_secrecy,
            {**suites(GCM), "partial": ("TLSv1.2",)},
            ("unknown", "tls_unseen", "cipher_suites"),
        ),
        (forward_secrecy, NO_TLS, ("not_applicable", "tls_none", "")),
        (authenticated_encryption, {}, ("pass", "all", "info")),
        (authenticated_encryption, suites(GCM, CBC), ("fail", "beside", "low")),
        (authenticated_encryption, suites(CBC), ("fail", "only_old", "medium")),
        (authenticated_encryption, {**suites(CBC), **MAIL}, ("not_applicable", "mail", "info")),
        (
            authenticated_encryption,
            {**suites(GCM), "partial": ("TLSv1.2",)},
            ("unknown", "tls_unseen", "cipher_suites"),
        ),
        (dh_parameters, {}, ("not_applicable", "not_used", "info")),
        (dh_parameters, {**suites(DHE), "dh_bits": 2048}, ("pass", "large", "info")),
        (dh_parameters, {**suites(DHE), "dh_bits": 1024}, ("fail", "small", "low")),
        (
            dh_parameters,
            {**suites(DHE), "dh_bits": 1024, **flaws(logjam="vulnerable")},
            ("fail", "within_reach", "high"),
        ),
        (dh_parameters, suites(DHE), ("unknown", "tls_unseen", "dh_bits")),
        (compression_off, {}, ("pass", "off", "info")),
        (compression_off, flaws(crime="vulnerable"), ("fail", "on", "medium")),
        (compression_off, flaws(crime="unknown"), ("unknown", "tls_unseen", "vulnerabilities.crime")),
        (renegotiation_secure, {}, ("pass", "secure", "info")),
        (
            renegotiation_secure,
            {"behaviour": {"secure_renegotiation": False}},
            ("fail", "insecure", "medium"),
        ),
        (
            renegotiation_secure,
            {"behaviour": {"secure_renegotiation": True, "client_renegotiation": True}},
            ("fail", "by_client", "low"),
        ),
        (
            renegotiation_secure,
            {"behaviour": {}},
            ("unknown", "tls_unseen", "behaviour.secure_renegotiation"),
        ),
        (
            renegotiation_secure,
            {"behaviour": {}, "protocols": {**dict.fromkeys(PROTOCOLS, False), "TLSv1.3": True}},
            ("not_applicable", "none", "info"),
        ),
        (post_quantum, {}, ("pass", "ready", "info")),
        (post_quantum, {"groups": ("x25519",)}, ("not_applicable", "classical", "info")),
        (post_quantum, {"groups": None}, ("unknown", "tls_unseen", "groups")),
        (chain_tidy, {}, ("pass", "tidy", "info")),
        (chain_tidy, {"chain_problems": ("root-sent",)}, ("pass", "tidy", "info")),
        (chain_tidy, {"chain_problems": ("wrong-order",)}, ("fail", "untidy", "low")),
        (addresses_agree, {}, ("not_applicable", "single", "info")),
        (addresses_agree, {"differences": ()}, ("pass", "agree", "info")),
        (addresses_agree, {"differences": ("protocols",)}, ("fail", "differ", "low")),
        (implementation_sound, {}, ("pass", "sound", "info")),
        (implementation_sound, flaws(heartbleed="vulnerable"), ("fail", "heartbleed", "critical")),
        (implementation_sound, flaws(zombie_poodle="vulnerable"), ("fail", "flawed", "high")),
        (implementation_sound, flaws(starttls_injection="vulnerable"), ("fail", "injection", "medium")),
        (implementation_sound, flaws(robot="unknown"), ("unknown", "not_told", "info")),
        (implementation_sound, {"depth": "wellformed"}, ("not_applicable", "withheld", "info")),
        (implementation_sound, {"depth": "contact"}, ("not_applicable", "tls_one_contact", "")),
        (implementation_sound, NO_TLS, ("not_applicable", "tls_none", "")),
    ],
)
def test_verdicts(module: Any, changes: dict[str, Any], verdict: tuple[str, str, str]) -> None:
    assert found(module, good(**changes)) == [verdict]


def test_each_flaw_is_a_finding_of_its_own() -> None:
    fact = good(**flaws(robot="vulnerable", goldendoodle="vulnerable", ticketbleed="unknown"))
    verdicts = list(implementation_sound.judge(fact))
    assert {(each.discriminator, each.outcome.value) for each in verdicts} == {
        ("robot", "fail"),
        ("goldendoodle", "fail"),
        ("ticketbleed", "unknown"),
    }


@pytest.mark.parametrize(
    ("issued", "days", "message"),
    [
        ((2026, 1, 1), 398, "within"),
        ((2026, 1, 1), 400, "too_long"),
        ((2026, 3, 15), 200, "within"),
        ((2026, 3, 15), 202, "too_long"),
        ((2027, 3, 15), 102, "too_long"),
        ((2029, 3, 15), 47, "within"),
        ((2029, 3, 15), 90, "too_long"),
        ((2019, 1, 1), 825, "within"),
        ((2015, 1, 1), 3650, "not_bound"),
    ],
)
def test_the_calendar_of_lifetimes(issued: tuple[int, int, int], days: int, message: str) -> None:
    begin = datetime(*issued, tzinfo=UTC)
    leaf = certificate(not_before=begin, not_after=begin + timedelta(days=days))
    (verdict,) = certificate_lifetime.judge(good(certificates=(leaf,)))
    assert verdict.message == message


def test_a_private_authority_is_not_bound_by_the_calendar() -> None:
    fact = good(trust=Trust(trusted=False, reason="unknown-issuer"))
    assert found(certificate_lifetime, fact) == [("not_applicable", "not_bound", "info")]


def offered(**more: Any) -> dict[str, Any]:
    return {"protocols": {**dict.fromkeys(PROTOCOLS, False), "TLSv1.2": True, **more}}


@pytest.mark.parametrize(
    ("changes", "letter", "caps"),
    [
        ({}, "A", ()),
        ({"trust": Trust(trusted=False, reason="self-signed")}, "T", ("self-signed",)),
        ({"trust": Trust(trusted=False, reason="self-signed"), **MAIL}, "A", ()),
        ({"hostname_matches": False}, "M", ("other-name",)),
        ({"hostname_matches": False, **MAIL}, "A", ()),
        (offered(**{"TLSv1.0": True}), "B", ("TLSv1.0",)),
        ({**offered(SSLv2=True)}, "F", ("SSLv2",)),
        ({**suites(CBC)}, "B", ("no-AEAD",)),
        ({**suites(GCM, "TLS_RSA_WITH_RC4_128_SHA")}, "C", ("RC4",)),
        ({**suites(GCM, "TLS_RSA_WITH_3DES_EDE_CBC_SHA")}, "C", ("64-bit-block",)),
        ({**suites(GCM, "TLS_RSA_WITH_NULL_SHA")}, "F", ("broken-suite",)),
        (flaws(robot="vulnerable"), "F", ("robot",)),
        (flaws(crime="vulnerable"), "C", ("crime",)),
        ({"certificates": (certificate(key_type="RSA", key_bits=1024),)}, "B", ("weak-key",)),
        (
            {"certificates": (certificate(signature_algorithm="md5WithRSAEncryption"),)},
            "F",
            ("MD5-signature",),
        ),
    ],
)
def test_the_grade_and_its_caps(changes: dict[str, Any], letter: str, caps: tuple[str, ...]) -> None:
    result = graded(good(**changes))
    assert result is not None
    assert (result.letter, result.caps) == (letter, caps)
    (verdict,) = grade.judge(good(**changes))
    assert verdict.outcome.value == ("pass" if letter == "A" else "fail")
    assert verdict.arguments["protocol"] == result.protocol > 0


def test_sub_scores() -> None:
    result = graded(good(**offered(SSLv3=True), **suites(GCM, CBC)))
    assert result is not None
    assert (result.protocol, result.key_exchange, result.cipher) == (90, 100, 80)


def test_no_grade_without_a_look_at_everything() -> None:
    assert graded(good(protocols={**good().protocols, "SSLv3": None})) is None
    assert found(grade, good(certificates=None)) == [("unknown", "tls_unseen", "protocols")]


@pytest.mark.parametrize(
    ("suite", "bits"),
    [
        ("TLS_AES_128_CCM_8_SHA256", 128),
        ("TLS_CHACHA20_POLY1305_SHA256", 256),
        ("TLS_RSA_WITH_NULL_SHA", 0),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", 40),
        ("TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", 56),
        ("TLS_RSA_WITH_DES_CBC_SHA", 56),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", 112),
        ("TLS_RSA_WITH_RC4_128_SHA", 128),
        ("SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", 40),
        ("TLS_RSA_WITH_SEED_CBC_SHA", 128),
        ("0x1234", None),
    ],
)
def test_bits_are_read_from_the_name(suite: str, bits: int | None) -> None:
    assert key_bits(suite) == bits


def test_a_modern_configuration_has_nothing_above_low() -> None:
    judged = [
        (each.card.check, each.card.severities.get(verdict.message), verdict.outcome.value)
        for each in all_checks()
        if each.card.reads == "tls.endpoint"
        for verdict in each.judge(good())
    ]
    assert {outcome for _, _, outcome in judged} <= {"pass", "not_applicable"}
    assert len(judged) >= 18
