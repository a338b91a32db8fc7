"""Agreement about SSL 2.0 and 3.0: OpenSSL 1.0.1 seen by us, by nmap and, as far as it looks, by sslscan."""

import asyncio
import os
import shutil
import socket
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanners.tls.registry import suite_name
from tests.scanners.tls.test_agreement import RSA, Found, nmap, ours, sslscan
from tests.support.tls_servers import Server, context, fact, observe
from tests.support.tools import require_tool

#: Where a peer and we differ, by peer and protocol, with the reason. Everything else has to be equal.
DISAGREEMENTS = {
    ("sslscan", "SSLv3"): "sslscan asks whether SSL 3.0 is there, and for none of its suites.",
}
#: What proves us right: the server's answer to an SSL 3.0 hello that offers the one suite. A record (22) of
#: SSL 3.0 with a ServerHello (2) of SSL 3.0; its random and session id cut out; the suite; no compression.
ANSWERS = {
    "TLS_RSA_WITH_RC4_128_MD5": "16 0300 02 0300 0004 00",
    "TLS_RSA_WITH_RC4_128_SHA": "16 0300 02 0300 0005 00",
    "TLS_RSA_WITH_IDEA_CBC_SHA": "16 0300 02 0300 0007 00",
    "TLS_RSA_WITH_DES_CBC_SHA": "16 0300 02 0300 0009 00",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA": "16 0300 02 0300 000a 00",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "16 0300 02 0300 002f 00",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "16 0300 02 0300 0035 00",
    "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA": "16 0300 02 0300 0041 00",
    "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA": "16 0300 02 0300 0084 00",
    "TLS_RSA_WITH_SEED_CBC_SHA": "16 0300 02 0300 0096 00",
}


def answer(server: Server, suite: int) -> str:
    """The beginning of the server's flight, without what differs from one handshake to the next."""
    body = b"\3\0" + os.urandom(32) + b"\0\0\2" + suite.to_bytes(2, "big") + b"\1\0"
    hello = b"\1" + len(body).to_bytes(3, "big") + body
    with socket.create_connection((server.address, server.port), 10) as connection:
        connection.sendall(b"\x16\3\0" + len(hello).to_bytes(2, "big") + hello)
        said = connection.makefile("rb").read(128)
    end = 44 + said[43]
    parts = (said[:1], said[1:3], said[5:6], said[9:11], said[end : end + 2], said[end + 2 : end + 3])
    return " ".join(part.hex() for part in parts)


def sslv2(server: Server) -> set[str]:
    """SSL 2.0 as nmap's own script for it sees it; its names lack the standard's `CK`."""
    command = [require_tool("nmap"), "-Pn", "-n", "-oX", "-", "-p", str(server.port), "--script", "+sslv2"]
    ran = subprocess.run([*command, server.address], capture_output=True, check=True, timeout=90)
    ciphers = ET.fromstring(ran.stdout).find(".//script[@id='sslv2']/table")  # noqa: S314 - our own child
    assert ciphers is not None
    return {(each.text or "").replace("SSL2_", "SSL_CK_") for each in ciphers.iter("elem")}


def differing(own: Found, other: Found) -> set[str]:
    return {name for name in own.keys() | other.keys() if own.get(name) != other.get(name)}


if shutil.which("npm"):  # the package is asked for where it can be

    @pytest.fixture(scope="module")
    def server() -> Iterator[Server]:
        from tests.support.relics import node

        with node(RSA) as running:
            yield running

    @pytest.mark.slow
    def test_suite_by_suite_but_for_what_is_listed(tmp_path: Path, server: Server) -> None:
        own = ours(server, tmp_path)
        assert set(own) == {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"}
        found = {"sslscan": differing(own, sslscan(server)), "nmap": differing(own, nmap(server))}
        assert {(peer, protocol) for peer, all_of in found.items() for protocol in all_of} == set(
            DISAGREEMENTS
        )

    def test_the_servers_own_bytes_settle_what_is_disputed(tmp_path: Path, server: Server) -> None:
        assert ours(server, tmp_path)["SSLv3"] == set(ANSWERS)
        numbers = {suite_name(number): number for number in range(0x0100)}
        assert {name: answer(server, numbers[name]) for name in ANSWERS} == ANSWERS

    def test_kinds_of_ssl_2(tmp_path: Path, server: Server) -> None:
        seen = fact(asyncio.run(observe(server, context(folder=tmp_path, timeout=10.0))))
        assert set(seen.cipher_suites["SSLv2"]) == sslv2(server)
        assert len(sslv2(server)) == 7
