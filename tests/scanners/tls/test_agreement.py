"""Our protocols and suites equal sslscan's and nmap's, suite by suite, wherever those can speak them."""

import asyncio
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from scanners.tls.registry import suite_name
from tests.support.tls_servers import NAME, Server, context, fact, issue, nginx, observe, openssl, rsa_key
from tests.support.tools import require_tool

ROOT = issue("Lab Root", authority=True)
RSA = issue(NAME, ROOT, names=[NAME], key=rsa_key())
EC = issue(NAME, ROOT, names=[NAME])
DH = str(Path(__file__).with_name("dh1024.pem"))

Starter = Callable[[], AbstractContextManager[Server]]
Found = dict[str, frozenset[str]]

SERVERS: dict[str, Starter] = {
    "nginx stock": partial(nginx, RSA, "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_prefer_server_ciphers on;"),
    "nginx client decides": partial(nginx, RSA, "ssl_protocols TLSv1.2 TLSv1.3;"),
    "nginx modern": partial(nginx, EC, "ssl_protocols TLSv1.3;"),
    "nginx intermediate": partial(
        nginx, EC, "ssl_protocols TLSv1.2 TLSv1.3;", "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;"
    ),
    "nginx dhe": partial(
        nginx, RSA, "ssl_protocols TLSv1.2;", f"ssl_dhparam {DH};", "ssl_ciphers ALL:@SECLEVEL=0;"
    ),
    "nginx old": partial(nginx, RSA, "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;", "ssl_ciphers ALL:@SECLEVEL=0;"),
    "openssl default": partial(openssl, RSA),
    "openssl ecdsa": partial(openssl, EC),
    "openssl 1.2": partial(openssl, RSA, "-tls1_2"),
    "openssl 1.3": partial(openssl, RSA, "-tls1_3"),
    "openssl 1.1": partial(openssl, RSA, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "openssl 1.0": partial(openssl, RSA, "-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    "openssl null": partial(openssl, RSA, "-tls1_2", "-cipher", "NULL:@SECLEVEL=0"),
    "openssl anonymous": partial(openssl, RSA, "-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"),
    "openssl chacha": partial(openssl, RSA, "-tls1_2", "-cipher", "CHACHA20", "-serverpref"),
    "openssl ccm": partial(
        openssl, EC, "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256", "-cipher", "AESCCM"
    ),
    "openssl camellia and aria": partial(openssl, RSA, "-tls1_2", "-cipher", "CAMELLIA:ARIA:@SECLEVEL=0"),
}
VERSIONS = {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}


def ours(server: Server, folder: Path) -> Found:
    seen = fact(asyncio.run(observe(server, context(folder=folder, timeout=10.0), name=NAME)))
    assert seen.partial == ()
    assert None not in seen.protocols.values()
    return {name: frozenset(seen.cipher_suites[name]) for name in VERSIONS if seen.protocols[name]}


def sslscan(server: Server) -> Found:
    where = f"{server.address}:{server.port}"
    command = [require_tool("sslscan"), "--xml=-", "--no-heartbleed", "--no-renegotiation", "--no-groups"]
    ran = subprocess.run([*command, f"--sni-name={NAME}", where], capture_output=True, check=True, timeout=90)
    found: dict[str, set[str]] = {}
    for cipher in ET.fromstring(ran.stdout).iter("cipher"):  # noqa: S314 - our own child
        found.setdefault(cipher.attrib["sslversion"], set()).add(suite_name(int(cipher.attrib["id"], 16)))
    return {name: frozenset(suites) for name, suites in found.items()}


def nmap(server: Server) -> Found:
    command = [require_tool("nmap"), "-Pn", "-n", "-oX", "-", "-p", str(server.port)]
    command += ["--script", "+ssl-enum-ciphers", server.address]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=90)
    script = ET.fromstring(ran.stdout).find(".//script[@id='ssl-enum-ciphers']")  # noqa: S314 - our own child
    assert script is not None
    found = {}
    for version in script.findall("table"):
        ciphers = version.find("table[@key='ciphers']")
        names = (
            [each.text or "" for each in ciphers.iter("elem") if each.attrib["key"] == "name"]
            if ciphers is not None
            else []
        )
        found[version.attrib["key"]] = frozenset(_iana(name) for name in names)
    return found


def _iana(name: str) -> str:
    """nmap writes TLS 1.3 suites with words of its own."""
    return name.replace("TLS_AKE_WITH_", "TLS_")


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVERS)
def test_suite_by_suite(tmp_path: Path, name: str) -> None:
    with SERVERS[name]() as server:
        own, one, other = ours(server, tmp_path), sslscan(server), nmap(server)
    assert own
    assert own == one
    assert own == other
