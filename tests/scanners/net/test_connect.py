"""TCP through the Gateway: what a permit opens, what it does not, and what hostile servers become."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway, Stream
from scanners.net.routes import Route, Routes
from tests.support.net_servers import (
    NAME,
    NOW,
    OPTIONS,
    QUICK,
    Behaviour,
    Server,
    answer,
    at,
    close,
    deaf,
    door,
    drip,
    endless,
    patience,
    places,
    reset,
    say,
    silent,
    unused,
    witnessed,
)

Use = Callable[[Stream], Awaitable[bytes]]


def reason(gateway: Gateway, target: Target, use: Use | None = None) -> Reason:
    async def attempt() -> None:
        async with await gateway.connect(gateway.permit(target, Technique.SERVICES)) as stream:
            if use is not None:
                await use(stream)

    with pytest.raises(NetFailure) as caught:
        asyncio.run(attempt())
    return caught.value.reason


def test_an_answer_comes_back_and_the_ledger_knows() -> None:
    gateway = door()
    with Server(answer(b"pong")) as server:

        async def talk() -> tuple[bytes, str]:
            async with await gateway.connect(gateway.permit(at(server, NAME), Technique.SERVICES)) as stream:
                await stream.write(b"ping")
                return await stream.readexactly(4) + await stream.read(100), stream.local_address

        assert asyncio.run(talk()) == (b"pong", "127.0.0.1")
    (contact,) = gateway.ledger.contacts()
    assert (contact.address, contact.ports, contact.technique) == ("127.0.0.1", (server.port,), "services")
    assert (contact.connections, contact.why, contact.first, contact.last) == (1, "in-networks", NOW, NOW)
    assert gateway.ledger.source_addresses() == ("127.0.0.1",)


def test_ipv6() -> None:
    with Server(say(b"hello"), address="::1") as server:
        gateway = door()

        async def listen() -> bytes:
            async with await gateway.connect(gateway.permit(at(server), Technique.SERVICES)) as stream:
                return await stream.readexactly(5)

        assert asyncio.run(listen()) == b"hello"
    assert [contact.address for contact in gateway.ledger.contacts()] == ["::1"]


def test_nobody_listens() -> None:
    assert reason(door(), at(unused())) is Reason.REFUSED


def test_a_dropped_syn() -> None:
    with deaf() as place:
        assert reason(door(QUICK), at(place)) is Reason.TIMEOUT


def test_a_reset_connection() -> None:
    with Server(answer(b"", then=reset)) as server:

        async def use(stream: Stream) -> bytes:
            await stream.write(b"x")
            return await stream.readexactly(1)

        assert reason(door(), at(server), use) is Reason.RESET


CASES: list[tuple[Behaviour, Use, Reason]] = [
    (silent, lambda s: s.read(10), Reason.TIMEOUT),
    (silent, lambda s: s.readexactly(1), Reason.TIMEOUT),
    (silent, lambda s: s.readuntil(b"\n", 100), Reason.TIMEOUT),
    (close, lambda s: s.readexactly(1), Reason.RESET),
    (say(b"abc", then=close), lambda s: s.readexactly(4), Reason.RESET),
    (say(b"abc", then=close), lambda s: s.readuntil(b"\n", 100), Reason.RESET),
    (drip(b"x"), lambda s: s.readexactly(1000), Reason.TIMEOUT),
    (drip(b"x"), lambda s: s.readuntil(b"\n", 1000), Reason.TIMEOUT),
    (endless(b"x" * 4096), lambda s: s.readuntil(b"\n", 10_000), Reason.PROTOCOL_GARBAGE),
    (say(b"12345\n"), lambda s: s.readuntil(b"\n", 5), Reason.PROTOCOL_GARBAGE),
]


@pytest.mark.parametrize(("behaviour", "use", "expected"), CASES)
def test_hostile_servers_end_in_a_reason(behaviour: Behaviour, use: Use, expected: Reason) -> None:
    with Server(behaviour) as server:
        assert reason(door(patience(expected)), at(server), use) is expected


def test_a_reader_that_never_reads_bounds_our_write() -> None:
    def stubborn(conn: object) -> None:
        time.sleep(3)

    with Server(stubborn) as server:
        assert reason(door(QUICK), at(server), _flood) is Reason.TIMEOUT


async def _flood(stream: Stream) -> bytes:
    await stream.write(b"x" * 50_000_000)
    return b""


def test_lines_one_by_one() -> None:
    with Server(say(b"one\r\ntwo\r\nrest", then=close)) as server:
        gateway = door()

        async def lines() -> list[bytes]:
            async with await gateway.connect(gateway.permit(at(server), Technique.SERVICES)) as stream:
                first = await stream.readuntil(b"\r\n", 5)
                second = await stream.readuntil(b"\r\n", 5)
                assert stream.pending == b"rest"
                return [first, second, await stream.read(2), await stream.read(100), await stream.read(1)]

        assert asyncio.run(lines()) == [b"one\r\n", b"two\r\n", b"re", b"st", b""]


def _refused(gateway: Gateway, ask: Callable[[], Permit]) -> None:
    async def attempt() -> None:
        await gateway.connect(ask())

    with witnessed() as events, pytest.raises(NetFailure) as caught:
        asyncio.run(attempt())
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert places(events) == []
    assert gateway.ledger.contacts() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until": NOW},
        {"valid_from": NOW + timedelta(seconds=1)},
        {"techniques": frozenset({Technique.DNS})},
        {"domains": ("example.org",), "networks": ()},
        {"networks": ()},
        {"ports": "22"},
        {"excluded_names": ("example.co.jp",)},
    ],
    ids=["expired", "not yet valid", "technique", "somebody else's", "not public", "port", "excluded"],
)
def test_without_leave_not_one_connection_is_tried(changes: dict[str, Any]) -> None:
    with Server(say(b"hello")) as server:
        gateway = door(**changes)
        _refused(gateway, lambda: gateway.permit(at(server, NAME), Technique.SERVICES))
        assert server.connections == 0


def test_a_permit_that_ends_before_the_contact() -> None:
    times = [NOW, NOW + timedelta(days=1)]
    with Server(say(b"hello")) as server:
        gateway = door(clock=lambda: times.pop(0) if len(times) > 1 else times[0])
        permit = gateway.permit(at(server), Technique.SERVICES)
        _refused(gateway, lambda: permit)
        assert server.connections == 0


def test_a_permit_that_ends_while_we_wait_for_our_turn() -> None:
    now = [NOW]
    with Server(say(b"hello")) as server:
        gateway = door(replace(OPTIONS, host_connections=1), clock=lambda: now[0])
        permit = gateway.permit(at(server), Technique.SERVICES)

        async def late() -> None:
            first = await gateway.connect(permit)
            assert await first.read(5) == b"hello"
            second = asyncio.create_task(gateway.connect(permit))
            await asyncio.sleep(0)
            now[0] = NOW + timedelta(days=1)
            await first.aclose()
            await second

        with pytest.raises(NetFailure) as caught:
            asyncio.run(late())
        assert caught.value.reason is Reason.NOT_PERMITTED
    assert server.connections == 1


def test_a_permit_of_another_consent() -> None:
    with Server(say(b"hello")) as server:
        foreign = door(applicant="other").permit(at(server), Technique.SERVICES)
        _refused(door(), lambda: foreign)
        assert server.connections == 0


def _routed(server: Server, to: str = "") -> Routes:
    return Routes(routes=(Route(name=NAME, port=22, to_address=to or server.address, to_port=server.port),))


def test_a_route_is_followed_and_the_ledger_tells_the_physical_place() -> None:
    with Server(say(b"hello"), address="127.0.0.2") as server:
        gateway = door(replace(OPTIONS, routes=_routed(server)), ports="22")

        async def listen() -> bytes:
            target = Target(name=NAME, address="127.0.0.1", port=22)
            async with await gateway.connect(gateway.permit(target, Technique.SERVICES)) as stream:
                return await stream.readexactly(5)

        assert asyncio.run(listen()) == b"hello"
    (contact,) = gateway.ledger.contacts()
    assert (contact.address, contact.ports) == ("127.0.0.2", (server.port,))


def test_a_route_to_a_place_that_is_not_permitted() -> None:
    with Server(say(b"hello"), address="127.66.0.1") as server:
        gateway = door(replace(OPTIONS, routes=_routed(server)))
        target = Target(name=NAME, address="127.0.0.1", port=22)
        _refused(gateway, lambda: gateway.permit(target, Technique.SERVICES))
        assert server.connections == 0


@pytest.mark.parametrize("pins", [(), ("127.0.0.2",)])
def test_a_route_to_a_stranger(pins: tuple[str, ...]) -> None:
    """A public address that neither the networks nor DNS give to the name, whatever the operator says."""
    stranger = Route(name=NAME, port=22, to_address="8.8.8.8", to_port=22)
    gateway = door(replace(OPTIONS, routes=Routes(routes=(stranger,))))
    gateway.pin(NAME, pins)
    leaves: tuple[Callable[[], Permit], ...] = (
        lambda: gateway.permit(Target(name=NAME, address="127.0.0.2", port=22), Technique.SERVICES),
        lambda: gateway.permit(Target(name=NAME, address="8.8.8.8", port=22), Technique.SERVICES),
        lambda: gateway.permit(Target(name=NAME, address="8.8.8.8"), Technique.PORTS),
        lambda: gateway.permit_contact(
            Target(name=NAME, address="8.8.8.8", port=25), Technique.MAIL, why="mx"
        ),
        lambda: gateway.permit_query(Target(name=NAME, address="127.0.0.2", port=22), why="ns"),
    )
    for leave in leaves:
        _refused(gateway, leave)


def test_a_place_that_dns_confirms() -> None:
    gateway = door()
    gateway.pin(NAME, ["8.8.8.8"])
    permit = gateway.permit(Target(name=NAME, address="8.8.8.8", port=22), Technique.SERVICES)
    assert permit.target.address == "8.8.8.8"


@pytest.mark.parametrize("target", [Target(name=NAME, port=22), Target(name=NAME, address="127.0.0.1")])
def test_a_permit_without_a_place_is_our_own_mistake(target: Target) -> None:
    gateway = door()
    with pytest.raises(ValueError, match="address and a port"):
        asyncio.run(gateway.connect(gateway.permit(target, Technique.SERVICES)))


def test_an_error_that_is_not_the_networks_stays_an_error() -> None:
    """A port number that does not exist is our own bug, which `observe` records as such."""
    gateway = door()
    permit = gateway.permit(Target(address="127.0.0.1", port=70_000), Technique.SERVICES)
    with pytest.raises(OverflowError):
        asyncio.run(gateway.connect(permit))


def test_pins_stay() -> None:
    gateway = door()
    assert gateway.pinned(NAME) == ()
    gateway.pin("WWW.example.co.jp.", ["::0001", "127.0.0.1", "127.0.0.1"])
    gateway.pin(NAME, ["127.0.0.2"])
    assert gateway.pinned(NAME) == ("::1", "127.0.0.1")


def test_an_outer_deadline_is_not_taken_for_the_networks() -> None:
    with Server(silent) as server:
        gateway = door(replace(OPTIONS, timeout=30))

        async def attempt() -> None:
            async with (
                asyncio.timeout(0.05),
                await gateway.connect(gateway.permit(at(server), Technique.SERVICES)) as stream,
            ):
                await stream.read(1)

        with pytest.raises(TimeoutError):
            asyncio.run(attempt())
