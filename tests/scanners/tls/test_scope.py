"""How deep a look goes depends on whose machine it is, and several addresses are compared."""

import asyncio
from asyncio import StreamReader, StreamWriter
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Unseen
from posture.core.scope import Provider
from posture.core.targets import Target
from scanners import tls
from tests.support.tls_servers import (
    NAME,
    canned,
    context,
    fact,
    gaps,
    issue,
    observe,
    openssl,
    rsa_key,
    scripted,
)

LEAF = issue(NAME, names=[NAME], key=rsa_key())


def counted(handler: Any) -> tuple[Any, list[int]]:
    count = [0]

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        count[0] += 1
        await handler(reader, writer)

    return serve, count


def test_a_provider_gets_one_ordinary_contact(tmp_path: Path) -> None:
    handler, count = counted(scripted({0x0303: [0xC02F]}, LEAF.der))

    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            return await observe(
                server, context(folder=tmp_path), name="mx.provider.example", contact_why="mx"
            )

    observation = asyncio.run(run())
    seen = fact(observation)
    assert count == [1]
    assert (seen.connections, seen.depth) == (1, "contact")
    assert seen.protocols["TLSv1.2"] is True
    assert seen.protocols["SSLv3"] is None
    assert gaps(observation)["protocols"] == "not-permitted"
    assert seen.certificates is not None


def test_nothing_goes_to_an_address_outside_the_consent(tmp_path: Path) -> None:
    provider = Provider(name="Hoster", kind="hosting", networks=(ip_network("127.0.0.0/8"),), names=())
    handler, count = counted(scripted({0x0303: [0x002F]}, LEAF.der))

    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            scan = context(folder=tmp_path, providers=(provider,), networks=("192.0.2.0/24",))
            return await observe(server, scan)

    observation = asyncio.run(run())
    # Loopback that the consent does not name is nobody's public address: not a packet goes out.
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == "not-permitted"
    assert count == [0]


def test_without_a_permit_nothing_is_sent(tmp_path: Path) -> None:
    handler, count = counted(scripted({0x0303: [0xC02F]}, LEAF.der))

    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            return await observe(server, context(folder=tmp_path, networks=()), name="www.other.example")

    observation = asyncio.run(run())
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == "not-permitted"
    assert count == [0]


@pytest.mark.parametrize(
    ("other", "differences"), [("-tls1_2", ()), ("-tls1_3", ("cipher_suites", "protocols"))]
)
def test_addresses_of_one_name_are_compared(tmp_path: Path, other: str, differences: tuple[str, ...]) -> None:
    """Two loopback addresses under one name and port, by way of routes."""
    from scanners.net.routes import Route, Routes

    with openssl(LEAF, "-tls1_2") as one, openssl(LEAF, other) as two:
        scans = []
        for server, address in ((one, "127.0.0.1"), (two, "127.0.0.2")):
            route = Route(name=NAME, port=443, to_address="127.0.0.1", to_port=server.port)
            scan = context(folder=tmp_path, routes=Routes(routes=(route,)))
            target = tls.TlsTarget(target=Target(name=NAME, address=address, port=443))
            scans += asyncio.run(tls.scan(scan, [target]))
    first, second = map(fact, tls.compared(scans))
    assert first.differences == second.differences == differences
    assert fact(scans[0]).differences is None
