"""Whole scans of servers whose recorded flights are spoilt: a null or an Unseen, no traceback, no hang."""

import asyncio
import random
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from posture.checks.runner import judge
from posture.core import document
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Owner
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Target
from scanners.tls import hello as h
from scanners.tls.registry import TLS13
from tests.support.tls_servers import (
    NAME,
    Handler,
    Offer,
    Server,
    alert,
    canned,
    context,
    issue,
    observe,
    openssl,
    read_hello,
    rsa_key,
)

LEAF = issue(NAME, names=[NAME], key=rsa_key())
SEEDS = range(12)


@dataclass(frozen=True, slots=True)
class Flight:
    """What a real server answered to a hello, and what it chose."""

    version: int
    suite: int
    said: bytes


def recorder(real: Server, kept: list[Flight]) -> Handler:
    """A server that hands everything on to the real one and keeps what that one says to accepted hellos."""

    async def handler(reader: Reader, writer: Writer) -> None:
        theirs, ours = await asyncio.open_connection(real.address, real.port)
        said = bytearray()

        async def back() -> None:
            while data := await theirs.read(16384):
                said.extend(data)
                writer.write(data)

        answering = asyncio.create_task(back())
        try:
            while data := await reader.read(16384):
                ours.write(data)
        finally:
            answering.cancel()
            ours.transport.abort()
            if said[:1] == b"\x16" and said[5:6] == b"\2":
                length = int.from_bytes(said[6:9], "big")
                chosen = h.read_server_hello(bytes(said[9 : 9 + length]))
                kept.append(Flight(chosen.version, chosen.suite, bytes(said)))

    return handler


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> list[Flight]:
    """One of each version and suite that OpenSSL has, from scans of it as it is."""
    kept: list[Flight] = []

    async def record(real: Server, folder: Path) -> None:
        async with canned(recorder(real, kept)) as server:
            await observe(server, context(folder=folder))

    for version in ("-tls1", "-tls1_2", "-tls1_3"):
        with openssl(LEAF, version, "-cipher", "ALL:@SECLEVEL=0") as real:
            asyncio.run(record(real, tmp_path_factory.mktemp("flights")))
    first = {(each.version, each.suite): each for each in reversed(kept)}
    assert {version for version, _ in first} == {0x0301, 0x0303, 0x0304}
    assert len(first) > 40
    return sorted(first.values(), key=lambda each: (each.version, each.suite))


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 6)):
        data[dice.randrange(min(len(data), dice.choice((12, 100, 4000))))] = dice.randrange(256)


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _drop(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, 40)]


def _repeat(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.randint(1, 2000)]


def _swell(data: bytearray, dice: random.Random) -> None:
    """A length too large or too small, wherever it may stand."""
    at = dice.choice((3, 6, 43, dice.randrange(len(data))))
    data[at : at + 2] = dice.choice((b"\xff\xff", b"\0\0", b"\x40\x01"))


def _swap(data: bytearray, dice: random.Random) -> None:
    middle = dice.randrange(len(data))
    data[:] = data[middle:] + data[:middle]


MUTATIONS: Sequence[Callable[[bytearray, random.Random], None]] = (
    *(_flip, _flip, _cut, _drop, _repeat, _swell, _swap),
)


def mutated(said: bytes, dice: random.Random) -> bytes:
    """At most three changes; a third of all answers stay as they are, for scans to get further."""
    data = bytearray(said)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3)) if dice.random() > 0.2 else 0):
        if data:
            dice.choice(MUTATIONS)(data, dice)
    return bytes(data)


def fits(flight: Flight, offer: Offer) -> bool:
    newer = TLS13.to_bytes(2, "big") in offer.extensions.get(h.EXT_SUPPORTED_VERSIONS, b"")
    if (flight.version == TLS13) is not newer or flight.suite not in offer.suites:
        return False
    return newer or flight.version <= offer.version


def spoilt(flights: Sequence[Flight], seed: int) -> Handler:
    """A server whose answers are drawn with the seed: spoilt at once, and spoilt behind our next words."""
    dice = random.Random(seed)

    async def handler(reader: Reader, writer: Writer) -> None:
        with suppress(asyncio.IncompleteReadError):
            offer = await read_hello(reader)
            fitting = [each for each in flights if offer is not None and fits(each, offer)]
            newest = [each for each in fitting if each.version == fitting[-1].version]
            said = dice.choice(newest[:3]).said if newest else alert(dice.choice((40, 70)))
            data = mutated(said, dice)
            middle = dice.randrange(len(data) + 1)
            for part in (data[:middle], data[middle:]):  # in two pieces, wherever they part
                writer.write(part)
                await writer.drain()
            if dice.random() < 0.8:
                await reader.read(4096)
                writer.write(mutated(dice.choice(flights).said, dice))
                await writer.drain()

    return handler


async def scan(flights: Sequence[Flight], seed: int, folder: Path) -> Observation[TlsEndpoint]:
    chosen = context(folder=folder, timeout=0.3, budget=4.0)
    async with canned(spoilt(flights, seed)) as server, asyncio.timeout(60):
        return await observe(server, chosen)  # asserts that nothing of ours was at fault


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_bytes_a_scan_ends_in_a_value(tmp_path: Path, flights: list[Flight], seed: int) -> None:
    observation = asyncio.run(scan(flights, seed, tmp_path))
    if isinstance(observation.result, Seen):
        value = observation.result.value
        assert True in value.protocols.values()
        assert {gap.reason for gap in observation.result.gaps} <= set(Reason) - {Reason.BUG}
    else:
        assert observation.result.reason is not Reason.BUG
    judged = judge([observation], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    assert judged.faults == ()
    assert document.observation(observation)["kind"] == TlsEndpoint.KIND
