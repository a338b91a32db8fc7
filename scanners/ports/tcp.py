"""TCP sweeps of nmap, believed only against a control: of one address, or of several in one run.

A run has the rate that one host may be asked with, whether it holds one host or several: hosts that share one
are asked more gently, and the time nmap takes to start and to wait for the last answers is spent once.
`make bench-sweep` prints what that is worth.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.net.nmap import NmapError
from scanners.ports.agreement import settle
from scanners.ports.control import Control
from scanners.ports.plan import Spot, spell
from scanners.ports.report import HostReport, Key, read, read_each

#: Hosts of one run, and the ports of each: what one of them does to a run, the others pay for.
_MOST_HOSTS: Final = 8
_MOST_PORTS: Final = 5000
#: More open ports than a real host has: a SYN proxy, a tarpit or a honeypot accepts everything.
_MOST_OPEN = 100
_MOST_OPEN_SHARE = 0.4
_SHARE_FROM = 50
#: A silent port is asked twice; the third share is for packets that get lost.
_PROBES_PER_PORT = 3

T = TypeVar("T")
Sweep = HostReport | NetFailure | NmapError


def parcels(spots: Mapping[str, Sequence[Spot]], lanes: int) -> Iterator[list[str]]:
    """The addresses, those together that one run can sweep: alike in version and ports, none of them moved.

    `lanes` is how many runs go on side by side: as long as one is free, nobody shares.
    """
    alike: dict[tuple[bool, frozenset[Key]], list[str]] = {}
    for place, several in spots.items():
        keys = frozenset(spot.key for spot in several if spot.protocol == "tcp")
        if not keys or len(keys) > _MOST_PORTS or any(spot.routed for spot in several):
            yield [place]
        else:
            alike.setdefault((":" in place, keys), []).append(place)
    for places in alike.values():
        size = min(_MOST_HOSTS, -(-len(places) // lanes))
        yield from (places[start : start + size] for start in range(0, len(places), size))


async def sweep(context: Context, several: Sequence[Sequence[Spot]]) -> list[Sweep]:
    """What each of several addresses answers, or why that is not known.

    Where one spoils the run of all, the others are swept again, each alone.
    """
    lost: dict[str, NetFailure] = {}
    if len(several) > 1:
        try:
            return await _together(context, several, lost)
        except (NetFailure, NmapError):
            pass
    return [lost.get(_place(spots)) or await _told(_alone(context, spots)) for spots in several]


def _place(spots: Sequence[Spot]) -> str:
    return spots[0].address if spots else ""


async def _alone(context: Context, spots: Sequence[Spot]) -> HostReport:
    """One address in a run of its own. Raises NetFailure, NmapError."""
    if not spots:
        return HostReport(ports={})
    permits = _permits(context, spots)
    keys = frozenset(spot.key for spot in spots)
    seconds = _seconds(context, len(keys))
    control = Control(context.gateway, spots)
    await control.before()
    run = context.gateway.nmap(permits, ("-sS", "-p", spell(keys)), seconds=seconds)
    report = read(await _guarded(run, control.hold()), spots[0].address, keys)
    return await _believed(context, control, spots, report)


async def _together(
    context: Context, several: Sequence[Sequence[Spot]], lost: dict[str, NetFailure]
) -> list[Sweep]:
    """Several addresses in one run, which ends as soon as the control of one of them is lost.

    That one's failure is put in `lost`. Raises NetFailure, NmapError for what concerns them all.
    """
    permits = [permit for spots in several for permit in _permits(context, spots)]
    controls = {spots[0].address: Control(context.gateway, spots) for spots in several}
    await _all_before(controls.values())
    keys = frozenset(spot.key for spot in several[0])
    seconds = _seconds(context, len(keys)) * len(several)
    run = context.gateway.nmap(permits, ("-sS", "-p", spell(keys)), seconds=seconds)
    reports = read_each(await _guarded(run, _hold(controls, lost)), list(controls), keys)
    pairs = zip(several, controls.items(), strict=True)
    return list(
        await asyncio.gather(
            *(_told(_believed(context, control, spots, reports[place])) for spots, (place, control) in pairs)
        )
    )


async def _all_before(controls: Iterable[Control]) -> None:
    """Every first look, to its end. Raises the first failure."""
    found = await asyncio.gather(*(control.before() for control in controls), return_exceptions=True)
    for failure in filter(None, found):
        raise failure


async def _hold(controls: Mapping[str, Control], lost: dict[str, NetFailure]) -> None:
    """Hold every control. Raises the failure of the first that is lost, and leaves none running."""
    tasks = {asyncio.ensure_future(control.hold()): place for place, control in controls.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if isinstance(error := task.exception(), NetFailure):
                lost[tasks[task]] = error
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _told(work: Awaitable[HostReport]) -> Sweep:
    """The report, or why there is none."""
    try:
        return await work
    except (NetFailure, NmapError) as failure:
        return failure


async def _believed(
    context: Context, control: Control, spots: Sequence[Spot], report: HostReport
) -> HostReport:
    """The report, once it stands against its control and connections agree. Raises NetFailure, NmapError."""
    permits, seconds = _permits(context, spots), _seconds(context, len(spots))
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
