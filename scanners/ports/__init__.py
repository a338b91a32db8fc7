"""`ports.host`: which ports of an address answer, swept by nmap and believed only against a control."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from typing import Any, Final, TypeVar

from posture.core.consent import Technique
from posture.core.facts.ports_host import WRAPPED, Disagreement, Port, PortsHost
from posture.core.facts.ports_network import PortsNetwork
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.nmap import NmapError, find_nmap
from scanners.observe import digest, observe
from scanners.ports import datagrams
from scanners.ports.agreement import settle
from scanners.ports.control import Control
from scanners.ports.plan import Host, Spot, asked_ports, hosts_of, named_ports, spell
from scanners.ports.report import HostReport, Key, PortReport, read

__all__ = ["KINDS", "named_ports", "scan"]

KINDS: Final = (PortsHost.KIND, PortsNetwork.KIND)

#: Addresses swept side by side. nmap limits the rate of a run, ours is a host's: each has its own run.
_AT_ONCE = 8
#: Probes per second of all sweeps together: the hosts of an applicant commonly stand behind one firewall.
_MOST_PER_SECOND = 2000.0
#: Lists up to this length are reported port by port, not only where something is open.
_SHORT = 64
#: More open ports than a real host has: a SYN proxy, a tarpit or a honeypot accepts everything.
_MOST_OPEN = 100
_MOST_OPEN_SHARE = 0.4
_SHARE_FROM = 50
#: A silent port is asked twice; the third share is for packets that get lost.
_PROBES_PER_PORT = 3
_STATES = ("open", "closed", "filtered")

T = TypeVar("T")
Sweep = HostReport | NetFailure | NmapError
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
    side_by_side = round(_MOST_PER_SECOND / context.options.sweep_rate)
    turns = asyncio.Semaphore(min(_AT_ONCE, max(1, side_by_side)))
    reports = await asyncio.gather(*(_swept(context, spots[address], turns) for address in spots))
    return dict(zip(spots, reports, strict=True))


async def _swept(context: Context, spots: Sequence[Spot], turns: asyncio.Semaphore) -> Sweep:
    async with turns:
        try:
            return await _sweep(context, spots)
        except (NetFailure, NmapError) as failure:
            return failure


async def _sweep(context: Context, spots: Sequence[Spot]) -> HostReport:
    """What answers at one physical address. Raises NetFailure where the answers must not be believed."""
    tcp = [spot for spot in spots if spot.protocol == "tcp"]
    report = await _sweep_tcp(context, tcp) if tcp else HostReport(ports={})
    answers = await datagrams.ask(context, [spot for spot in spots if spot.protocol == "udp"])
    return replace(report, ports={**report.ports, **answers})


async def _sweep_tcp(context: Context, spots: Sequence[Spot]) -> HostReport:
    permits = _permits(context, spots)
    keys = frozenset(spot.key for spot in spots)
    seconds = _seconds(context, len(keys))
    control = Control(context.gateway, spots)
    await control.before()
    run = context.gateway.nmap(permits, ("-sS", "-p", spell(keys)), seconds=seconds)
    report = read(await _guarded(run, control.hold()), spots[0].address, keys)
    if report.timed_out:
        raise NetFailure(Reason.TIMEOUT, f"nmap gave up after {seconds:.0f} seconds")
    _plausible(report)

    async def again(some: frozenset[Key]) -> HostReport:
        xml = await context.gateway.nmap(permits, ("-sS", "-p", spell(some)), seconds=seconds)
        return read(xml, spots[0].address, some)

    report = await settle(context.gateway, spots, report, again)
    await control.after(report)
    return report


def _permits(context: Context, spots: Sequence[Spot]) -> tuple[Permit, ...]:
    """Leave for every name at its logical address, and at the physical one, which nmap is given."""
    logical = dict.fromkeys(Target(name=s.target.name, address=s.target.address) for s in spots)
    physical = dict.fromkeys(Target(name=s.target.name, address=s.address) for s in spots)
    for target in logical:
        context.gateway.permit(target, Technique.PORTS)
    return tuple(context.gateway.permit(target, Technique.PORTS) for target in physical)


def _seconds(context: Context, ports: int) -> float:
    """The budget, or as long as that many ports take at the pace the host is granted."""
    return max(context.options.budget, _PROBES_PER_PORT * ports / context.options.sweep_rate)


async def _guarded(work: Coroutine[Any, Any, T], guard: Coroutine[Any, Any, None]) -> T:
    """The result of `work`, unless `guard` fails before; neither is left running."""
    tasks = (asyncio.ensure_future(work), asyncio.ensure_future(guard))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[1].done():
            tasks[1].result()
        return await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _plausible(report: HostReport) -> None:
    opens, asked = len(report.open_ports()), len(report.ports)
    if opens > _MOST_OPEN or (asked >= _SHARE_FROM and opens > _MOST_OPEN_SHARE * asked):
        raise NetFailure(
            Reason.BLOCKED,
            f"all-open: {opens} of {asked} ports accept connections, as a proxy or a tarpit in front does",
        )


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
