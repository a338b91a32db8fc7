"""Servers that stall, reset, lie or never end: Unseen or null, and never a false no."""

import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from posture.checks.runner import judge
from posture.core.findings import Outcome, Owner
from posture.core.observations import Observation, Unseen
from posture.core.targets import Target
from scanners.tls.wire import vector
from tests.support.tls_servers import (
    NAME,
    alert,
    canned,
    context,
    fact,
    gaps,
    issue,
    message,
    observe,
    read_hello,
    record,
    scripted,
    server_flight,
)

LEAF = issue(NAME, names=[NAME])
TIMEOUT = 0.4


def scan(handler: Any, folder: Path, **options: Any) -> Observation[Any]:
    async def run() -> Observation[Any]:
        async with canned(handler) as server:
            chosen = {"timeout": TIMEOUT, **options}
            return await observe(server, context(folder=folder, **chosen))

    return asyncio.run(run())


def says(data: bytes, *, then_close: bool = True) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def handler(reader: Reader, writer: Writer) -> None:
        await reader.read(4096)
        writer.write(data)
        await writer.drain()
        if not then_close:
            await reader.read()

    return handler


async def silent(reader: Reader, writer: Writer) -> None:
    await asyncio.sleep(60)


async def resets(reader: Reader, writer: Writer) -> None:
    writer.transport.abort()


async def closes(reader: Reader, writer: Writer) -> None:
    await reader.read(4096)


async def drips(reader: Reader, writer: Writer) -> None:
    for byte in record(22, 0x0303, bytes(5000)):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(reader: Reader, writer: Writer) -> None:
    while True:
        writer.write(record(22, 0x0303, b"\x02\x00\xff\xff" + bytes(16000)))
        await writer.drain()
        await asyncio.sleep(0)


async def endless_warnings(reader: Reader, writer: Writer) -> None:
    while True:
        writer.write(alert(112, level=1))
        await writer.drain()
        await asyncio.sleep(0)


FLIGHT = server_flight(0x0303, 0xC02F, [LEAF.der])

HOSTILE = [
    ("silent", silent, "timeout"),
    ("reset", resets, "reset"),
    ("close", closes, "reset"),
    ("drip", drips, "timeout"),
    ("endless", endless, "protocol-garbage"),
    ("endless warnings", endless_warnings, "no-data"),
    ("http", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "protocol-garbage"),
    ("ssh", says(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol-garbage"),
    ("zeros", says(bytes(100)), "protocol-garbage"),
    ("half a hello", says(FLIGHT[:40]), "reset"),
    ("half a hello, then nothing", says(FLIGHT[:40], then_close=False), "timeout"),
    ("a record too long", says(b"\x16\x03\x03\xff\xff" + bytes(70000)), "protocol-garbage"),
    ("an empty record", says(record(22, 0x0303, b"")), "protocol-garbage"),
    ("application data", says(record(23, 0x0303, b"hello")), "protocol-garbage"),
    ("a hello cut short", says(record(22, 0x0303, b"\x02\x00\x00\x05\x03\x03abc")), "protocol-garbage"),
    ("a suite nobody offered", says(server_flight(0x0303, 0x0A0A, [])), "protocol-garbage"),
    ("a version nobody knows", says(server_flight(0x0377, 0xC02F, [])), "protocol-garbage"),
    ("alerts only", says(alert(40)), "no-data"),
]


@pytest.mark.parametrize(("handler", "reason"), [each[1:] for each in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_server_that_answers_no_hello_is_unseen(tmp_path: Path, handler: Any, reason: str) -> None:
    observation = scan(handler, tmp_path)
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == reason
    judged = judge([observation], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    about = [each for each in judged.findings if each.check.startswith("tls/")]
    assert {(each.outcome, each.reason) for each in about} == {(Outcome.UNKNOWN, observation.result.reason)}


def test_a_closed_port_is_unseen(tmp_path: Path) -> None:
    async def run() -> Observation[Any]:
        async with canned(silent) as server:
            pass
        return await observe(server, context(folder=tmp_path))

    observation = asyncio.run(run())
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == "refused"


async def _reset(writer: Writer) -> None:
    writer.transport.abort()


async def _stall(writer: Writer) -> None:
    await asyncio.sleep(60)


async def _garble(writer: Writer) -> None:
    writer.write(b"\xff" * 50)
    await writer.drain()


@pytest.mark.parametrize(("refuse", "how"), [(_reset, "reset"), (_stall, "silence")])
def test_a_no_without_words_counts_while_a_control_is_answered(tmp_path: Path, refuse: Any, how: str) -> None:
    observation = scan(scripted({0x0303: [0xC02F]}, LEAF.der, refuse=refuse), tmp_path)
    seen = fact(observation)
    assert seen.protocols["TLSv1.2"] is True
    assert seen.protocols["TLSv1.0"] is False
    assert seen.refusals["TLSv1.0"] == how
    assert seen.cipher_suites["TLSv1.2"] == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
    assert seen.partial == ()


def test_garbage_is_no_answer_even_while_a_control_is_answered(tmp_path: Path) -> None:
    observation = scan(scripted({0x0303: [0xC02F]}, LEAF.der, refuse=_garble), tmp_path)
    seen = fact(observation)
    assert seen.protocols["TLSv1.2"] is True
    assert seen.protocols["TLSv1.0"] is None
    assert gaps(observation)["protocols.TLSv1.0"] == "protocol-garbage"
    assert seen.partial == ("TLSv1.2",)


@pytest.mark.parametrize("banned", [resets, silent])
def test_a_ban_half_way_never_looks_like_a_clean_server(tmp_path: Path, banned: Any) -> None:
    """After the third connection nothing is answered any more, as an intrusion prevention system does it."""
    served = 0
    real = scripted({0x0301: [0x0005, 0x000A], 0x0303: [0xC02F]}, LEAF.der)

    async def handler(reader: Reader, writer: Writer) -> None:
        nonlocal served
        served += 1
        await (real if served <= 3 else banned)(reader, writer)

    observation = scan(handler, tmp_path, host_connections=1)
    seen = fact(observation)
    assert False not in [seen.protocols[name] for name in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")]
    reasons = {reason for path, reason in gaps(observation).items() if path.startswith("protocols.")}
    assert reasons == {"blocked"}
    judged = judge([observation], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    outcomes = {each.check: each.outcome for each in judged.findings if each.check.startswith("tls/")}
    assert outcomes["tls/legacy_protocol"] is Outcome.UNKNOWN
    assert outcomes["tls/weak_cipher_suites"] is Outcome.UNKNOWN


def test_a_spent_budget_leaves_the_rest_unseen(tmp_path: Path) -> None:
    real = scripted({0x0303: [0xC02F, 0xC030, 0x002F, 0x0035, 0x003C]}, LEAF.der)

    async def slow(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(0.15)
        await real(reader, writer)

    observation = scan(slow, tmp_path, budget=0.5, host_connections=2)
    seen = fact(observation)
    assert "budget" in gaps(observation).values()
    assert False not in seen.protocols.values() or None in seen.protocols.values()


def test_a_certificate_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    observation = scan(scripted({0x0303: [0xC02F]}, b"\x30\x03\x02\x01\x01"), tmp_path)
    seen = fact(observation)
    assert seen.protocols["TLSv1.2"] is True
    assert (seen.certificates, seen.trust, seen.hostname_matches) == (None, None, None)
    assert gaps(observation)["certificates"] == "protocol-garbage"


def test_a_flight_that_breaks_off_after_the_hello_still_shows_the_protocol(tmp_path: Path) -> None:
    async def handler(reader: Reader, writer: Writer) -> None:
        offer = await read_hello(reader)
        if offer is None or 0xC02F not in offer.suites or offer.version < 0x0303:
            writer.write(alert(40))
        else:
            writer.write(record(22, 0x0303, server_flight(0x0303, 0xC02F, [LEAF.der])[5:60]))
        await writer.drain()
        await reader.read()

    observation = scan(handler, tmp_path)
    seen = fact(observation)
    assert seen.protocols["TLSv1.2"] is True
    assert seen.certificates is None
    assert gaps(observation)["certificates"] == "timeout"


@pytest.mark.parametrize(("more", "kept", "unread"), [(b"\x30\x01\x00", 1, 63), (LEAF.der, 64, 0)])
def test_a_chain_without_end_is_read_to_a_limit(tmp_path: Path, more: bytes, kept: int, unread: int) -> None:
    """A quarter of a megabyte of certificates, readable or not, must not fill the observation."""
    chain = b"".join(vector(3, der) for der in (LEAF.der, *[more] * (200_000 // (len(more) + 3))))
    hello = b"\3\3" + bytes(32) + b"\0\xc0\x2f\0"
    body = message(2, hello) + message(11, vector(3, chain)) + message(14, b"")
    records = b"".join(record(22, 0x0303, body[at : at + 16000]) for at in range(0, len(body), 16000))

    async def handler(reader: Reader, writer: Writer) -> None:
        offer = await read_hello(reader)
        chosen = offer is not None and 0xC02F in offer.suites and offer.version == 0x0303
        writer.write(records if chosen else alert(40))
        await writer.drain()
        await reader.read()

    observation = scan(handler, tmp_path, timeout=2.0)
    seen = fact(observation)
    assert seen.certificates is not None
    assert len(seen.certificates) == kept
    found = [path for path in gaps(observation) if path.startswith("certificates.")]
    assert len(found) == unread + 1
    assert gaps(observation)["certificates.64"] == "budget"
