"""Servers of other libraries and other times, and configurations that people copy, seen for what they are."""

import asyncio
import shutil
from pathlib import Path

import pytest

from posture.checks.runner import judge
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Outcome, Owner, Severity
from posture.core.targets import Target
from tests.support.relics import gnutls, tlslite
from tests.support.tls_servers import NAME, Server, context, fact, issue, nginx, observe, rsa_key

ROOT = issue("Lab Root", authority=True)
RSA = issue(NAME, ROOT, names=[NAME], key=rsa_key())
EC = issue(NAME, ROOT, names=[NAME])


def look(server: Server, folder: Path) -> TlsEndpoint:
    return fact(asyncio.run(observe(server, context(trusted=[ROOT], folder=folder, timeout=10.0))))


def spoken(seen: TlsEndpoint) -> dict[str, set[str]]:
    return {name: set(seen.cipher_suites[name]) for name, offered in seen.protocols.items() if offered}


def vulnerable(seen: TlsEndpoint) -> set[str]:
    return {name for name, state in seen.vulnerabilities.items() if state == "vulnerable"}


if shutil.which("npm"):  # the package is asked for where it can be
    OLD_RSA = {
        *("TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_IDEA_CBC_SHA"),
        *("TLS_RSA_WITH_DES_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_SEED_CBC_SHA"),
        *("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"),
        *("TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    }
    SINCE_12 = {
        *("TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"),
        *("TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    }
    KINDS = {
        *("SSL_CK_RC4_128_WITH_MD5", "SSL_CK_RC4_128_EXPORT40_WITH_MD5", "SSL_CK_RC2_128_CBC_WITH_MD5"),
        *("SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", "SSL_CK_IDEA_128_CBC_WITH_MD5"),
        *("SSL_CK_DES_64_CBC_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"),
    }

    def test_openssl_of_2016_whole(tmp_path: Path) -> None:
        """Real SSL 2.0 and 3.0. It says no by hanging up, which is its way and not load."""
        from tests.support.relics import node

        with node(RSA) as server:
            seen = look(server, tmp_path)
        assert spoken(seen) == {
            "SSLv2": KINDS,
            "SSLv3": OLD_RSA,
            "TLSv1.0": OLD_RSA,
            "TLSv1.1": OLD_RSA,
            "TLSv1.2": OLD_RSA | SINCE_12,
        }
        assert seen.partial == ()
        assert {name: seen.server_preference[name] for name in ("SSLv3", "TLSv1.0", "TLSv1.2")} == {
            "SSLv3": True,
            "TLSv1.0": True,
            "TLSv1.2": True,
        }
        assert seen.refusals == {"TLSv1.3": "reset"}
        assert vulnerable(seen) == {"drown", "poodle_ssl", "sweet32", "rc4", "beast", "lucky13"}
        assert (seen.groups, seen.signature_schemes) == ((), ())


@pytest.mark.parametrize(
    ("ciphers", "suites", "flaws"),
    [
        (["rc4"], {"TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_RC4_128_MD5"}, {"rc4"}),
        (["3des"], {"TLS_RSA_WITH_3DES_EDE_CBC_SHA"}, {"sweet32", "poodle_ssl", "beast", "lucky13"}),
        (["null"], {"TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_NULL_MD5"}, set()),
    ],
)
def test_tlslite_speaks_ssl_3(tmp_path: Path, ciphers: list[str], suites: set[str], flaws: set[str]) -> None:
    with tlslite(RSA, ((3, 0), (3, 1)), ciphers) as server:
        seen = look(server, tmp_path)
    assert [seen.protocols[name] for name in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")] == [
        *(False, True, True, False),
    ]
    assert set(seen.cipher_suites["SSLv3"]) == set(seen.cipher_suites["TLSv1.0"]) == suites
    assert vulnerable(seen) == flaws


def test_gnutls(tmp_path: Path) -> None:
    with gnutls(RSA, "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.1:+ARCFOUR-128:%COMPAT") as server:
        seen = look(server, tmp_path)
    assert {name for name, offered in seen.protocols.items() if offered} == {"TLSv1.1", "TLSv1.2"}
    assert "TLS_RSA_WITH_RC4_128_SHA" in seen.cipher_suites["TLSv1.2"]
    assert vulnerable(seen) == {"rc4", "lucky13"}
    assert seen.partial == ()


INTERMEDIATE = ":".join(
    [
        *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        *("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
    ]
)


@pytest.mark.parametrize(
    "directives",
    [
        ("ssl_protocols TLSv1.3;", "ssl_ecdh_curve X25519:prime256v1:secp384r1;"),
        (
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_ecdh_curve X25519:prime256v1:secp384r1;",
            f"ssl_ciphers {INTERMEDIATE};",
            "ssl_prefer_server_ciphers off;",
        ),
    ],
    ids=["modern", "intermediate"],
)
@pytest.mark.parametrize("leaf", [RSA, EC], ids=["rsa", "ecdsa"])
def test_mozillas_configurations_have_no_finding_above_low(
    tmp_path: Path, directives: tuple[str, ...], leaf: object
) -> None:
    """ssl-config.mozilla.org, guideline 5.7: every check of a real server, none of it unknown."""
    with nginx(RSA if leaf is RSA else EC, *directives) as server:
        observation = asyncio.run(observe(server, context(trusted=[ROOT], folder=tmp_path)))
    judged = judge([observation], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    found = [each for each in judged.findings if each.check.startswith("tls/")]
    above = [
        (each.check, each.message)
        for each in found
        if each.outcome is Outcome.FAIL and each.severity not in {Severity.INFO, Severity.LOW}
    ]
    assert above == []
    assert [each.check for each in found if each.outcome is Outcome.UNKNOWN] == []
    assert len(found) >= 20
