"""`ports.host`: which ports of an address answer, swept by nmap and believed only against a control."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final

from posture.core.consent import Technique
from posture.core.facts.ports_host import WRAPPED, Disagreement, Port, PortsHost
from posture.core.facts.ports_network import PortsNetwork
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.nmap import find_nmap
from scanners.observe import digest, observe
from scanners.ports import datagrams
from scanners.ports.plan import Host, Spot, asked_ports, hosts_of, named_ports, spell
from scanners.ports.report import HostReport, PortReport
from scanners.ports.tcp import Sweep, parcels, sweep

__all__ = ["KINDS", "named_ports", "scan"]

KINDS: Final = (PortsHost.KIND, PortsNetwork.KIND)

#: Runs of nmap side by side. nmap limits the rate of a run, ours is a host's: several share the rate of one.
_AT_ONCE = 8
#: Probes per second of all sweeps together: the hosts of an applicant commonly stand behind one firewall.
_MOST_PER_SECOND = 2000.0
#: Lists up to this length are reported port by port, not only where something is open.
_SHORT = 64
_STATES = ("open", "closed", "filtered")

_Place = tuple[Spot, PortReport]


async def scan(context: Context, hosts: Sequence[Target]) -> list[Observation[PortsHost]]:
    """One observation for each address of `hosts`, under the first name that leads to it.

    Raises PostureError, before anything is sent, for a port list that is malformed or goes beyond the
    consent's, and where nmap is missing.
    """
    find_nmap(context.options)
    asked = await asked_ports(context)
    plans = hosts_of(hosts, context.options.routes, asked)
    started = context.clock()
    sweeps = await _sweep_all(context, plans)
    return [
        replace(
            await observe(context, PortsHost.KIND, plan.target, _fact(plan, sweeps)),
            at=started,
            evidence=_evidence(plan, sweeps),
        )
        for plan in plans
    ]


async def _sweep_all(context: Context, plans: Iterable[Host]) -> Mapping[str, Sweep]:
    """Sweep every physical address once, for all hosts that have a port there."""
    spots: dict[str, list[Spot]] = {}
    for spot in (spot for plan in plans for spot in plan.spots):
        spots.setdefault(spot.address, []).append(spot)
    side_by_side = min(_AT_ONCE, max(1, round(_MOST_PER_SECOND / context.options.sweep_rate)))
    turns, done = asyncio.Semaphore(side_by_side), count(1)

    async def swept(several: Sequence[str]) -> list[tuple[str, Sweep]]:
        async with turns:
            found = await _swept(context, [spots[address] for address in several])
        for _ in several:
            context.progress(f"{Technique.PORTS.value} {next(done)}/{len(spots)}")
        return list(zip(several, found, strict=True))

    reports = await asyncio.gather(*map(swept, parcels(spots, side_by_side)))
    return dict(pair for several in reports for pair in several)


async def _swept(context: Context, several: Sequence[Sequence[Spot]]) -> list[Sweep]:
    """What answers at each of several physical addresses, or why its answers must not be believed."""
    tcp = [[spot for spot in spots if spot.protocol == "tcp"] for spots in several]
    found = await sweep(context, tcp)
    return list(await asyncio.gather(*map(partial(_with_udp, context), several, found)))


async def _with_udp(context: Context, spots: Sequence[Spot], report: Sweep) -> Sweep:
    if not isinstance(report, HostReport):
        return report
    try:
        answers = await datagrams.ask(context, [spot for spot in spots if spot.protocol == "udp"])
    except NetFailure as failure:
        return failure
    return replace(report, ports={**report.ports, **answers})


async def _fact(plan: Host, sweeps: Mapping[str, Sweep]) -> Seen[PortsHost]:
    """The host as its names show it. Raises the failure of a sweep that one of its ports depends on.

    UDP ports that stayed silent are not in `scanned`: with UDP silence says nothing at all.
    """
    found = {spot: _answer(spot, sweeps) for spot in plan.spots}
    told = [
        (spot, port) for spot, port in found.items() if port and (spot.protocol == "tcp" or port.answered)
    ]
    if not told:
        raise NetFailure(Reason.NO_DATA, "no port that was asked could be told")
    places: dict[tuple[str, int | None], list[_Place]] = {}
    for spot, port in told:
        places.setdefault((spot.protocol, spot.target.port), []).append((spot, port))
    ports = [_worst(several) for several in places.values()]
    fact = PortsHost(
        address=plan.address,
        names=plan.names,
        ports=tuple(port for port in ports if port.state == "open" or len(ports) <= _SHORT),
        scanned=spell((port.protocol, port.port) for port in ports),
        control=True,
        disagreements=tuple(_disagreements(plan, sweeps)),
    )
    return Seen(value=fact, gaps=(*_untold(fact), *_unanswered(told, found)))


def _disagreements(plan: Host, sweeps: Mapping[str, Sweep]) -> Iterator[Disagreement]:
    """Those of the host's places, by logical number."""
    for spot in plan.spots:
        sweep = sweeps[spot.address]
        for one in sweep.disagreements if isinstance(sweep, HostReport) else ():
            if spot.key == ("tcp", one.port):
                yield replace(one, port=spot.target.port or 0)


def _untold(fact: PortsHost) -> Iterator[Gap]:
    """Ports of which nothing is known though they were asked: a wrapper, or answers that never agreed."""
    wrapped = [port.port for port in fact.open_ports() if port.service == WRAPPED]
    disputed = [one.port for one in fact.disagreements if one.settled is None]
    for number in dict.fromkeys((*wrapped, *disputed)):
        yield Gap(path=f"ports.{number}", reason=Reason.BLOCKED)


def _unanswered(told: Sized, found: Sized) -> Iterator[Gap]:
    if len(told) < len(found):
        yield Gap(path="ports.udp", reason=Reason.NO_DATA)


def _answer(spot: Spot, sweeps: Mapping[str, Sweep]) -> PortReport | None:
    sweep = sweeps[spot.address]
    if not isinstance(sweep, HostReport):
        raise sweep
    return sweep.ports.get(spot.key)


def _worst(places: Iterable[_Place]) -> Port:
    """The most open of the places a logical port has."""
    spot, port = min(places, key=lambda place: _STATES.index(place[1].state))
    return Port(
        port=spot.target.port or 0,
        protocol=spot.protocol,
        state=port.state,
        # nmap knows the name of the physical number only
        service=None if spot.routed and port.name != WRAPPED else port.name,
        product=port.product,
        version=port.version,
        cpe=port.cpe,
        confidence=port.confidence,
    )


def _evidence(plan: Host, sweeps: Mapping[str, Sweep]) -> tuple[str, ...]:
    reports = [sweeps[address] for address in dict.fromkeys(spot.address for spot in plan.spots)]
    return tuple(digest(report.text().encode()) for report in reports if isinstance(report, HostReport))
