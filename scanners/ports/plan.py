"""Which ports are asked, and where each of them really is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from posture.core import risky_ports
from posture.core.consent import DEFAULT_PORTS, Consent
from posture.core.errors import RefusedError
from posture.core.targets import PortRange, Target, covers_port, port_ranges
from scanners.context import Context, Options
from scanners.net.routes import Routes
from scanners.ports.report import Key

#: How many of nmap's most frequent ports belong to the default list.
USUAL = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One logical port (`target`: name, address, port) and the physical place that it is asked at."""

    protocol: str
    target: Target
    address: str
    number: int

    @property
    def key(self) -> Key:
        return self.protocol, self.number

    @property
    def routed(self) -> bool:
        return (self.target.address, self.target.port) != (self.address, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One logical address with all names that lead to it, and its spots in the order of its ports."""

    address: str
    names: tuple[str, ...]
    spots: tuple[Spot, ...]

    @property
    def target(self) -> Target:
        return Target(name=self.names[0] if self.names else None, address=self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Ports that are named; `default`: our default list besides."""

    ranges: tuple[PortRange, ...]
    default: bool


def named_ports(consent: Consent, options: Options) -> Wanted:
    """The ports that operator or consent name.

    Raises PostureError for a malformed list, and RefusedError where the operator names a port that a consent
    with a list of its own does not. Sends nothing, so that it can be asked before anything else is done.
    """
    granted = consent.port_ranges()
    asked = risky_ports.port_list(DEFAULT_PORTS if options.ports is None else options.ports)
    if granted is None:
        return Wanted(ranges=asked.ranges, default=asked.default)
    _within(asked.ranges, granted)
    return Wanted(ranges=(*asked.ranges, *(granted if asked.default else ())), default=False)


async def asked_ports(context: Context) -> Mapping[str, frozenset[int]]:
    """The ports of this scan by protocol: as named, or nmap's usual ones with every port of our risk list."""
    wanted = named_ports(context.gateway.scope.consent, context.options)
    named = [*wanted.ranges]
    if wanted.default:
        named += port_ranges(await context.gateway.usual_ports(USUAL))
        named += [PortRange(protocol="tcp", first=n, last=n) for n in risky_ports.numbers()]
    ports: dict[str, set[int]] = {}
    for one in named:
        ports.setdefault(one.protocol, set()).update(range(one.first, one.last + 1))
    return {protocol: frozenset(numbers) for protocol, numbers in ports.items()}


def hosts_of(
    targets: Sequence[Target], routes: Routes, asked: Mapping[str, frozenset[int]]
) -> tuple[Host, ...]:
    """The targets grouped by address, in their order. A route moves a port to its physical place.

    A port that is another one's physical place is not asked under its own number: the other answers there.
    """
    names: dict[str, list[str]] = {}
    for target in targets:
        if target.address is None:
            raise ValueError("a sweep needs an address")
        names.setdefault(target.address, []).extend([target.name] if target.name else [])
    return tuple(
        Host(
            address=address,
            names=tuple(dict.fromkeys(known)),
            spots=tuple(_spots(address, tuple(dict.fromkeys(known)), routes, asked)),
        )
        for address, known in names.items()
    )


def spell(keys: Iterable[Key]) -> str:
    """Ports in nmap's language, as short as it gets: `T:22,80-90,U:53`."""
    by_protocol: dict[str, list[int]] = {}
    for protocol, number in sorted(set(keys)):
        by_protocol.setdefault(protocol, []).append(number)
    return ",".join(
        f"{protocol[0].upper()}:{','.join(_ranges(numbers))}" for protocol, numbers in by_protocol.items()
    )


def _spots(
    address: str, names: Sequence[str], routes: Routes, asked: Mapping[str, frozenset[int]]
) -> Iterator[Spot]:
    taken = {(route.to_address, route.to_port) for route in routes.routes}
    for protocol, ports in sorted(asked.items()):
        for port in sorted(ports):
            target = Target(address=address, port=port)
            moved = [(name, route) for name in names if (route := routes.find(name, port))]
            for name, route in moved:
                yield Spot(
                    protocol=protocol,
                    target=replace(target, name=name),
                    address=route.to_address,
                    number=route.to_port,
                )
            if not moved and (address, port) not in taken:
                named = replace(target, name=names[0] if names else None)
                yield Spot(protocol=protocol, target=named, address=address, number=port)


def _within(asked: Sequence[PortRange], granted: Sequence[PortRange]) -> None:
    for one in asked:
        for port in range(one.first, one.last + 1):
            if not covers_port(granted, port, one.protocol):
                raise RefusedError(
                    f"Port {port}/{one.protocol} is not in the consent's ports.",
                    remedy="Ask only for ports that the consent names, or have the consent extended.",
                    code="port-not-granted",
                )


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}"
