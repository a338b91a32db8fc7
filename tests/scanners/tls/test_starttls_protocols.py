"""Each protocol's way into TLS: offered, not offered, and answered with nonsense."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Unseen
from scanners.tls.starttls import STARTERS
from tests.support.tls_servers import NAME, canned, context, fact, issue, observe, scripted

LEAF = issue(NAME, names=[NAME])
TLS = scripted({0x0303: [0xC02F]}, LEAF.der)

#: What the server says first, then pairs of what it waits for and what it answers, up to the start of TLS.
Script = tuple[bytes, list[tuple[bytes, bytes]]]

MYSQL_FLAGS = {True: b"\xff\xff", False: b"\xff\xf7"}


def mysql(*, tls: bool) -> bytes:
    body = b"\x0a8.0.1\0" + bytes(4) + b"saltsalt\0" + MYSQL_FLAGS[tls] + b"\x21\x02\0" + bytes(30)
    return len(body).to_bytes(3, "little") + b"\0" + body


FEATURES = b"<stream:stream><stream:features>%s</stream:features>"
XMPP = FEATURES % b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
LDAP_YES = bytes.fromhex("300c02010178070a010004000400")
LDAP_NO = bytes.fromhex("300c02010178070a013404000400")
RDP_YES = bytes.fromhex("030000130ed000001234000200080001000000")
RDP_NO = bytes.fromhex("030000130ed000001234000300080002000000")
RDP_OLD = bytes.fromhex("0300000b06d00000123400")

OFFERED: dict[str, Script] = {
    "smtp": (b"220 hi\r\n", [(b"EHLO", b"250-x\r\n250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go\r\n")]),
    "imap": (
        b"* OK hi\r\n",
        [
            (b"p1 CAPABILITY\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\np1 OK\r\n"),
            (b"p2 STARTTLS\r\n", b"p2 OK go\r\n"),
        ],
    ),
    "pop3": (b"+OK hi\r\n", [(b"STLS\r\n", b"+OK go\r\n")]),
    "ftp": (b"220-hi\r\n some words\r\n220 ready\r\n", [(b"AUTH TLS\r\n", b"234 go\r\n")]),
    "ldap": (b"", [(b"1.3.6.1.4.1.1466.20037", LDAP_YES)]),
    "xmpp": (b"", [(b"jabber:client", XMPP), (b"<starttls", PROCEED)]),
    "xmpp-server": (b"", [(b"jabber:server", XMPP), (b"<starttls", PROCEED)]),
    "postgres": (b"", [(bytes.fromhex("0000000804d2162f"), b"S")]),
    "mysql": (mysql(tls=True), [(b"\x20\0\0\1", b"")]),
    "rdp": (b"", [(bytes.fromhex("0100080003000000"), RDP_YES)]),
}
NOT_OFFERED: dict[str, Script] = {
    "smtp": (b"220 hi\r\n", [(b"EHLO", b"250 x\r\n")]),
    "imap": (b"* OK hi\r\n", [(b"p1 CAPABILITY\r\n", b"* CAPABILITY IMAP4rev1\r\np1 OK\r\n")]),
    "pop3": (b"+OK hi\r\n", [(b"STLS\r\n", b"-ERR what?\r\n")]),
    "ftp": (b"220 hi\r\n", [(b"AUTH TLS\r\n", b"502 what?\r\n")]),
    "ldap": (b"", [(b"1466", LDAP_NO)]),
    "xmpp": (b"", [(b"jabber:client", FEATURES % b"<mechanisms/>")]),
    "xmpp-server": (b"", [(b"jabber:server", FEATURES % b"")]),
    "postgres": (b"", [(b"\x04\xd2\x16\x2f", b"N")]),
    "mysql": (mysql(tls=False), []),
    "rdp": (b"", [(b"\x01\x00\x08\x00", RDP_NO)]),
}


def speaks(script: Script, then: Any = TLS) -> Any:
    greeting, turns = script

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(greeting)
        for awaited, answer in turns:
            heard = b""
            while awaited not in heard:
                # One byte at a time: what follows the awaited words belongs to TLS.
                byte = await reader.read(1)
                if not byte:
                    return
                heard += byte
            await _rest(reader, awaited)
            writer.write(answer)
            await writer.drain()
        await then(reader, writer)

    return handler


async def _rest(reader: StreamReader, awaited: bytes) -> None:
    """Read what remains of a request that goes on behind the awaited words."""
    if awaited == b"EHLO":
        await reader.readline()
    elif awaited.startswith(b"jabber"):
        await reader.readuntil(b"streams'>")
    elif awaited == b"<starttls":
        await reader.readuntil(b"/>")
    elif awaited == b"\x20\0\0\1":
        await reader.readexactly(32)


async def waits(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read()


def scan(handler: Any, folder: Path, protocol: str) -> Observation[TlsEndpoint]:
    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            return await observe(server, context(folder=folder, timeout=0.4), starttls=protocol)

    return asyncio.run(run())


def test_every_protocol_has_a_script() -> None:
    assert set(OFFERED) == set(NOT_OFFERED) == set(STARTERS)


@pytest.mark.parametrize("protocol", STARTERS)
def test_tls_begins_where_it_is_offered(tmp_path: Path, protocol: str) -> None:
    seen = fact(scan(speaks(OFFERED[protocol]), tmp_path, protocol))
    assert seen.protocols["TLSv1.2"] is True
    assert seen.protocols["TLSv1.0"] is False
    assert seen.starttls == protocol
    assert seen.behaviour["starttls_offered"] is True


@pytest.mark.parametrize("protocol", STARTERS)
def test_where_it_is_not_offered_there_is_no_tls(tmp_path: Path, protocol: str) -> None:
    seen = fact(scan(speaks(NOT_OFFERED[protocol], waits), tmp_path, protocol))
    assert set(seen.protocols.values()) == {False}
    assert seen.behaviour["starttls_offered"] is False


def test_an_old_terminal_server_does_not_offer_tls(tmp_path: Path) -> None:
    script: Script = (b"", [(b"\x01\x00\x08\x00", RDP_OLD)])
    assert set(fact(scan(speaks(script, waits), tmp_path, "rdp")).protocols.values()) == {False}


@pytest.mark.parametrize("protocol", STARTERS)
@pytest.mark.parametrize("noise", [b"\xff" * 600 + b"\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(200)])
def test_noise_is_unseen(tmp_path: Path, protocol: str, noise: bytes) -> None:
    observation = scan(speaks((noise, []), waits), tmp_path, protocol)
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value in {"protocol-garbage", "timeout", "rate-limited"}


@pytest.mark.parametrize("protocol", STARTERS)
def test_a_close_is_unseen(tmp_path: Path, protocol: str) -> None:
    async def closes(reader: StreamReader, writer: StreamWriter) -> None:
        return

    observation = scan(closes, tmp_path, protocol)
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == "reset"
