"""`ports/udp_services`: no UDP service answers strangers that manages the host or floods others."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.ports_host import PortsHost
from posture.core.findings import Verdict, failed, passed, unknown
from posture.core.risky_ports import UDP, UdpService


def judge(fact: PortsHost) -> Iterator[Verdict]:
    """One finding per answer. With UDP silence says nothing, so a pass needs a refusal of every port."""
    states = {port.port: port.state for port in fact.ports if port.protocol == "udp"}
    answering = [one for one in UDP if states.get(one.port) == "open"]
    yield from (_reachable(one) for one in answering)
    if all(states.get(one.port) == "closed" for one in UDP):
        yield passed("refused")
    elif not answering:
        yield unknown("unanswered", path="ports.udp")


def _reachable(one: UdpService) -> Verdict:
    return replace(_verdict(one), port=one.port, discriminator="udp")


def _verdict(one: UdpService) -> Verdict:
    if one.kind == "management":
        return failed("management", service=one.service, number=one.port)
    if one.kind == "amplifier":
        return failed("amplifier", service=one.service, number=one.port)
    return failed("telephony", service=one.service, number=one.port)
