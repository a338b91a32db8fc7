"""A host that sheds load is worked more gently, and what it said under load is not believed."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation
from tests.support.tls_servers import (
    NAME,
    alert,
    canned,
    context,
    fact,
    gaps,
    issue,
    observe,
    read_hello,
    scripted,
)

LEAF = issue(NAME, names=[NAME])
SUITES = {
    0x0301: [0x0005, 0x000A, 0x002F, 0x0035],
    0x0303: [0xC02F, 0xC030, 0xC027, 0xC013, 0x009C, 0x009D, 0x003C, 0x002F, 0x0035, 0x000A],
}
Shed = Callable[[StreamWriter], Awaitable[None]]


async def resets(writer: StreamWriter) -> None:
    writer.transport.abort()


async def errors(writer: StreamWriter) -> None:
    writer.write(alert(80))
    await writer.drain()


class Tired:
    """Serves `room` connections at a time as `inner` does and sheds the others; remembers the most at once.

    `lately` is the most at once since something was shed last.
    """

    def __init__(self, inner: Any, room: int, shed: Shed) -> None:
        self.inner, self.room, self.shed = inner, room, shed
        self.busy = self.lately = self.refused = self.count = 0

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.count += 1
        if self.busy >= self.room:
            self.refused, self.lately = self.refused + 1, 0
            await reader.read(1)
            await self.shed(writer)
            return
        self.busy += 1
        self.lately = max(self.lately, self.busy)
        try:
            await asyncio.sleep(0.01)
            await self.inner(reader, writer)
        finally:
            self.busy -= 1


def scan(handler: Any, folder: Path, **options: Any) -> Observation[TlsEndpoint]:
    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            return await observe(server, context(folder=folder, timeout=1.0, **options))

    return asyncio.run(run())


@pytest.mark.parametrize("shed", [resets, errors])
@pytest.mark.parametrize("room", [1, 2, 4])
def test_what_is_shed_is_asked_again_more_gently(tmp_path: Path, shed: Shed, room: int) -> None:
    tired = Tired(scripted(SUITES, LEAF.der), room, shed)
    seen = fact(scan(tired, tmp_path))
    calm = fact(scan(scripted(SUITES, LEAF.der), tmp_path))
    assert tired.refused > 0
    assert 1 <= tired.lately <= max(room, 1)
    assert seen.protocols == calm.protocols
    assert seen.cipher_suites == calm.cipher_suites
    assert seen.partial == ()


class Once:
    """Says no by resetting, and once resets where it otherwise accepts."""

    def __init__(self) -> None:
        self.real = scripted({0x0303: [0xC02F]}, LEAF.der, refuse=resets)
        self.count, self.shed = 0, False

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.count += 1
        if self.count == 1 or self.shed:
            await self.real(reader, writer)
            return
        offer = await read_hello(reader)
        new = offer is not None and offer.version == 0x0303 and 43 not in offer.extensions
        self.shed = offer is not None and new and 0xC02F in offer.suites
        await resets(writer)


def test_a_reset_under_load_is_never_a_no(tmp_path: Path) -> None:
    """One reset that a rest cures; from then on silence and resets of old versions prove nothing."""
    observation = scan(Once(), tmp_path, host_connections=1)
    seen = fact(observation)
    assert seen.protocols["TLSv1.2"] is True
    assert [seen.protocols[name] for name in ("SSLv3", "TLSv1.0", "TLSv1.1")] == [None, None, None]
    assert gaps(observation)["protocols.TLSv1.0"] == "rate-limited"


def test_a_server_that_says_no_by_resetting_costs_a_few_questions_more(tmp_path: Path) -> None:
    counts = []
    for refuse in (None, resets):
        tired = Tired(scripted(SUITES, LEAF.der, refuse=refuse), 100, resets)
        seen = fact(scan(tired, tmp_path))
        assert seen.protocols["TLSv1.1"] is False
        assert seen.partial == ()
        counts.append(tired.count)
    assert counts[0] < counts[1] <= counts[0] + 20


def test_alerts_that_end_a_list_are_no_load(tmp_path: Path) -> None:
    tired = Tired(scripted(SUITES, LEAF.der), 100, resets)
    seen = fact(scan(tired, tmp_path))
    assert seen.connections == tired.count <= 70
    assert tired.lately >= 6
