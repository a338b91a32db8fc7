"""What the checks of `ports/` have in common: whether a service of a group is reachable.

Every judgement rests on `ports.host`, which is only seen when silence could be told from absence
(DESIGN §3). What was not swept, or should not be believed, is unknown here, never clean.
"""

from collections.abc import Iterator
from dataclasses import replace

from posture.core import risky_ports
from posture.core.facts.ports_host import WRAPPED, Port, PortsHost
from posture.core.findings import Confidence, Verdict, failed, passed, unknown
from posture.core.risky_ports import Group, RiskyPort
from posture.core.targets import PortRange, covers_port, port_ranges

#: From this nmap confidence on the service answered in its own protocol; below, its number was looked up.
RECOGNISED = 7

_HTTP = frozenset({"http", "https", "http-proxy", "https-alt", "http-alt"})
_SAYS_NOTHING = frozenset({"ssl", "unknown"})


def judge_group(fact: PortsHost, group: Group) -> Iterator[Verdict]:
    """One `reachable` or `likely` per open port of the group; `closed` only when all of it was swept."""
    if fact.suspicious is not None:
        yield unknown("ports_implausible", path="ports", sign=fact.suspicious)
        return
    found = [verdict for port in fact.open_ports() for verdict in _port(port, group)]
    found += _disputed(fact, group)
    missing = unswept(fact, group)
    yield from found
    if missing:
        yield unknown("ports_not_swept", path="scanned", ports=tuple(map(str, missing)))
    elif not found:
        yield passed("closed")


def swept(fact: PortsHost) -> tuple[PortRange, ...]:
    """The TCP ports that were swept, as ranges."""
    ranges = port_ranges(fact.scanned) if fact.scanned else ()
    return tuple(entry for entry in ranges if entry.protocol == "tcp")


def unswept(fact: PortsHost, group: Group) -> tuple[int, ...]:
    """The ports of the group that nobody looked at."""
    ranges = swept(fact)
    return tuple(entry.port for entry in risky_ports.of(group) if not covers_port(ranges, entry.port))


def _disputed(fact: PortsHost, group: Group) -> Iterator[Verdict]:
    """Ports of the group about which sweep and connection never agreed."""
    for entry in risky_ports.of(group):
        if fact.disputed(entry.port):
            verdict = unknown("ports_disputed", path=f"ports.{entry.port}", number=entry.port)
            yield replace(verdict, port=entry.port)


def _port(port: Port, group: Group) -> Iterator[Verdict]:
    registered = next((entry for entry in risky_ports.of(group) if entry.port == port.port), None)
    if port.service == WRAPPED:
        if registered is not None:
            yield replace(
                unknown("ports_wrapped", path=f"ports.{port.port}", number=port.port), port=port.port
            )
        return
    spoken = _spoken(port, group)
    if spoken is not None:
        yield _reachable(port, spoken)
    elif registered is not None and not _is_another(port, registered):
        yield _likely(port, registered) if registered.shared else _reachable(port, registered)


def _spoken(port: Port, group: Group) -> RiskyPort | None:
    """The group's service that the port was recognised to speak, whatever its number."""
    if port.confidence < RECOGNISED:
        return None
    return next((entry for entry in risky_ports.of(group) if port.service in entry.spoken), None)


def _is_another(port: Port, registered: RiskyPort) -> bool:
    """Whether a protocol was recognised that the registered service would not speak."""
    if port.confidence < RECOGNISED or port.service is None or port.service in _SAYS_NOTHING:
        return False
    return not (registered.over_http and port.service in _HTTP)


def _reachable(port: Port, entry: RiskyPort) -> Verdict:
    return replace(failed("reachable", service=entry.service, number=port.port), port=port.port)


def _likely(port: Port, entry: RiskyPort) -> Verdict:
    """Open, but the number says too little about what answers there."""
    verdict = failed("likely", service=entry.service, number=port.port)
    return replace(verdict, port=port.port, confidence=Confidence.INFERRED)
