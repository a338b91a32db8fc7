"""Several hosts in one run of nmap: the same answers as alone, and none of them spoils the others."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from posture.core.facts.ports_host import PortsHost
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners import ports
from scanners.net.failure import NetFailure
from scanners.net.nmap import NmapError
from scanners.ports.control import Control
from scanners.ports.plan import Spot
from scanners.ports.tcp import parcels
from tests.support.net_servers import NAME, OPTIONS, Server, context, silent, witnessed
from tests.support.tools import require_tool

HOSTS = tuple(f"127.0.81.{number}" for number in range(1, 5))


@pytest.fixture(autouse=True)
def _nmap() -> None:
    require_tool("nmap")


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """One port on each host, another on each."""
    with ExitStack() as stack:
        yield [stack.enter_context(Server(silent, address=host)) for host in HOSTS]


def scan(servers: list[Server], *hosts: str) -> tuple[list[Observation[PortsHost]], list[list[str]]]:
    """The observations, and the addresses of each run."""
    wanted = ",".join(str(server.port) for server in servers)
    ctx = context(replace(OPTIONS, timeout=2, ports=wanted))
    with witnessed() as events:
        found = asyncio.run(ports.scan(ctx, [Target(address=host) for host in hosts or HOSTS]))
    assert ctx.faults == []
    started = [list(map(str, what[1])) for event, what in events if event == "subprocess.Popen"]
    runs = [[word for word in words if word.startswith("127.")] for words in started if "-p" in words]
    return found, runs


def opened(obs: Observation[PortsHost]) -> list[int]:
    assert isinstance(obs.result, Seen), obs.result
    return [port.port for port in obs.result.value.open_ports()]


def test_hosts_that_are_alike_share_a_run(servers: list[Server]) -> None:
    found, runs = scan(servers)
    assert runs == [list(HOSTS)]
    assert [opened(obs) for obs in found] == [[server.port] for server in servers]
    assert [obs.target.address for obs in found] == list(HOSTS)
    alone = [scan(servers, host)[0][0] for host in HOSTS]
    assert [(obs.result, obs.evidence) for obs in alone] == [(obs.result, obs.evidence) for obs in found]


def test_a_host_that_may_not_be_swept_does_not_spoil_the_others(servers: list[Server]) -> None:
    found, runs = scan(servers, HOSTS[0], "127.66.0.1", HOSTS[1])
    assert [isinstance(obs.result, Seen) for obs in found] == [True, False, True]
    assert isinstance(found[1].result, Unseen)
    assert found[1].result.reason is Reason.NOT_PERMITTED
    assert not any("127.66.0.1" in run for run in runs)


def test_a_host_that_bans_us_ends_the_run_and_is_not_asked_again(
    servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = Control._confirm

    async def banned(self: Control, when: str) -> None:
        if self._address == HOSTS[1] and when == "during":
            raise NetFailure(Reason.BLOCKED, "banned half-way")
        await confirm(self, when)

    monkeypatch.setattr(Control, "_confirm", banned)
    monkeypatch.setattr("scanners.ports.control._BEAT", 0)
    found, runs = scan(servers)
    assert found[1].result == Unseen(reason=Reason.BLOCKED, detail="banned half-way")
    assert [opened(obs) for obs in (found[0], *found[2:])] == [
        [server.port] for server in (servers[0], *servers[2:])
    ]
    assert [HOSTS[1] in run for run in runs] == [True, False, False, False]


def test_a_run_that_fails_is_made_again_host_by_host(
    servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise NmapError("nmap's result is not whole")

    monkeypatch.setattr("scanners.ports.tcp.read_each", broken)
    found, runs = scan(servers)
    assert [opened(obs) for obs in found] == [[server.port] for server in servers]
    assert [len(run) for run in runs] == [4, 1, 1, 1, 1]


def test_a_silent_host_among_others_is_not_a_clean_one(
    servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its control never answers, though its neighbours' do: each host has a control of its own."""
    ask = Control._ask

    async def silence(self: Control, spot: Spot) -> "bool | NetFailure":
        quiet = self._address == HOSTS[2]
        return NetFailure(Reason.TIMEOUT, "silence") if quiet else await ask(self, spot)

    monkeypatch.setattr(Control, "_ask", silence)
    found, _ = scan(servers)
    assert [isinstance(obs.result, Seen) for obs in found] == [True, True, False, True]


# -- who shares a run ----------------------------------------------------------------------------------------


def spots(address: str, *numbers: int, protocol: str = "tcp", moved: bool = False) -> list[Spot]:
    return [
        Spot(
            protocol=protocol,
            target=Target(name=NAME, address=address, port=number),
            address=address,
            number=number + 10_000 if moved else number,
        )
        for number in numbers
    ]


@pytest.mark.parametrize(
    ("count", "lanes", "sizes"),
    [(1, 2, [1]), (2, 2, [1, 1]), (3, 2, [2, 1]), (5, 2, [3, 2]), (20, 2, [8, 8, 4]), (4, 1, [4])],
)
def test_lanes_are_filled_before_a_run_is_shared(count: int, lanes: int, sizes: list[int]) -> None:
    several = {f"192.0.2.{n}": spots(f"192.0.2.{n}", 22, 80) for n in range(count)}
    found = list(parcels(several, lanes))
    assert [len(places) for places in found] == sizes
    assert [place for places in found for place in places] == list(several)


def test_only_hosts_that_are_alike_share_a_run() -> None:
    several = {
        "192.0.2.1": spots("192.0.2.1", 22),
        "192.0.2.2": spots("192.0.2.2", 22),
        "192.0.2.3": spots("192.0.2.3", 22, 80),
        "192.0.2.4": spots("192.0.2.4", 22, moved=True),
        "2001:db8::1": spots("2001:db8::1", 22),
        "192.0.2.5": spots("192.0.2.5", 161, protocol="udp"),
        "192.0.2.6": spots("192.0.2.6", *range(1, 5002)),
        "192.0.2.7": spots("192.0.2.7", *range(1, 5002)),
    }
    assert sorted(parcels(several, 1)) == sorted(
        [["192.0.2.1", "192.0.2.2"], *([place] for place in [*several][2:])]
    )
