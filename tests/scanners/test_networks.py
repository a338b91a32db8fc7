"""The applicant's networks asked as networks, with the real nmap on loopback."""

import asyncio
import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from posture.core.consent import Authority, Basis
from posture.core.facts.ports_network import PortsNetwork
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target, network
from scanners.context import Context
from scanners.ports import networks
from tests.support.net_servers import NAME, OPTIONS, Server, close, context, deaf, witnessed
from tests.support.tools import require_tool

PORTS = "8443,8888"
NET = "127.0.71.0/29"


@pytest.fixture(autouse=True)
def _nmap() -> None:
    require_tool("nmap")


def asking(*, most: int = 256, **changes: Any) -> Context:
    given = {"networks": (network(NET),), "excluded_networks": (network("127.0.71.7/32"),), **changes}
    return context(replace(OPTIONS, ports=PORTS, network_addresses=most), **given)


def count(ctx: Context) -> list[Observation[PortsNetwork]]:
    found = asyncio.run(networks.census(ctx))
    assert ctx.faults == []
    return found


def test_hosts_are_found_where_something_is_open() -> None:
    with ExitStack() as stack:
        for place in ("127.0.71.2", "127.0.71.5"):
            stack.enter_context(Server(close, address=place, port=8443))
        ctx = asking()
        (obs,) = count(ctx)
    assert obs.target == Target(address="127.0.71.0")
    assert isinstance(obs.result, Seen), obs.result
    assert obs.result.value == PortsNetwork(
        network=NET,
        asked=7,
        scanned="T:8443,8888",
        open=("127.0.71.2", "127.0.71.5"),
        refusing=5,
        silent=0,
    )
    assert networks.hosts([obs], [Target(name=NAME, address="127.0.71.5")]) == [Target(address="127.0.71.2")]
    assert {contact.address for contact in ctx.gateway.ledger.contacts()} == {
        f"127.0.71.{n}" for n in range(7)
    }


def test_names_seen_meanwhile_are_told_only_within_the_consent() -> None:
    with Server(close, address="127.0.71.2", port=8443), Server(close, address="127.0.71.3", port=8443):
        ctx = asking()
        found = count(ctx)
        ctx.gateway.pin(f"vpn.{NAME}", ["127.0.71.2"])
        ctx.gateway.pin("www.example.com", ["127.0.71.3"])
    (obs,) = networks.named(ctx, found)
    assert isinstance(obs.result, Seen)
    assert obs.result.value.named == ("127.0.71.2",)


def unseen(ctx: Context) -> tuple[Reason, str]:
    with witnessed() as events:
        (obs,) = count(ctx)
    assert not any(event.startswith("socket.") for event, _ in events)
    assert isinstance(obs.result, Unseen), obs.result
    return obs.result.reason, obs.result.detail


def test_a_network_of_which_nothing_answers_is_unseen_not_empty() -> None:
    with ExitStack() as stack:
        for place in ("127.0.71.0", "127.0.71.1"):
            stack.enter_context(deaf(place, 8443))
        ctx = context(replace(OPTIONS, ports="8443"), networks=(network("127.0.71.0/31"),))
        (obs,) = count(ctx)
    assert isinstance(obs.result, Unseen), obs.result
    assert obs.result.reason is Reason.TIMEOUT


def test_a_network_that_is_too_wide_is_not_asked() -> None:
    ctx = asking(most=7)
    assert unseen(ctx) == (Reason.BUDGET, f"{NET} has more than 7 addresses, the most of one network")
    assert ctx.gateway.ledger.contacts() == ()


def test_an_excluded_network_is_not_asked() -> None:
    assert unseen(asking(excluded_networks=(network("127.0.71.0/24"),)))[0] is Reason.NOT_PERMITTED


def test_a_host_taken_out_by_name_is_not_brought_back_by_its_network() -> None:
    """Its address is spared, unless another name of the consent leads there too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()
    options = replace(OPTIONS, ports=PORTS, resolvers=(nobody,), timeout=0.5)
    ctx = context(options, networks=(network(NET),), excluded_names=(f"old.{NAME}",))
    ctx.gateway.pin(f"old.{NAME}", ["127.0.71.2", "127.0.71.3"])
    ctx.gateway.pin(f"www.{NAME}", ["127.0.71.3"])
    ctx.gateway.pin("old.example.com", ["127.0.71.4"])
    with Server(close, address="127.0.71.2", port=8443), Server(close, address="127.0.71.3", port=8443):
        (obs,) = count(ctx)
    assert isinstance(obs.result, Seen), obs.result
    assert (obs.result.value.asked, obs.result.value.open) == (7, ("127.0.71.3",))
    swept = {contact.address for contact in ctx.gateway.ledger.contacts() if contact.technique == "ports"}
    assert swept == {f"127.0.71.{n}" for n in (0, 1, 3, 4, 5, 6, 7)}


def test_a_network_of_somebody_else_s_is_not_asked() -> None:
    hosted = Authority(domains=(), networks=(network(NET),), basis=Basis.HOSTED)
    assert unseen(asking(authority=(hosted,)))[0] is Reason.NOT_PERMITTED


def test_without_networks_there_is_nothing_to_count() -> None:
    assert count(asking(networks=())) == []
