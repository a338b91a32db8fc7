"""STARTTLS of real servers: Postfix, Dovecot and PostgreSQL, held against sslscan suite by suite."""

import asyncio
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from scanners.tls.registry import suite_name
from tests.support.daemons import dovecot, postgresql
from tests.support.papers import consent_text
from tests.support.postfix import logging_postfix
from tests.support.tls_servers import NAME, Server, context, fact, issue, observe, rsa_key
from tests.support.tools import require_tool

ROOT = issue("Lab Root", authority=True)
LEAF = issue(NAME, ROOT, names=[NAME, "127.0.0.1"], key=rsa_key())
TODAY = {
    **dict.fromkeys(("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"), False),
    **dict.fromkeys(("TLSv1.2", "TLSv1.3"), True),
}


#: Encryption that anybody may have is better than none: RFC 7435, and Postfix's defaults.
OPPORTUNISTIC = {**TODAY, **dict.fromkeys(("TLSv1.0", "TLSv1.1"), True)}


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("papers") / "pair.pem"
    path.write_bytes(LEAF.key_pem + LEAF.pem)
    return path


@pytest.fixture
def mail(pem: Path) -> Iterator[tuple[int, Path]]:
    with logging_postfix(NAME, pem) as found:
        yield found


def look(place: tuple[str, int], folder: Path, protocol: str) -> TlsEndpoint:
    server = Server(address=place[0], port=place[1], folder=folder)
    chosen = context(trusted=[ROOT], folder=folder, full=True, timeout=8.0, host_connections=4)
    return fact(asyncio.run(observe(server, chosen, starttls=protocol)))


def sslscan(place: tuple[str, int], protocol: str) -> dict[str, set[str]]:
    quiet = [f"--no-{word}" for word in ("heartbleed", "renegotiation", "groups", "fallback", "compression")]
    way = "--rdp" if protocol == "rdp" else f"--starttls-{protocol}"
    command = [require_tool("sslscan"), "--xml=-", *quiet, way, f"{place[0]}:{place[1]}"]
    ran = subprocess.run(command, capture_output=True, check=True, timeout=90)
    found: dict[str, set[str]] = {}
    for cipher in ET.fromstring(ran.stdout).iter("cipher"):  # noqa: S314 - our own child
        found.setdefault(cipher.attrib["sslversion"], set()).add(suite_name(int(cipher.attrib["id"], 16)))
    return found


def agrees(seen: TlsEndpoint, place: tuple[str, int], protocol: str) -> None:
    assert seen.partial == ()
    assert {name: set(suites) for name, suites in seen.cipher_suites.items()} == sslscan(place, protocol)


@pytest.mark.slow
def test_postfix_in_full(tmp_path: Path, mail: tuple[int, Path]) -> None:
    place = ("127.0.0.1", mail[0])
    seen = look(place, tmp_path, "smtp")
    agrees(seen, place, "smtp")
    assert seen.protocols == OPPORTUNISTIC
    assert seen.by_class is False
    assert any("_anon_" in suite for suite in seen.cipher_suites["TLSv1.2"])  # what Postfix is known for
    assert (seen.trust is not None and seen.trust.trusted, seen.hostname_matches) == (True, True)


@pytest.mark.slow
def test_postfix_from_the_command_line_and_in_its_own_log(tmp_path: Path, mail: tuple[int, Path]) -> None:
    """At most thirty connections, none of which leaves a whole handshake without a QUIT."""
    port, log = mail
    (tmp_path / "consent.toml").write_text(consent_text(ports="1-65535"), encoding="utf-8")
    (tmp_path / "settings.toml").write_text('ehlo = "scanner.insurer.example"\n', encoding="utf-8")
    (tmp_path / "root.pem").write_bytes(ROOT.pem)
    command = [sys.executable, "-m", "posture.app.cli", "probe", "tls", f"127.0.0.1:{port}"]
    command += ["--starttls", "smtp", "--consent", "consent.toml", "--trust-store", "root.pem", "--json"]
    settings = {**os.environ, "POSTURE_SETTINGS": str(tmp_path / "settings.toml")}
    ran = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    (seen,) = json.loads(ran.stdout)["observations"]
    value = seen["value"]
    assert value["protocols"] == OPPORTUNISTIC
    assert (value["starttls"], value["by_class"], value["trust"]["trusted"]) == ("smtp", True, True)
    assert value["vulnerabilities"]["starttls_injection"] == "not_vulnerable"
    open_ends = {name for name, state in value["vulnerabilities"].items() if state == "unknown"}
    assert open_ends <= {"robot"}  # asked last, should an answer have had to be asked for twice
    assert value["dh_bits"] is not None
    assert value["connections"] <= 30
    talks = sessions(log, value["connections"])
    assert len(talks) == value["connections"]
    another = value["behaviour"].get("client_renegotiation") is not None  # where connections were left
    assert sum("quit=1" in talk for talk in talks) == 1 + another
    assert {word for talk in talks for word in talk.split() if "=" in word and "commands" not in word} == {
        *("ehlo=1", "starttls=1", "starttls=0/1", "quit=1")  # most handshakes are broken off
    }


def sessions(log: Path, wanted: int) -> list[str]:
    """What Postfix counted of each conversation, once it has written down as many as are wanted.

    The one without a command was the wait for its start.
    """
    found: list[str] = []
    for _ in range(200):
        ended = [line for line in log.read_text(encoding="utf-8").splitlines() if "disconnect from" in line]
        found = [line for line in ended if "commands=0/0" not in line]
        if len(found) >= wanted:
            break
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_dovecot_that_hangs_up_on_its_own_favourite(tmp_path: Path, pem: Path) -> None:
    """Without parameters Dovecot prefers DHE all the same, and hangs up: sslscan then sees no TLS 1.2 at all.

    What proves us right is a handshake of OpenSSL's own client with every suite that we list.
    """
    with dovecot("imap", pem) as place:
        seen, other = look(place, tmp_path, "imap"), sslscan(place, "imap")
        possible = ciphers("ECDHE+aRSA:DHE+aRSA:!eNULL:!RC4:!3DES")
        spoken = {name: connects(place, cipher) for name, cipher in possible.items()}
    assert seen.protocols == TODAY
    assert seen.partial == ()
    assert set(seen.cipher_suites["TLSv1.3"]) == other["TLSv1.3"]
    assert "TLSv1.2" not in other
    assert set(seen.cipher_suites["TLSv1.2"]) == {name for name, spoke in spoken.items() if spoke}
    assert {name for name in spoken if "_DHE_" in name} == {name for name in spoken if not spoken[name]}


def ciphers(wanted: str) -> dict[str, str]:
    """OpenSSL's names of TLS 1.2 suites by those of the registry."""
    command = [require_tool("openssl"), "ciphers", "-s", "-tls1_2", "-stdname", wanted]
    ran = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30)
    return {line.split()[0]: line.split()[2] for line in ran.stdout.splitlines()}


def connects(place: tuple[str, int], cipher: str) -> bool:
    """Whether OpenSSL's client gets a whole handshake with this suite alone."""
    where = ["-connect", f"{place[0]}:{place[1]}", "-starttls", "imap"]
    command = [require_tool("openssl"), "s_client", *where, "-tls1_2", "-cipher", cipher]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    return f"Cipher is {cipher}".encode() in ran.stdout


@pytest.mark.slow
def test_postgresql(tmp_path: Path, pem: Path) -> None:
    with postgresql(pem) as place:
        seen = look(place, tmp_path, "postgres")
        agrees(seen, place, "psql")
    assert seen.protocols == TODAY
