"""How much answers from the internet: counted over all sweeps, judged by bands."""

from datetime import UTC, datetime
from typing import Any

import pytest

from posture.checks.extent import extent
from posture.checks.ports.footprint import judge
from posture.core.facts.ports_footprint import PortsFootprint
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.findings import Verdict, failed, passed, unknown
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
SUBJECT = Target(name="example.co.jp")


def sweep(
    address: str, *ports: int, names: tuple[str, ...] = (), suspicious: str | None = None
) -> Observation[Any]:
    fact = PortsHost(
        address=address,
        names=names,
        ports=tuple(Port(port=port, protocol="tcp", state="open") for port in ports),
        scanned="T:1-1000",
        control=True,
        suspicious=suspicious,
    )
    return Observation(kind=PortsHost.KIND, target=Target(address=address), at=NOW, result=Seen(value=fact))


def silent(reason: Reason = Reason.TIMEOUT) -> Observation[Any]:
    target = Target(address="192.0.2.99")
    return Observation(kind=PortsHost.KIND, target=target, at=NOW, result=Unseen(reason=reason))


def counted(*sweeps: Observation[Any]) -> Seen[PortsFootprint] | Unseen:
    (found,) = extent(sweeps, subject=SUBJECT, at=NOW)
    assert (found.kind, found.target, found.at) == ("ports.footprint", SUBJECT, NOW)
    return found.result


def test_machines_with_an_open_port_and_their_services_are_counted() -> None:
    shut = sweep("192.0.2.3")
    found = counted(sweep("192.0.2.1", 80, 443), sweep("192.0.2.2", 25), shut)
    assert found == Seen(value=PortsFootprint(hosts=2, services=3, unseen=0))


def test_one_machine_with_both_kinds_of_address_counts_once() -> None:
    both = (
        sweep("192.0.2.1", 443, names=("www.example.co.jp",)),
        sweep("2001:db8::1", 443, names=("www.example.co.jp",)),
    )
    other = sweep("2001:db8::2", 22, names=("six.example.co.jp",))
    assert counted(*both, other, both[0]) == Seen(value=PortsFootprint(hosts=2, services=2, unseen=0))


def test_what_was_not_seen_is_counted_as_that() -> None:
    odd = sweep("192.0.2.2", 1, 2, 3, suspicious="all-open")
    found = counted(sweep("192.0.2.1", 80), odd, silent())
    assert found == Seen(
        value=PortsFootprint(hosts=1, services=1, unseen=2), gaps=(Gap(path="unseen", reason=Reason.TIMEOUT),)
    )
    nothing = counted(silent(Reason.NOT_PERMITTED))
    assert isinstance(nothing, Unseen)
    assert nothing.reason is Reason.NOT_PERMITTED
    blocked = counted(odd)
    assert isinstance(blocked, Unseen)
    assert blocked.reason is Reason.BLOCKED


def test_without_any_sweep_there_is_nothing_to_count() -> None:
    assert extent([], subject=SUBJECT, at=NOW) == ()


@pytest.mark.parametrize(
    ("hosts", "unseen", "said"),
    [
        (0, 0, passed("small", hosts=0, services=0, limit=10)),
        (9, 0, passed("small", hosts=9, services=9, limit=10)),
        (8, 1, passed("small", hosts=8, services=8, limit=10)),
        (9, 1, unknown("partly_seen", path="unseen", hosts=9, unseen=1, limit=10)),
        (0, 60, unknown("partly_seen", path="unseen", hosts=0, unseen=60, limit=10)),
        (10, 0, failed("medium", hosts=10, services=10, limit=10)),
        (49, 5, failed("medium", hosts=49, services=49, limit=10)),
        (50, 0, failed("large", hosts=50, services=50, limit=50)),
        (900, 900, failed("large", hosts=900, services=900, limit=50)),
    ],
)
def test_the_bands(hosts: int, unseen: int, said: Verdict) -> None:
    assert list(judge(PortsFootprint(hosts=hosts, services=hosts, unseen=unseen))) == [said]
