"""Python's own audit events against the ledger: nothing leaves through any door that is not written down."""

import asyncio
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest

from posture.core.assessment import Contact
from posture.core.consent import Technique
from posture.core.targets import Target, port_ranges
from scanners import ports, services
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from tests.support.net_servers import (
    NAME,
    Server,
    answer,
    at,
    close,
    context,
    door,
    places,
    say,
    unused,
    witnessed,
)
from tests.support.tls_servers import issue
from tests.support.tools import require_tool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Events = list[tuple[str, tuple[Any, ...]]]


def swept(command: Iterable[str]) -> set[tuple[str, int]]:
    """Addresses and ports on nmap's command line; none for a run without targets."""
    words = list(command)
    if "-p" not in words:
        assert "--top-ports" in words
        assert all("." not in word and "::" not in word for word in words[words.index("--top-ports") :])
        return set()
    place = words.index("-p")
    numbers = [n for one in port_ranges(words[place + 1]) for n in range(one.first, one.last + 1)]
    return {(address, number) for address in words[place + 2 :] for number in numbers}


def sent(events: Events) -> set[tuple[str, int]]:
    started = [arguments[1] for event, arguments in events if event == "subprocess.Popen"]
    return set(places(events)).union(*(swept(map(str, command)) for command in started))


def written(contacts: Iterable[Contact]) -> set[tuple[str, int]]:
    return {(contact.address, port) for contact in contacts for port in contact.ports}


async def _streams(gateway: Gateway) -> None:
    with Server(say(b"hello")) as server:
        async with await gateway.connect(gateway.permit(at(server, NAME), Technique.SERVICES)) as stream:
            assert await stream.read(5) == b"hello"


async def _datagrams(gateway: Gateway) -> None:
    async with await gateway.udp(gateway.permit(at(unused()), Technique.SERVICES)) as endpoint:
        await endpoint.send(b"?")


async def _queries(gateway: Gateway) -> None:
    address, port = unused()
    for how in (dns.asyncquery.udp, dns.asyncquery.tcp):
        query = dns.message.make_query(NAME, "A")
        with pytest.raises(NetFailure):
            await how(query, address, timeout=0.2, port=port, backend=gateway.dns_backend())


async def _pages(gateway: Gateway) -> None:
    gateway.pin(NAME, ("127.0.0.1",))
    with Server(answer(OK)) as server, gateway.session() as session:
        response = await asyncio.to_thread(session.get, f"http://{NAME}:{server.port}/")
        response.close()


async def _sweeps(gateway: Gateway) -> None:
    with Server(close) as server:
        permit = gateway.permit(at((server.address, server.port)), Technique.PORTS)
        await gateway.nmap([permit], ("-sS", "-p", f"T:{server.port},1-5"))
        await gateway.usual_ports(10)


@pytest.mark.parametrize("use", [_streams, _datagrams, _queries, _pages, _sweeps])
def test_each_door_writes_down_what_it_sends(use: Any) -> None:
    require_tool("nmap")
    gateway = door()
    with witnessed() as events:
        asyncio.run(use(gateway))
    assert sent(events)
    assert sent(events) == written(gateway.ledger.contacts())
    assert not [event for event, _ in events if event == "socket.getaddrinfo"]


def test_an_https_page(tmp_path: Path) -> None:
    paper = issue(NAME)
    (tmp_path / "both.pem").write_bytes(paper.key_pem + paper.pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "both.pem")

    def behave(conn: Any) -> None:
        with tls.wrap_socket(conn, server_side=True) as secured:
            answer(OK)(secured)

    gateway = door()
    gateway.pin(NAME, ("127.0.0.1",))
    with Server(behave) as server, witnessed() as events, gateway.session() as session:
        session.get(f"https://{NAME}:{server.port}/").close()
    assert sent(events) == written(gateway.ledger.contacts()) == {("127.0.0.1", server.port)}


def test_two_scanners_side_by_side() -> None:
    require_tool("nmap")
    with Server(say(b"SSH-2.0-OpenSSH_9.2p1\r\n"), address="127.0.0.2") as server:
        ctx = context(ports=f"{server.port},{server.port + 1}")

        async def both() -> None:
            await asyncio.gather(
                ports.scan(ctx, [Target(address="127.0.0.2")]), services.scan(ctx, [at(server)])
            )

        with witnessed() as events:
            asyncio.run(both())
    assert ctx.faults == []
    contacts = ctx.gateway.ledger.contacts()
    assert sent(events) == written(contacts)
    assert {contact.technique for contact in contacts} == {"ports", "services"}
    connects = [event for event, _ in events if event == "socket.connect"]
    probes = sum(len(swept(map(str, args[1]))) for event, args in events if event == "subprocess.Popen")
    assert sum(contact.connections for contact in contacts) == len(connects) + probes
