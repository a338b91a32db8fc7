"""Judgement of what certificates are for, whether they were revoked, and what handshakes are signed with."""

from typing import Any

import pytest

from posture.checks.tls import (
    certificate_purpose,
    certificate_status,
    certificate_trusted,
    handshake_signature,
    key_strength,
    post_quantum_authentication,
)
from posture.core.facts.tls_endpoint import PROTOCOLS, TlsEndpoint, Trust
from tests.checks.tls.test_certificates import said
from tests.support.tls_facts import certificate, endpoint

UNSEEN: dict[str, Any] = {"certificates": None, "trust": None, "hostname_matches": None}
NO_TLS: dict[str, Any] = {**UNSEEN, "protocols": dict.fromkeys(PROTOCOLS, False)}
STAPLES = {"ocsp_stapling": True}
SILENT = {"ocsp_stapling": False}


def leaf(**changes: Any) -> TlsEndpoint:
    return endpoint(certificates=(certificate(**changes),), behaviour=SILENT)


def one(module: Any, fact: TlsEndpoint) -> tuple[str, str, str]:
    (verdict,) = said(module.judge(fact), "tls/" + module.__name__.rpartition(".")[2])
    return verdict


@pytest.mark.parametrize(
    "module", [certificate_purpose, certificate_status, handshake_signature, post_quantum_authentication]
)
def test_unseen_is_unknown_and_without_tls_there_is_no_question(module: Any) -> None:
    assert one(module, endpoint(**UNSEEN))[:2] == ("unknown", "tls_unseen")
    assert one(module, endpoint(**NO_TLS))[:2] == ("not_applicable", "tls_none")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, ("pass", "server", "info")),
        ({"usages": ("serverAuth",), "authority": False}, ("pass", "server", "info")),
        ({"usages": ("anyExtendedKeyUsage",)}, ("pass", "server", "info")),
        ({"usages": ("clientAuth",)}, ("fail", "other_use", "low")),
        ({"usages": ()}, ("fail", "other_use", "low")),
        ({"authority": True}, ("fail", "authority", "low")),
    ],
)
def test_purpose(changes: dict[str, Any], verdict: tuple[str, str, str]) -> None:
    assert one(certificate_purpose, leaf(**changes)) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"behaviour": STAPLES, "stapled_status": "good"}, ("pass", "good", "info")),
        ({"behaviour": STAPLES, "stapled_status": "revoked"}, ("fail", "revoked", "high")),
        ({"behaviour": STAPLES, "stapled_status": "expired"}, ("fail", "useless", "low")),
        ({"behaviour": STAPLES, "stapled_status": "unreadable"}, ("fail", "useless", "low")),
        ({"behaviour": SILENT}, ("not_applicable", "not_stapled", "info")),
        (
            {"behaviour": SILENT, "certificates": (certificate(must_staple=True),)},
            ("fail", "promised", "medium"),
        ),
        ({"behaviour": {}}, ("unknown", "tls_unseen", "")),
    ],
)
def test_status(changes: dict[str, Any], verdict: tuple[str, str, str]) -> None:
    assert one(certificate_status, endpoint(**changes))[:2] == verdict[:2]
    if verdict[2]:
        assert one(certificate_status, endpoint(**changes)) == verdict


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"signature_schemes": ("rsa_pss_rsae_sha256",)}, ("pass", "sound", "info")),
        ({"signature_schemes": ("rsa_pss_rsae_sha256", "rsa_pkcs1_sha1")}, ("fail", "weak", "low")),
        ({"signature_schemes": ("rsa_pkcs1_md5",)}, ("fail", "weak", "low")),
        ({"signature_schemes": ()}, ("not_applicable", "no_choice", "info")),
        ({"signature_schemes": None, "by_class": True}, ("not_applicable", "by_class", "info")),
    ],
)
def test_handshake_signature(changes: dict[str, Any], verdict: tuple[str, str, str]) -> None:
    assert one(handshake_signature, endpoint(**changes)) == verdict


def test_post_quantum_authentication_is_apart_from_the_key_exchange() -> None:
    lattice = leaf(key_type="ML-DSA-65", key_bits=None)
    assert one(post_quantum_authentication, lattice) == ("pass", "ready", "info")
    assert one(post_quantum_authentication, leaf()) == ("not_applicable", "classical", "info")
    assert one(key_strength, lattice) == ("pass", "post_quantum", "info")


def test_an_exponent_of_one_is_no_key() -> None:
    assert one(key_strength, leaf(key_type="RSA", key_bits=4096, rsa_exponent=1)) == (
        "fail",
        "exponent",
        "high",
    )


def test_an_authority_that_was_thrown_out() -> None:
    fact = endpoint(trust=Trust(trusted=False, reason="distrusted"))
    assert one(certificate_trusted, fact) == ("fail", "distrusted", "high")
