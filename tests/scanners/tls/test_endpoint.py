"""Ordinary servers, seen whole: protocols, suites, certificates, names, trust."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.targets import Target
from scanners import tls
from tests.support.tls_servers import (
    NAME,
    Paper,
    canned,
    context,
    fact,
    gaps,
    issue,
    nginx,
    observe,
    openssl,
    rsa_key,
    scripted,
)

ROOT = issue("Lab Root", authority=True)
LEAF = issue(NAME, ROOT, names=[NAME])
RSA = issue(NAME, ROOT, names=[NAME], key=rsa_key())

OLD_REFUSED = {"SSLv2": False, "SSLv3": False, "TLSv1.0": False, "TLSv1.1": False}


def look(leaf: Paper, folder: Path, *arguments: str, trusted: Sequence[Paper] = (ROOT,)) -> TlsEndpoint:
    with openssl(leaf, *arguments) as server:
        return fact(asyncio.run(observe(server, context(trusted=trusted, folder=folder, timeout=10.0))))


def test_a_server_of_tls_1_3_alone_shows_its_encrypted_certificate(tmp_path: Path) -> None:
    seen = look(LEAF, tmp_path, "-tls1_3")
    assert seen.protocols == {**OLD_REFUSED, "TLSv1.2": False, "TLSv1.3": True}
    assert set(seen.cipher_suites["TLSv1.3"]) == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    }
    assert seen.certificates is not None
    assert seen.certificates[0].der == LEAF.der
    assert (seen.certificates[0].key_type, seen.certificates[0].key_bits) == ("EC", 256)
    assert seen.trust is not None
    assert seen.trust.trusted
    assert seen.hostname_matches is True
    assert seen.signature_scheme == "ecdsa_secp256r1_sha256"
    assert seen.groups is not None
    assert {"x25519", "secp256r1", "secp384r1"} <= set(seen.groups)
    assert seen.behaviour["hello_retry_request"] is True
    assert seen.behaviour["session_tickets_13"] is True


@pytest.mark.parametrize("group", ["P-256", "P-384", "P-521", "X25519", "X448", "ffdhe2048", "ffdhe3072"])
def test_the_certificate_is_seen_whatever_group_the_server_insists_on(tmp_path: Path, group: str) -> None:
    seen = look(LEAF, tmp_path, "-tls1_3", "-groups", group)
    assert seen.certificates is not None
    assert seen.certificates[0].der == LEAF.der


@pytest.mark.parametrize(
    "suite",
    [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ],
)
def test_the_certificate_is_seen_under_every_suite_of_tls_1_3(tmp_path: Path, suite: str) -> None:
    seen = look(LEAF, tmp_path, "-tls1_3", "-ciphersuites", suite)
    assert seen.cipher_suites == {"TLSv1.3": (suite,)}
    assert seen.certificates is not None
    assert seen.certificates[0].der == LEAF.der


def test_a_server_of_tls_1_2_alone(tmp_path: Path) -> None:
    seen = look(RSA, tmp_path, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA", "-serverpref")
    assert seen.protocols == {**OLD_REFUSED, "TLSv1.2": True, "TLSv1.3": False}
    assert seen.cipher_suites == {
        "TLSv1.2": ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA")
    }
    assert seen.server_preference == {"TLSv1.2": True}
    assert seen.partial == ()
    assert seen.certificates is not None
    assert (seen.certificates[0].key_type, seen.certificates[0].key_bits) == ("RSA", 2048)


def test_where_the_client_decides_suites_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    seen = look(RSA, tmp_path, "-tls1_2", "-cipher", "AES256-SHA:AES128-SHA:ECDHE-RSA-AES128-SHA")
    assert seen.server_preference == {"TLSv1.2": False}
    assert seen.cipher_suites["TLSv1.2"] == (
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    )


def test_old_versions_and_weak_suites_are_found(tmp_path: Path) -> None:
    seen = look(RSA, tmp_path, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-no_tls1_3", "-dhparam", _dh())
    assert [name for name, offered in seen.protocols.items() if offered] == ["TLSv1.0", "TLSv1.1", "TLSv1.2"]
    assert "TLS_RSA_WITH_NULL_SHA" in seen.cipher_suites["TLSv1.0"]
    assert "TLS_ECDH_anon_WITH_AES_128_CBC_SHA" in seen.cipher_suites["TLSv1.2"]
    assert "TLS_RSA_WITH_AES_128_CCM_8" in seen.cipher_suites["TLSv1.2"]
    assert len(seen.cipher_suites["TLSv1.2"]) > 50


def _dh() -> str:
    return str(Path(__file__).with_name("dh1024.pem"))


def test_nginx(tmp_path: Path) -> None:
    with nginx(
        RSA, "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_prefer_server_ciphers on;", chain=[ROOT]
    ) as server:
        observation = asyncio.run(observe(server, context(trusted=[ROOT], folder=tmp_path)))
    seen = fact(observation)
    assert seen.protocols == {**OLD_REFUSED, "TLSv1.2": True, "TLSv1.3": True}
    assert seen.server_preference["TLSv1.2"] is True
    assert seen.cipher_suites["TLSv1.2"][0] == "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    assert [each.subject for each in seen.certificates or ()] == [f"CN={NAME}", "CN=Lab Root"]
    assert observation.evidence


def test_what_no_library_speaks_any_more(tmp_path: Path) -> None:
    """SSL 2.0 and SSL 3.0, export suites and RC4, from a server made of bytes."""
    handler = scripted({0x0300: [0x0005, 0x0003], 0x0301: [0x000A]}, RSA.der, kinds=[0x010080, 0x0700C0])

    async def scan() -> TlsEndpoint:
        async with canned(handler) as server:
            return fact(await observe(server, context(trusted=[ROOT], folder=tmp_path)))

    seen = asyncio.run(scan())
    assert seen.protocols == {
        "SSLv2": True,
        "SSLv3": True,
        "TLSv1.0": True,
        "TLSv1.1": False,
        "TLSv1.2": False,
        "TLSv1.3": False,
    }
    assert seen.cipher_suites == {
        "SSLv2": ("SSL_CK_RC4_128_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
        "SSLv3": ("TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
        "TLSv1.0": ("TLS_RSA_WITH_3DES_EDE_CBC_SHA",),
    }
    assert seen.server_preference["SSLv3"] is True
    assert seen.certificates is not None
    assert seen.certificates[0].der == RSA.der


def test_a_server_of_ssl_2_alone_shows_its_certificate(tmp_path: Path) -> None:
    async def scan() -> TlsEndpoint:
        async with canned(scripted({}, RSA.der, kinds=[0x020080])) as server:
            return fact(await observe(server, context(trusted=[ROOT], folder=tmp_path)))

    seen = asyncio.run(scan())
    assert seen.protocols["SSLv2"] is True
    assert seen.protocols["TLSv1.2"] is False
    assert seen.certificates is not None
    assert seen.certificates[0].der == RSA.der


def test_a_service_without_a_name_is_judged_by_its_address(tmp_path: Path) -> None:
    leaf = issue("anything", ROOT, names=["127.0.0.1"])
    with openssl(leaf, "-tls1_2") as server:
        seen = fact(asyncio.run(observe(server, context(trusted=[ROOT], folder=tmp_path), name=None)))
    assert (seen.server_name, seen.host, seen.hostname_matches) == (None, "127.0.0.1", True)


@pytest.mark.parametrize(
    ("leaf", "reason", "matches"),
    [
        (issue(NAME, ROOT, names=[NAME], ends=timedelta(days=-1)), "expired", True),
        (issue(NAME, ROOT, names=[NAME], starts=timedelta(days=1)), "not-yet-valid", True),
        (issue(NAME, names=[NAME]), "self-signed", True),
        (issue(NAME, issue("Stranger", authority=True), names=[NAME]), "unknown-issuer", True),
        (issue(NAME, ROOT, names=["other.example.com"]), "ok", False),
        (issue(NAME, ROOT), "ok", False),
    ],
)
def test_certificates_that_are_not_well(tmp_path: Path, leaf: Paper, reason: str, matches: object) -> None:
    seen = look(leaf, tmp_path)
    assert seen.trust is not None
    assert (seen.trust.reason, seen.hostname_matches) == (reason, matches)
    assert seen.trust.trusted is (reason == "ok")


def test_several_endpoints_are_seen_in_their_order(tmp_path: Path) -> None:
    with openssl(LEAF, "-tls1_2") as one, openssl(RSA, "-tls1_3") as other:
        scan = context(trusted=[ROOT], folder=tmp_path)
        targets = [
            tls.TlsTarget(target=Target(name=NAME, address=server.address, port=server.port))
            for server in (one, other)
        ]
        observations = asyncio.run(tls.scan(scan, targets))
    assert [fact(each).port for each in observations] == [one.port, other.port]
    assert [fact(each).protocols["TLSv1.3"] for each in observations] == [False, True]
    assert gaps(observations[0]).keys() & {"protocols", "certificates", "cipher_suites"} == set()
