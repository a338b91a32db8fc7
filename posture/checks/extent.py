"""Counts what the applicant exposes, over all of its machines: a pure function of the sweeps."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from posture.core.facts.ports_footprint import PortsFootprint
from posture.core.facts.ports_host import PortsHost
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target

_KIND: Final = PortsFootprint.KIND


def extent(
    observations: Sequence[Observation[Any]], *, subject: Target, at: datetime
) -> tuple[Observation[PortsFootprint], ...]:
    """One count for the applicant; unseen where no sweep was; none where nothing was to be swept."""
    sweeps = [obs for obs in observations if obs.kind == PortsHost.KIND]
    if not sweeps:
        return ()
    return (Observation(kind=_KIND, target=subject, at=at, result=_counted(sweeps)),)


def _counted(sweeps: Sequence[Observation[Any]]) -> Seen[PortsFootprint] | Unseen:
    believed = [fact for fact in _facts(sweeps) if fact.suspicious is None]
    reasons = [obs.result.reason for obs in sweeps if isinstance(obs.result, Unseen)]
    reasons += [Reason.BLOCKED for fact in _facts(sweeps) if fact.suspicious is not None]
    if not believed:
        return Unseen(reason=reasons[0], detail="no machine could be swept")
    machines = _machines([fact for fact in believed if fact.open_ports()])
    fact = PortsFootprint(
        hosts=len(machines),
        services=sum(len(machine.open_ports()) for machine in machines),
        unseen=len(reasons),
    )
    return Seen(value=fact, gaps=(Gap(path="unseen", reason=reasons[0]),) if reasons else ())


def _facts(sweeps: Sequence[Observation[Any]]) -> Iterator[PortsHost]:
    for obs in sweeps:
        if isinstance(obs.result, Seen):
            yield obs.result.value


def _machines(facts: Sequence[PortsHost]) -> list[PortsHost]:
    """Each address once; of a name with both kinds of address the IPv4 ones."""
    by_address = {fact.address: fact for fact in facts}
    old = [fact for fact in by_address.values() if ip_address(fact.address).version == 4]
    named = {name for fact in old for name in fact.names}
    return [*old, *(fact for fact in by_address.values() if fact not in old and not named & set(fact.names))]
