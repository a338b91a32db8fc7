"""The whole vocabulary of the clients for services: what each may say, byte for byte, and no more.

The lists here are written out on purpose: a word that is added to a client has to be added here by a person
who has asked whether it is harmless (README, *Never sent*).
"""

import asyncio
import socket

import pytest

from posture.core.targets import Target
from scanners import services
from scanners.ports import datagrams
from scanners.services.questions import BY_PORT
from tests.support.daemons import routed
from tests.support.net_servers import NAME, OPTIONS, Server, context, reset, say, silent
from tests.support.vocabulary import listening

AGENT = OPTIONS.user_agent


def get(path: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", f"Host: {NAME}", f"User-Agent: {AGENT}", "Accept: */*")
    return "\r\n".join((*lines, "Connection: close", "", "")).encode()


HELLO = bytes.fromhex("10") + b"hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"

WORDS: dict[int, bytes] = {
    1433: bytes.fromhex("1201001a0000000000000b00060100110001ff00000000000002"),
    2181: b"ruok",
    2375: get("/_ping"),
    2379: get("/version"),
    3389: bytes.fromhex("030000130ee000000000000100080001000000"),
    5432: bytes.fromhex("0000000804d2162f"),
    5672: b"AMQP\x00\x00\x09\x01",
    5984: get("/"),
    6379: b"PING\r\n",
    8086: get("/ping"),
    8500: get("/v1/status/leader"),
    9042: bytes.fromhex("040000000500000000"),
    9092: bytes.fromhex("0000000e00120000") + b"post\x00\x04post",
    9200: get("/"),
    10255: get("/healthz"),
    11211: b"version\r\n",
    **dict.fromkeys(
        (27017, 27018, 27019),
        bytes.fromhex("340000000100000000000000dd07000000000000001f000000") + HELLO,
    ),
}
UDP = {
    111: bytes.fromhex("706f73740000000000000002000186a00000000200000000") + bytes(16),
    123: bytes.fromhex("160200010000000000000000"),
    137: bytes.fromhex("706f00000001000000000000") + b"\x20CK" + b"A" * 30 + b"\x00\x00\x21\x00\x01",
    161: bytes.fromhex(
        "303a020103300f02024a69020300ffe304010402010304"
        "10300e0400020100020100040004000400301204000400"
        "a00c020237f00201000201003000"
    ),
    623: bytes.fromhex("0600ff06000011be80000000"),
    1434: b"\x03",
    1900: b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n'
    b"ST: upnp:rootdevice\r\n\r\n",
    5060: b"OPTIONS sip:posture@invalid SIP/2.0\r\nVia: SIP/2.0/UDP invalid;branch=z9hG4bKposture;rport\r\n"
    b"Max-Forwards: 70\r\nTo: <sip:posture@invalid>\r\nFrom: <sip:posture@invalid>;tag=posture\r\n"
    b"Call-ID: posture@invalid\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
    11211: b"po\x00\x00\x00\x01\x00\x00version\r\n",
}


def heard_on(port: int, server: Server) -> list[bytes]:
    """Everything said to a server that stands for a port."""
    ctx = context(routed((server.address, server.port), port))
    with listening() as said:
        asyncio.run(services.scan(ctx, [Target(name=NAME, address=server.address, port=port)]))
    assert ctx.faults == []
    assert said.datagrams == said.requests == []
    return said.streams


@pytest.mark.parametrize("port", sorted(WORDS))
def test_a_service_that_waits_is_told_one_word(port: int) -> None:
    def listen(conn: socket.socket) -> None:
        conn.recv(65_536)
        reset(conn)

    with Server(listen) as server:
        assert heard_on(port, server) == [WORDS[port]]


def test_no_other_port_is_asked() -> None:
    assert BY_PORT.keys() == WORDS.keys()


def test_every_question_over_udp() -> None:
    assert {port: question for port, (_, question) in datagrams.QUESTIONS.items()} == UDP


@pytest.mark.parametrize("greeting", [b"220 ready\r\n", b"+OK\r\n", b"* OK\r\n", b"\xff\xfd\x18", b"x"])
def test_a_service_that_greets_is_told_nothing(greeting: bytes) -> None:
    with Server(say(greeting, then=silent)) as server:
        assert heard_on(21, server) == []


@pytest.mark.parametrize(("version", "answer"), [(b"003.003", b"003.003"), (b"003.889", b"003.008")])
@pytest.mark.parametrize("types", [b"\x01\x01", b"\x01\x02", b"\x00\x00\x00\x01", b""])
def test_a_desktop_is_told_a_version_and_never_which_log_in(
    version: bytes, answer: bytes, types: bytes
) -> None:
    def desktop(conn: socket.socket) -> None:
        conn.sendall(b"RFB " + version + b"\n")
        if conn.recv(12):
            conn.sendall(types)

    with Server(desktop) as server:
        assert heard_on(5900, server) == [b"RFB " + answer + b"\n"]
