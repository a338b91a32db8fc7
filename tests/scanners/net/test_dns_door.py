"""Datagrams, and dnspython on top of the Gateway."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.message
import dns.rrset
import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.targets import Target, network
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from scanners.net.routes import Route, Routes
from tests.support.net_servers import (
    NAME,
    OPTIONS,
    QUICK,
    Server,
    at,
    door,
    places,
    silent,
    unused,
    witnessed,
)

Reply = Callable[[bytes], bytes]


@contextmanager
def datagrams(
    reply: Callable[[socket.socket, bytes, tuple[str, int]], None], address: str = "127.0.0.1"
) -> Iterator[tuple[str, int]]:
    """A UDP server."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    sock.settimeout(0.1)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                data, peer = sock.recvfrom(65_535)
            except TimeoutError:
                continue
            reply(sock, data, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield sock.getsockname()
    over.set()
    thread.join(5)
    sock.close()


def answered(wire: bytes) -> bytes:
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.1"))
    return response.to_wire()


def honest(sock: socket.socket, data: bytes, peer: tuple[str, int]) -> None:
    sock.sendto(answered(data), peer)


def forger(sock: socket.socket, data: bytes, peer: tuple[str, int]) -> None:
    """Somebody else answers first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.3", 0))
        other.sendto(b"forged", peer)
    sock.sendto(b"true", peer)


def echo(sock: socket.socket, data: bytes, peer: tuple[str, int]) -> None:
    sock.sendto(data, peer)


def over_tcp(conn: socket.socket) -> None:
    (length,) = struct.unpack("!H", conn.recv(2))
    wire = answered(conn.recv(length))
    conn.sendall(struct.pack("!H", len(wire)) + wire)


def talk(gateway: Gateway, place: tuple[str, int], *words: bytes) -> list[bytes]:
    async def all_of_them() -> list[bytes]:
        async with await gateway.udp(gateway.permit(at(place), Technique.SERVICES)) as endpoint:
            heard = []
            for word in words:
                await endpoint.send(word)
                heard.append(await endpoint.receive())
            return heard

    return asyncio.run(all_of_them())


def test_each_datagram_is_in_the_ledger() -> None:
    gateway = door()
    with datagrams(echo) as place:
        assert talk(gateway, place, b"one", b"", b"three") == [b"one", b"", b"three"]
    (contact,) = gateway.ledger.contacts()
    assert (contact.address, contact.ports, contact.connections) == (place[0], (place[1],), 3)
    assert gateway.ledger.source_addresses() == ("127.0.0.1",)


def test_what_others_send_is_not_heard() -> None:
    with datagrams(forger) as place:
        assert talk(door(), place, b"?") == [b"true"]


def test_nobody_listens_and_nobody_answers() -> None:
    with pytest.raises(NetFailure) as caught:
        talk(door(), unused(), b"?")
    assert caught.value.reason is Reason.REFUSED
    with datagrams(lambda *_: None) as place, pytest.raises(NetFailure) as caught:
        talk(door(QUICK), place, b"?")
    assert caught.value.reason is Reason.TIMEOUT


def query() -> dns.message.QueryMessage:
    return dns.message.make_query(NAME, "A")


def test_queries_of_dnspython_go_through_the_door() -> None:
    gateway = door()
    with datagrams(honest) as place:

        async def ask() -> dns.message.Message:
            backend = gateway.dns_backend(why="name server")
            return await dns.asyncquery.udp(query(), place[0], timeout=8, port=place[1], backend=backend)

        assert "192.0.2.1" in asyncio.run(ask()).to_text()
    (contact,) = gateway.ledger.contacts()
    assert (contact.technique, contact.ports, contact.connections, contact.why) == (
        "dns",
        (place[1],),
        1,
        "name server",
    )


def test_queries_over_tcp() -> None:
    gateway = door()
    with Server(over_tcp) as server:

        async def ask() -> dns.message.Message:
            return await dns.asyncquery.tcp(
                query(), server.address, timeout=8, port=server.port, backend=gateway.dns_backend()
            )

        assert "192.0.2.1" in asyncio.run(ask()).to_text()
    assert [contact.connections for contact in gateway.ledger.contacts()] == [1]


def test_the_whole_resolver_of_dnspython() -> None:
    gateway = door()
    with datagrams(honest) as place:

        async def ask() -> list[str]:
            resolver = dns.asyncresolver.Resolver(configure=False)
            resolver.nameservers = [place[0]]
            resolver.port = place[1]
            answer = await resolver.resolve(NAME, "A", backend=gateway.dns_backend(), lifetime=8)
            return [str(record) for record in answer]

        assert asyncio.run(ask()) == ["192.0.2.1"]


def test_lateness_is_what_dnspython_expects() -> None:
    async def ask(tcp: bool, place: tuple[str, int]) -> None:  # noqa: FBT001 - two cases of one question
        how = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        await how(query(), place[0], timeout=0.1, port=place[1], backend=door().dns_backend())

    with datagrams(lambda *_: None) as place, pytest.raises(dns.exception.Timeout):
        asyncio.run(ask(False, place))
    with (
        Server(silent) as server,
        pytest.raises(dns.exception.Timeout),
    ):
        asyncio.run(ask(True, (server.address, server.port)))


def test_a_resolver_of_the_operators_may_be_anywhere_and_others_may_not() -> None:
    with datagrams(honest) as place:
        known = replace(OPTIONS, resolvers=(place,))
        for options, configured, allowed in (
            (known, False, True),
            (OPTIONS, True, True),
            (OPTIONS, False, False),
        ):
            gateway = door(options, networks=(network("192.0.2.0/24"),))

            async def ask(gateway: Gateway = gateway, configured: bool = configured) -> None:  # noqa: FBT001
                backend = gateway.dns_backend(configured=configured)
                await dns.asyncquery.udp(query(), place[0], timeout=8, port=place[1], backend=backend)

            if allowed:
                asyncio.run(ask())
                continue
            with witnessed() as events, pytest.raises(NetFailure) as caught:
                asyncio.run(ask())
            assert caught.value.reason is Reason.NOT_PERMITTED
            assert places(events) == []
            assert gateway.ledger.contacts() == ()


def test_a_name_server_has_routes_too() -> None:
    with datagrams(honest) as place:
        routes = Routes(routes=(Route(name=NAME, port=53, to_address=place[0], to_port=place[1]),))
        gateway = door(replace(OPTIONS, routes=routes))

        async def ask() -> dns.message.Message:
            backend = gateway.dns_backend(name=NAME)
            return await dns.asyncquery.udp(query(), "127.0.0.53", timeout=8, port=53, backend=backend)

        assert "192.0.2.1" in asyncio.run(ask()).to_text()
    assert [contact.ports for contact in gateway.ledger.contacts()] == [(place[1],)]


def test_what_the_backend_does_not_do() -> None:
    backend = door().dns_backend()

    async def misuse() -> None:
        with pytest.raises(NotImplementedError):
            await backend.make_socket(socket.AF_INET, socket.SOCK_DGRAM)
        with pytest.raises(NotImplementedError):
            backend.get_transport_class()
        with datagrams(echo) as place:
            async with await backend.make_socket(
                socket.AF_INET, socket.SOCK_DGRAM, destination=place
            ) as sock:
                assert await sock.getpeername() == place
                with pytest.raises(ValueError, match="one server"):
                    await sock.sendto(b"?", ("127.0.0.4", 53), 1)

    asyncio.run(misuse())


def test_a_query_permit_without_a_target() -> None:
    gateway = door()
    with pytest.raises(ValueError, match="address and a port"):
        asyncio.run(gateway.udp(gateway.permit_query(Target(name=NAME), why="resolver")))
