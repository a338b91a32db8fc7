"""`ports.network`: the applicant's networks, asked as networks: many addresses in one run of nmap.

A few ports tell where a host is; those hosts are then swept like named ones. The rate is one host's, for all
addresses together.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from posture.core.facts.ports_network import PortsNetwork
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Address, Network, Target, address
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.observe import observe
from scanners.ports.plan import asked_ports, spell
from scanners.ports.report import HostReport
from scanners.ports.telling import PROBES_PER_PORT, TELLING, ask

_GRACE = 20.0


async def census(context: Context) -> list[Observation[PortsNetwork]]:
    """One observation for each network of the consent, one after the other.

    Raises PostureError for a port list that is malformed.
    """
    ports = (await asked_ports(context)).get("tcp", frozenset())
    telling = sorted(ports & TELLING) or sorted(ports)[: len(TELLING)]
    spared = await _spared(context)
    found = []
    for network in context.gateway.scope.consent.networks:
        target = Target(address=str(network.network_address))
        most = min(network.num_addresses, context.options.network_addresses)
        seconds = PROBES_PER_PORT * len(telling) * most / context.options.sweep_rate + context.options.budget
        attempt = _count(context, network, telling, spared, seconds)
        found.append(await observe(context, PortsNetwork.KIND, target, attempt, seconds=seconds + _GRACE))
    return found


async def _count(
    context: Context, network: Network, ports: Sequence[int], spared: frozenset[Address], seconds: float
) -> Seen[PortsNetwork]:
    if network.num_addresses > context.options.network_addresses:
        most = context.options.network_addresses
        raise NetFailure(Reason.BUDGET, f"{network} has more than {most} addresses, the most of one network")
    if not ports:
        raise NetFailure(Reason.NO_DATA, "no TCP port may be asked")
    consent = context.gateway.scope.consent
    places = [one for one in network if not consent.excludes(None, one) and one not in spared]
    if not places:
        raise NetFailure(Reason.NOT_PERMITTED, f"excluded: all of {network}")
    keys = frozenset(("tcp", number) for number in ports)
    reports = await ask(context, [Target(address=str(one)) for one in places], keys, seconds=seconds)
    return Seen(value=_fact(network, keys, reports))


async def _spared(context: Context) -> frozenset[Address]:
    """Addresses of names that the consent excludes, unless another of its names leads there as well.

    The applicant takes a host out by its name; a network that holds it must not bring it back.
    """
    consent = context.gateway.scope.consent
    for name in consent.excluded_names:
        with suppress(NetFailure):  # a name that leads nowhere spares nothing
            await context.resolver.addresses(name)
    own: set[Address] = set()
    taken_out: set[Address] = set()
    for name, places in context.gateway.pinned_names().items():
        if consent.names(name):
            (taken_out if consent.excludes(name, None) else own).update(map(address, places))
    return frozenset(taken_out - own)


def _fact(
    network: Network, keys: frozenset[tuple[str, int]], reports: Mapping[str, HostReport]
) -> PortsNetwork:
    """Raises NetFailure(timeout) where nobody answered: silence without a control tells nothing."""
    answering = {
        place: report for place, report in reports.items() if any(p.answered for p in report.ports.values())
    }
    if not answering:
        raise NetFailure(Reason.TIMEOUT, f"no address of {network} answered")
    opened = tuple(place for place, report in answering.items() if report.open_ports())
    return PortsNetwork(
        network=str(network),
        asked=len(reports),
        scanned=spell(keys),
        open=opened,
        refusing=len(answering) - len(opened),
        silent=len(reports) - len(answering),
    )


def hosts(counted: Sequence[Observation[Any]], known: Sequence[Target]) -> list[Target]:
    """Hosts that the census found and nobody has named."""
    have = {target.address for target in known}
    found = [
        place
        for obs in counted
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, PortsNetwork)
        for place in obs.result.value.open
    ]
    return [Target(address=place) for place in dict.fromkeys(found) if place not in have]


def named(context: Context, observations: Sequence[Observation[Any]]) -> list[Observation[Any]]:
    """The observations, with the names that the whole scan saw leading into the networks.

    A host of a network whose name turned up meanwhile is spoken of by its address all the same: one target
    has one name for the whole of an assessment.
    """
    pinned = context.gateway.pinned_names()
    consent = context.gateway.scope.consent
    places = {place for name, several in pinned.items() if consent.names(name) for place in several}
    return [_with_names(obs, places) for obs in observations]


def _with_names(obs: Observation[Any], places: set[str]) -> Observation[Any]:
    if not isinstance(obs.result, Seen) or not isinstance(obs.result.value, PortsNetwork):
        return obs
    fact = obs.result.value
    return replace(
        obs,
        result=replace(
            obs.result, value=replace(fact, named=tuple(one for one in fact.open if one in places))
        ),
    )
