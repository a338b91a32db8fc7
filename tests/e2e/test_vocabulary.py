"""Everything that a whole assessment says to anybody fits a short grammar, and nothing of it is a log-in.

Never sent, whatever the consent says: a credential of any kind, an anonymous log-in or directory bind,
a community string, a payload (README). nmap has no words of its own: its arguments are on a list, TCP only.
"""

import re
import struct
from pathlib import Path

import dns.exception
import dns.message
import dns.opcode
import pytest

from posture.demo.stage import Scene
from tests.support.rehearsal import assessed, request_of
from tests.support.tools import require_tool
from tests.support.vocabulary import Said, listening

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

#: TLS records, an SSL 2 hello, and the first words of protocols, whole.
SPOKEN = {
    "tls": rb"[\x14-\x18]\x03[\x00-\x04].*",
    "ssl2": rb"\x80.\x01\x00\x02.*",
    "smtp": rb"EHLO \S+\r\n|STARTTLS\r\n(?:NOOP\r\n)?|QUIT\r\n",
    "redis": rb"PING\r\n",
    # A request that names TLS, or TLS and CredSSP (MS-RDPBCGR §2.2.1.1), and no user.
    "rdp": rb"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00[\x01\x03]\x00\x00\x00",
    "ssh": rb"SSH-2\.0-posture_underwriting/\S+(?: \([^()]*\))?\r\n",
    "ssh lists and exchange": rb"\x00\x00..[\x04-\x0f][\x14\x1e].*",
}
REQUEST = re.compile(
    rb"GET (?P<path>/\S*) HTTP/1\.1\r\n"
    rb"(?:(?:Host|User-Agent|Accept|Accept-Encoding|Connection|Origin): [^\r\n]*\r\n)+\r\n"
)
PATHS = {
    b"/",
    b"/.DS_Store",
    b"/.env",
    b"/.git/HEAD",
    b"/.git/config",
    b"/.svn/wc.db",
    b"/.well-known/mta-sts.txt",
    b"/.well-known/security.txt",
    b"/backup.sql",
    b"/backup.zip",
    b"/server-status",
}


@pytest.fixture(scope="module")
def said(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Said:
    require_tool("nmap")
    folder: Path = tmp_path_factory.mktemp("said")
    request = request_of(scene, "hayate", folder)
    with listening() as heard:
        assessed(request)
    return heard


def _dns(packet: bytes) -> bool:
    """A query, alone, for nothing that changes a server."""
    try:
        return dns.message.from_wire(packet).opcode() == dns.opcode.QUERY
    except dns.exception.DNSException:
        return False


def _over_tcp(data: bytes) -> bool:
    return len(data) > 2 and struct.unpack("!H", data[:2])[0] == len(data) - 2 and _dns(data[2:])


def test_every_word_over_a_connection_is_in_the_grammar(said: Said) -> None:
    kinds: dict[str, int] = {}
    for data in said.streams:
        fits = [name for name, form in SPOKEN.items() if re.fullmatch(form, data, re.DOTALL)]
        fits += ["dns"] if _over_tcp(data) else []
        assert fits, data[:200]
        kinds[fits[0]] = kinds.get(fits[0], 0) + 1
    assert {"tls", "smtp", "redis", "rdp", "ssh"} <= kinds.keys(), "nothing was heard"


def test_every_datagram_is_a_dns_query(said: Said) -> None:
    assert said.datagrams
    assert [data for data in said.datagrams if not _dns(data)] == []


def test_every_request_is_an_ordinary_get_of_a_known_path(said: Said) -> None:
    assert said.requests
    for data in said.requests:
        form = REQUEST.fullmatch(data)
        assert form, data[:300]
        assert form["path"] in PATHS
