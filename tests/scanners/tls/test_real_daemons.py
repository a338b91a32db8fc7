"""STARTTLS of MariaDB, vsftpd, OpenLDAP, Prosody and xrdp from Debian; nobody logs in, say their own logs."""

import asyncio
import contextlib
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from posture.core.facts.tls_endpoint import PROTOCOLS, TlsEndpoint
from tests.scanners.tls.test_real_starttls import ciphers, sslscan
from tests.support import daemons, tls_daemons
from tests.support.daemons import Place
from tests.support.tls_servers import NAME, Server, context, fact, issue, observe, rsa_key
from tests.support.tools import require_tool

ROOT = issue("Lab Root", authority=True)
LEAF = issue(NAME, ROOT, names=[NAME], key=rsa_key())
TODAY = {name: name in {"TLSv1.2", "TLSv1.3"} for name in PROTOCOLS}
NONE = dict.fromkeys(PROTOCOLS, False)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pem() -> Iterator[Path]:
    """Key and certificate where every account may read them."""
    with daemons.folder_of(None) as folder:
        folder.chmod(0o755)
        path = folder / "pair.pem"
        path.write_bytes(LEAF.key_pem + LEAF.pem)
        yield path


def look(place: Place, folder: Path, protocol: str) -> TlsEndpoint:
    server = Server(address=place[0], port=place[1], folder=folder)
    chosen = context(trusted=[ROOT], folder=folder, timeout=8.0, host_connections=4)
    return fact(asyncio.run(observe(server, chosen, starttls=protocol)))


def whole(seen: TlsEndpoint, protocols: dict[str, bool] = TODAY) -> None:
    """What holds of every one of them: all was seen, and the chain that it was given."""
    assert seen.protocols == protocols
    assert (seen.partial, seen.depth, seen.behaviour["starttls_offered"]) == ((), "full", True)
    assert seen.certificates is not None
    assert [each.der for each in seen.certificates] == [LEAF.der]
    assert (seen.trust is not None and seen.trust.trusted, seen.hostname_matches) == (True, True)
    assert "vulnerable" not in {
        seen.vulnerabilities[name] for name in ("robot", "ccs_injection", "poodle_tls")
    }


def suites(seen: TlsEndpoint) -> dict[str, set[str]]:
    return {name: set(found) for name, found in seen.cipher_suites.items()}


def settled(log: Path, pattern: str, wanted: int) -> str:
    """The log once the pattern stands in it that often: servers write after we have left."""
    for _ in range(600):
        if len(re.findall(pattern, text := log.read_text(errors="replace"))) >= wanted:
            return text
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace")[-2000:])


def test_mariadb(tmp_path: Path, pem: Path) -> None:
    with tls_daemons.mariadb(pem) as (place, log):
        seen, other = look(place, tmp_path, "mysql"), sslscan(place, "mysql")
        said = settled(log, "without authentication", seen.connections)
    whole(seen)
    assert suites(seen) == other
    assert "Access denied" not in said


def test_vsftpd(tmp_path: Path, pem: Path) -> None:
    """A command slipped in before TLS is read as the beginning of TLS there: nothing is taken over."""
    with tls_daemons.vsftpd(pem) as (place, log):
        seen = look(place, tmp_path, "ftp")
        settled(log, 'command: .*"AUTH TLS"', seen.connections)
        said = settled(log, 'command: .*"QUIT"', 1)  # each connection's process writes for itself
        other = sslscan(place, "ftp")
    whole(seen)
    assert suites(seen) == other
    assert seen.vulnerabilities["starttls_injection"] == "not_vulnerable"
    commands = Counter(re.findall(r'FTP command: Client "[^"]*", "([^"]*)"', said))
    assert commands == {"AUTH TLS": seen.connections, "QUIT": 1}  # leave is taken after a whole handshake


def test_openldap_on_gnutls(tmp_path: Path, pem: Path) -> None:
    """It hangs up where others send an alert; sslscan finds no TLS there, OpenSSL's own client does."""
    with tls_daemons.slapd(pem) as (place, log):
        seen, other = look(place, tmp_path, "ldap"), sslscan(place, "ldap")
        said = settled(log, "STARTTLS", seen.connections)
        spoken = connects(place, ["ldap"])
    whole(seen, TODAY | {"TLSv1.0": True, "TLSv1.1": True})
    assert (seen.refusals, other) == ({"SSLv3": "reset", "SSLv2": "reset"}, {})
    assert set(seen.cipher_suites["TLSv1.2"]) == spoken
    operations = {re.sub(r"^.* op=\d+ ", "", line).split()[0] for line in said.splitlines() if " op=" in line}
    assert operations == {"EXT", "STARTTLS", "RESULT"}  # no BIND, and no UNBIND where nobody was bound


def test_prosody_for_clients_and_servers(tmp_path: Path, pem: Path) -> None:
    """sslscan gives Prosody no name and finds nothing; OpenSSL's client names it."""
    with tls_daemons.prosody(NAME, pem) as (client, server, log):
        seen = [look(client, tmp_path, "xmpp"), look(server, tmp_path, "xmpp-server")]
        said = settled(log, "Sending.*<proceed", sum(each.connections for each in seen))
        spoken = connects(client, ["xmpp", "-xmpphost", NAME])
    for each in seen:
        whole(each)
        assert set(each.cipher_suites["TLSv1.2"]) == spoken
    assert "<auth" not in said
    assert "<db:" not in said  # dialback


def test_xrdp(tmp_path: Path, pem: Path) -> None:
    with tls_daemons.xrdp(pem) as (place, log):
        seen = look(place, tmp_path, "rdp")
        said = settled(log, r"selected \[SSL\]", seen.connections)
        other = sslscan(place, "rdp")
    whole(seen)
    assert suites(seen) == other
    assert "login" not in said.lower()


def connects(place: Place, words: Sequence[str]) -> set[str]:
    """The suites of TLS 1.2 with which OpenSSL's client gets a whole handshake, one after the other."""
    command = [require_tool("openssl"), "s_client", "-connect", f"{place[0]}:{place[1]}", "-tls1_2"]
    found = set()
    for name, cipher in ciphers("aRSA:kRSA:!eNULL:!aNULL:!PSK:!SRP").items():
        ran = subprocess.run(
            [*command, "-starttls", *words, "-cipher", f"{cipher}:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
        )
        found |= {name} if f"Cipher is {cipher}".encode() in ran.stdout else set()
    return found


@contextlib.contextmanager
def without_tls(protocol: str) -> Iterator[Place]:
    """The server of the protocol as it is without a key."""
    with contextlib.ExitStack() as stack:
        match protocol:
            case "mysql":
                place = stack.enter_context(daemons.mariadb())
            case "ftp":
                place = stack.enter_context(daemons.vsftpd())
            case "ldap":
                place = stack.enter_context(tls_daemons.slapd(None))[0]
            case "rdp":
                place = stack.enter_context(tls_daemons.xrdp(None))[0]
            case _:
                client, server, _ = stack.enter_context(tls_daemons.prosody(NAME, None))
                place = client if protocol == "xmpp" else server
        yield place


@pytest.mark.parametrize("protocol", ["mysql", "ftp", "ldap", "xmpp", "xmpp-server", "rdp"])
def test_the_same_servers_without_a_key_offer_no_tls(tmp_path: Path, protocol: str) -> None:
    with without_tls(protocol) as place:
        seen = look(place, tmp_path, protocol)
    assert seen.protocols == NONE
    assert set(seen.refusals.values()) == {"starttls-not-offered"}
    assert (seen.behaviour, seen.connections) == ({"starttls_offered": False}, 1)
