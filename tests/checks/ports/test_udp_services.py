"""UDP services: only answers and refusals say something."""

from dataclasses import replace
from typing import Any

import pytest

from posture.checks.ports.udp_services import judge
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.findings import Verdict, failed, passed, unknown
from posture.core.risky_ports import UDP
from scanners.ports.datagrams import QUESTIONS

UNANSWERED = unknown("unanswered", path="ports.udp")


def host(**states: str) -> PortsHost:
    ports = tuple(
        Port(port=int(name.removeprefix("u")), protocol="udp", state=state) for name, state in states.items()
    )
    tcp = (Port(port=161, protocol="tcp", state="open"),)
    return PortsHost(address="192.0.2.1", names=(), ports=(*tcp, *ports), scanned="T:161", control=True)


def at(port: int, message: str, **arguments: Any) -> Verdict:
    verdicts = {"management": failed("management", number=port, **arguments)}
    verdicts["amplifier"] = failed("amplifier", number=port, **arguments)
    verdicts["telephony"] = failed("telephony", number=port, **arguments)
    return replace(verdicts[message], port=port, discriminator="udp")


CLOSED = {f"u{one.port}": "closed" for one in UDP}

CASES: list[tuple[dict[str, str], list[Verdict]]] = [
    ({}, [UNANSWERED]),
    ({"u161": "closed"}, [UNANSWERED]),
    (CLOSED, [passed("refused")]),
    ({"u161": "open"}, [at(161, "management", service="SNMP")]),
    ({**CLOSED, "u123": "open"}, [at(123, "amplifier", service="NTP")]),
    (
        {"u5060": "open", "u623": "open"},
        [at(623, "management", service="IPMI"), at(5060, "telephony", service="SIP")],
    ),
]


@pytest.mark.parametrize(("states", "expected"), CASES)
def test_verdicts(states: dict[str, str], expected: list[Verdict]) -> None:
    assert list(judge(host(**states))) == expected


def test_every_service_that_is_judged_can_be_asked() -> None:
    assert {one.port for one in UDP} == set(QUESTIONS)
