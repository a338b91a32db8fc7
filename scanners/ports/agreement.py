"""The sweep's open ports met by ordinary connections: a SYN that is answered is not yet a service.

Where sweep and connection disagree both are asked again, and what came of it is recorded. Ports by whose
number a service is named are listened at besides: a wrapper or a filter takes everybody in and hangs up at
once, and then nothing is known of what is behind it (nmap's `tcpwrapped`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from posture.core import risky_ports
from posture.core.facts.ports_host import WRAPPED, Disagreement
from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from scanners.ports.knock import Knock, knock
from scanners.ports.plan import Spot
from scanners.ports.report import HostReport, Key, PortReport

#: Seconds in which a wrapper hangs up. nmap listens for three, but a service that waits for its client's
#: word costs us all of them.
_LISTEN: Final = 1.5
#: Ports that answer a SYN and take no connection, even when asked again, from which the host is a SYN proxy.
_PROXY: Final = 5
#: How sure nmap is of a port it calls `tcpwrapped` (its `conf`).
_SURE: Final = 8

#: Sweeps some ports of the same address once more.
Again = Callable[[frozenset[Key]], Awaitable[HostReport]]


async def settle(gateway: Gateway, spots: Iterable[Spot], report: HostReport, again: Again) -> HostReport:
    """The report as connections confirm it, with what they disagreed about.

    Raises NetFailure(blocked) for a host that answers SYNs and takes no connections.
    """
    places = {spot.number: spot for spot in spots}
    met = await _meet(gateway, places, report)
    doubtful = {number: one.state for number, one in met.items() if one.state != "open"}
    doubtful |= dict.fromkeys(_lost(gateway, places, report), "open")
    wrapped = await _wrapped(gateway, places, [number for number, one in met.items() if one.hung_up])
    ports = {**report.ports, **{("tcp", n): _as_wrapped(report.ports["tcp", n]) for n in wrapped}}
    report = replace(report, ports=ports)
    return await _settled(gateway, places, report, doubtful, again) if doubtful else report


async def _meet(gateway: Gateway, places: Mapping[int, Spot], report: HostReport) -> dict[int, Knock]:
    """Connections to open ports that took none of this scan yet, and to those where listening tells more."""
    accepted = gateway.ledger.accepted(next(iter(places.values())).address)
    asked = [n for n in report.open_ports() if n not in accepted or _named_by_number(places[n])]
    return await _knocks(gateway, places, asked)


async def _knocks(gateway: Gateway, places: Mapping[int, Spot], asked: Iterable[int]) -> dict[int, Knock]:
    numbers = list(asked)
    listens = [_LISTEN if _named_by_number(places[number]) else 0.0 for number in numbers]
    pairs = zip(numbers, listens, strict=True)
    found = await asyncio.gather(*(knock(gateway, places[n], listen=seconds) for n, seconds in pairs))
    return dict(zip(numbers, found, strict=True))


def _named_by_number(spot: Spot) -> bool:
    return spot.target.port in risky_ports.numbers()


def _lost(gateway: Gateway, places: Mapping[int, Spot], report: HostReport) -> list[int]:
    """Ports that took a connection of this scan, and that the sweep did not find open."""
    accepted = gateway.ledger.accepted(next(iter(places.values())).address)
    return [n for n in sorted(accepted & places.keys()) if report.ports["tcp", n].state != "open"]


async def _wrapped(gateway: Gateway, places: Mapping[int, Spot], hung_up: list[int]) -> list[int]:
    """Those that hang up a second time: once may be a server that was just full."""
    twice = await _knocks(gateway, places, hung_up)
    return [number for number in hung_up if twice[number].hung_up]


def _as_wrapped(port: PortReport) -> PortReport:
    return replace(port, name=WRAPPED, confidence=_SURE)


async def _settled(
    gateway: Gateway,
    places: Mapping[int, Spot],
    report: HostReport,
    doubtful: Mapping[int, str],
    again: Again,
) -> HostReport:
    """Both ways once more for each doubtful port; `doubtful` holds what the connection said."""
    swept = await again(frozenset(("tcp", number) for number in doubtful))
    met = await _knocks(gateway, places, doubtful)
    ports, disagreements = dict(report.ports), []
    for number, first in doubtful.items():
        port = swept.ports.get(("tcp", number), PortReport(state="filtered", reason="no-response"))
        agreed = (port.state == "open") == (met[number].state == "open")
        told = Disagreement(
            port=number,
            sweep=report.ports["tcp", number].state,
            connect=first,
            settled=port.state if agreed else None,
        )
        disagreements.append(told)
        ports["tcp", number] = port if agreed else replace(port, state="filtered", reason="disputed")
    _no_proxy([one for one in disagreements if one.settled is None and one.sweep == "open"])
    return replace(report, ports=ports, disagreements=tuple(disagreements))


def _no_proxy(disputed: list[Disagreement]) -> None:
    if len(disputed) >= _PROXY:
        detail = f"{len(disputed)} ports answer a SYN and take no connection, as a proxy in front does"
        raise NetFailure(Reason.BLOCKED, f"syn-proxy: {detail}")
