"""Hosts of a network: those that names lead to, and those that nobody named."""

from dataclasses import replace

from posture.checks.ports.network_known import judge
from posture.core.facts.ports_network import PortsNetwork
from posture.core.findings import failed, passed

FACT = PortsNetwork(
    network="203.0.113.0/28",
    asked=15,
    scanned="T:443",
    open=("203.0.113.1", "203.0.113.2"),
    refusing=3,
    silent=10,
    named=("203.0.113.1", "203.0.113.2"),
)


def test_every_host_is_named() -> None:
    assert list(judge(FACT)) == [passed("known", network="203.0.113.0/28", answering=2, asked=15)]


def test_a_network_whose_hosts_offer_nothing() -> None:
    empty = replace(FACT, open=(), named=())
    assert list(judge(empty)) == [passed("known", network="203.0.113.0/28", answering=0, asked=15)]


def test_one_host_is_nobody_s() -> None:
    assert list(judge(replace(FACT, named=("203.0.113.1",)))) == [
        failed(
            "unnamed",
            network="203.0.113.0/28",
            count=1,
            hosts=("203.0.113.2",),
            answering=2,
            asked=15,
        )
    ]


def test_many_are_counted_and_a_few_are_shown() -> None:
    many = tuple(f"203.0.113.{n}" for n in range(12))
    (verdict,) = judge(replace(FACT, open=many, named=()))
    assert (verdict.arguments["count"], len(verdict.arguments["hosts"])) == (12, 8)  # type: ignore[arg-type]
