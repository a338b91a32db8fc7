"""Which ports are asked where: lists, consents, routes."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core import risky_ports
from posture.core.errors import PostureError, RefusedError
from posture.core.targets import Target, port_ranges
from scanners.net.routes import Route, Routes
from scanners.ports.plan import Host, asked_ports, hosts_of, named_ports, spell
from tests.support.net_servers import NAME, OPTIONS, consent, context
from tests.support.tools import require_tool

#: What an underwriter asks about first; on the default list whatever nmap's statistics say.
ALWAYS = (
    *(
        21,
        22,
        23,
        25,
        80,
        110,
        111,
        135,
        139,
        143,
        389,
        443,
        445,
        512,
        513,
        514,
        636,
        873,
        993,
        995,
        1433,
        1521,
    ),
    *(
        1723,
        1883,
        2049,
        2375,
        2376,
        2379,
        3306,
        3389,
        4786,
        5432,
        5601,
        5672,
        5900,
        5901,
        5902,
        5903,
        5984,
        5985,
    ),
    *(5986, 6379, 6443, 7001, 8009, 8080, 8443, 9042, 9200, 9300, 10250, 11211, 15672, 27017),
    *(102, 502, 1911, 20000, 44818),
)


def test_the_default_list_is_nmaps_thousand_and_all_our_risky_ports() -> None:
    require_tool("nmap")
    asked = asyncio.run(asked_ports(context()))
    assert set(asked) == {"tcp"}
    assert set(ALWAYS) | set(risky_ports.numbers()) <= asked["tcp"]
    assert 1000 <= len(asked["tcp"]) <= 1000 + len(risky_ports.numbers())


@pytest.mark.parametrize(
    ("granted", "wanted", "expected"),
    [
        ("default", None, None),
        ("default", "default", None),
        ("default", "22,U:161", "T:22,U:161"),
        ("22,80-90", None, "T:22,80-90"),
        ("22,80-90", "default", "T:22,80-90"),
        ("22,80-90", "81-82", "T:81-82"),
        ("default", "default,U:161", "default+U:161"),
        ("default", "udp", "U:111,123,137,161,623,1434,1900,5060,11211"),
        ("U:1-65535", "udp, U:7", "U:7,111,123,137,161,623,1434,1900,5060,11211"),
    ],
)
def test_who_names_the_ports(granted: str, wanted: str | None, expected: str | None) -> None:
    named = named_ports(consent(ports=granted), replace(OPTIONS, ports=wanted))
    numbers = spell((one.protocol, n) for one in named.ranges for n in range(one.first, one.last + 1))
    told = "+".join(filter(None, ("default" if named.default else "", numbers)))
    assert told == (expected or "default")


@pytest.mark.parametrize("wanted", ["23", "80-91", "U:22", "1-65535", "default,23", "udp"])
def test_the_operator_may_not_go_beyond_the_consent(wanted: str) -> None:
    with pytest.raises(RefusedError) as caught:
        named_ports(consent(ports="22,80-90"), replace(OPTIONS, ports=wanted))
    assert caught.value.code == "port-not-granted"


@pytest.mark.parametrize("wanted", ["http", "0", "70000", "90-80", ""])
def test_a_list_that_is_none(wanted: str) -> None:
    with pytest.raises(PostureError) as caught:
        named_ports(consent(), replace(OPTIONS, ports=wanted))
    assert caught.value.code == "bad-ports"


@given(st.sets(st.tuples(st.sampled_from(["tcp", "udp"]), st.integers(1, 65535)), min_size=1, max_size=50))
def test_spelling_says_exactly_the_ports(keys: set[tuple[str, int]]) -> None:
    back = {(one.protocol, n) for one in port_ranges(spell(keys)) for n in range(one.first, one.last + 1)}
    assert back == keys


def places(host: Host) -> dict[int | None, list[tuple[str, int]]]:
    found: dict[int | None, list[tuple[str, int]]] = {}
    for spot in host.spots:
        found.setdefault(spot.target.port, []).append((spot.address, spot.number))
    return found


ROUTES = Routes(
    routes=(
        Route(name=NAME, port=443, to_address="127.0.0.1", to_port=8443),
        Route(name=NAME, port=25, to_address="127.0.0.2", to_port=25),
        Route(name="mail.example.co.jp", port=25, to_address="127.0.0.2", to_port=2525),
        Route(name="other.example.co.jp", port=22, to_address="127.0.0.1", to_port=2222),
    )
)


def test_routes_move_ports_and_their_places_are_nobody_elses() -> None:
    asked = {"tcp": frozenset({25, 80, 443, 2222, 8443})}
    (host,) = hosts_of([Target(name=NAME, address="127.0.0.1")], ROUTES, asked)
    assert places(host) == {25: [("127.0.0.2", 25)], 80: [("127.0.0.1", 80)], 443: [("127.0.0.1", 8443)]}
    assert [spot.routed for spot in host.spots] == [True, False, True]


def test_names_of_one_address_are_one_host() -> None:
    targets = [
        Target(name=NAME, address="127.0.0.1"),
        Target(address="::1"),
        Target(name="mail.example.co.jp", address="127.0.0.1"),
        Target(name=NAME, address="127.0.0.1"),
    ]
    first, second = hosts_of(targets, ROUTES, {"tcp": frozenset({25, 80})})
    assert (first.address, first.names) == ("127.0.0.1", (NAME, "mail.example.co.jp"))
    assert first.target == Target(name=NAME, address="127.0.0.1")
    assert places(first) == {25: [("127.0.0.2", 25), ("127.0.0.2", 2525)], 80: [("127.0.0.1", 80)]}
    assert (second.address, second.names, second.target) == ("::1", (), Target(address="::1"))
    assert places(second) == {25: [("::1", 25)], 80: [("::1", 80)]}


def test_a_sweep_needs_an_address() -> None:
    with pytest.raises(ValueError, match="address"):
        hosts_of([Target(name=NAME)], Routes(), {"tcp": frozenset({25})})
