"""Judgement of protocols and suites."""

from typing import Any

import pytest

from posture.checks.registry import all_checks
from posture.checks.tls import legacy_protocol, modern_protocol, weak_cipher_suites
from posture.core.cipher_suites import Weakness, authenticated_encryption, forward_secret, weakness
from posture.core.facts.tls_endpoint import PROTOCOLS, TlsEndpoint
from posture.core.findings import Verdict
from tests.support.tls_facts import MAIL, endpoint


def protocols(*offered: str, unseen: tuple[str, ...] = ()) -> dict[str, bool | None]:
    return {name: None if name in unseen else name in offered for name in PROTOCOLS}


def only(module: Any, fact: TlsEndpoint) -> tuple[str, str, str]:
    (verdict,) = module.judge(fact)
    assert isinstance(verdict, Verdict)
    (card,) = [each.card for each in all_checks() if each.judge is module.judge]
    severity = card.severities.get(verdict.message)
    return verdict.outcome.value, verdict.message, severity.value if severity else verdict.path


@pytest.mark.parametrize(
    ("state", "web", "mail"),
    [
        (protocols("TLSv1.2", "TLSv1.3"), ("pass", "none", "info"), ("pass", "none", "info")),
        (
            protocols("TLSv1.0", "TLSv1.2"),
            ("fail", "old", "low"),
            ("not_applicable", "old_mail", "info"),
        ),
        (protocols("SSLv3", "TLSv1.2"), ("fail", "broken", "high"), ("fail", "broken", "high")),
        (protocols("SSLv2", unseen=("SSLv3",)), ("fail", "broken", "high"), ("fail", "broken", "high")),
        (
            protocols("TLSv1.2", unseen=("SSLv3",)),
            ("unknown", "tls_unseen", "protocols.SSLv3"),
            ("unknown", "tls_unseen", "protocols.SSLv3"),
        ),
        (protocols(), ("not_applicable", "tls_none", ""), ("not_applicable", "tls_none", "")),
    ],
)
def test_old_protocols(
    state: dict[str, bool | None], web: tuple[str, str, str], mail: tuple[str, str, str]
) -> None:
    assert only(legacy_protocol, endpoint(protocols=state)) == web
    assert only(legacy_protocol, endpoint(protocols=state, **MAIL)) == mail


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (protocols("TLSv1.2"), ("pass", "offered", "info")),
        (protocols("TLSv1.3", unseen=("TLSv1.2",)), ("pass", "offered", "info")),
        (protocols("TLSv1.0"), ("fail", "only_old", "high")),
        (protocols("TLSv1.0", unseen=("TLSv1.3",)), ("unknown", "tls_unseen", "protocols.TLSv1.2")),
        (protocols(), ("fail", "no_tls", "medium")),
    ],
)
def test_modern_protocols(state: dict[str, bool | None], verdict: tuple[str, str, str]) -> None:
    assert only(modern_protocol, endpoint(protocols=state)) == verdict


AES = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


@pytest.mark.parametrize(
    ("suite", "web", "mail"),
    [
        (AES, ("pass", "sound", "info"), ("pass", "sound", "info")),
        ("TLS_RSA_WITH_NULL_SHA", ("fail", "broken", "high"), ("fail", "weak_mail", "low")),
        ("TLS_RSA_WITH_RC4_128_SHA", ("fail", "weak", "medium"), ("fail", "weak_mail", "low")),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", ("fail", "weak", "medium"), ("fail", "weak_mail", "low")),
    ],
)
def test_weak_suites(suite: str, web: tuple[str, str, str], mail: tuple[str, str, str]) -> None:
    fact = endpoint(protocols=protocols("TLSv1.2"), cipher_suites={"TLSv1.2": (AES, suite)})
    assert only(weak_cipher_suites, fact) == web
    fact = endpoint(protocols=protocols("TLSv1.2"), cipher_suites={"TLSv1.2": (AES, suite)}, **MAIL)
    assert only(weak_cipher_suites, fact) == mail


def test_a_list_that_is_not_whole_proves_nothing_clean() -> None:
    fact = endpoint(protocols=protocols("TLSv1.2"), cipher_suites={"TLSv1.2": (AES,)}, partial=("TLSv1.2",))
    assert only(weak_cipher_suites, fact) == ("unknown", "tls_unseen", "cipher_suites.TLSv1.2")


@pytest.mark.parametrize("module", [legacy_protocol, weak_cipher_suites])
def test_one_contact_with_a_provider_answers_no_more_than_it_can(module: Any) -> None:
    fact = endpoint(
        protocols={**dict.fromkeys(PROTOCOLS), "TLSv1.3": True},
        cipher_suites={"TLSv1.3": ("TLS_AES_128_GCM_SHA256",)},
        partial=("TLSv1.3",),
        depth="contact",
    )
    assert only(module, fact) == ("not_applicable", "tls_one_contact", "")
    assert only(modern_protocol, fact) == ("pass", "offered", "info")


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("TLS_AES_128_GCM_SHA256", None),
        ("TLS_SHA256_SHA256", Weakness.NULL),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", None),
        ("TLS_RSA_WITH_NULL_MD5", Weakness.NULL),
        ("TLS_ECDH_anon_WITH_NULL_SHA", Weakness.NULL),
        ("TLS_DH_anon_WITH_AES_128_GCM_SHA256", Weakness.ANONYMOUS),
        ("TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", Weakness.ANONYMOUS),
        ("TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", Weakness.EXPORT),
        ("TLS_RSA_WITH_DES_CBC_SHA", Weakness.SHORT_KEY),
        ("SSL_RSA_FIPS_WITH_DES_CBC_SHA", Weakness.SHORT_KEY),
        ("SSL_CK_DES_64_CBC_WITH_MD5", Weakness.SHORT_KEY),
        ("SSL_CK_RC2_128_CBC_WITH_MD5", Weakness.SHORT_KEY),
        ("TLS_ECDHE_RSA_WITH_RC4_128_SHA", Weakness.RC4),
        ("TLS_RSA_WITH_IDEA_CBC_SHA", Weakness.SMALL_BLOCK),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", Weakness.SMALL_BLOCK),
        ("SSL_CK_DES_192_EDE3_CBC_WITH_MD5", Weakness.SMALL_BLOCK),
        ("TLS_GOSTR341112_256_WITH_28147_CNT_IMIT", Weakness.SMALL_BLOCK),
        ("0x1234", None),
    ],
)
def test_weakness_is_read_from_the_name(name: str, weak: Weakness | None) -> None:
    assert weakness(name) is weak


@pytest.mark.parametrize(
    ("name", "secret", "aead"),
    [
        ("TLS_AES_128_CCM_8_SHA256", True, True),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", True, False),
        ("TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", True, True),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", False, True),
        ("TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", False, False),
        ("TLS_DH_DSS_WITH_AES_128_CBC_SHA", False, False),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", True, True),
    ],
)
def test_secrecy_and_authentication_are_read_from_the_name(name: str, *, secret: bool, aead: bool) -> None:
    assert (forward_secret(name), authenticated_encryption(name)) == (secret, aead)
