"""`dns.zone`: the zone a domain lies in, and each of its name servers asked directly."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.SOA import SOA

from posture.core.facts.dns_zone import DnsZone, NameServer, Soa
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import parents
from scanners.context import Context
from scanners.dns import delegation as delegated
from scanners.dns import nameserver
from scanners.dns.delegation import Delegation
from scanners.dns.nameserver import Looked
from scanners.dns.resolver import text
from scanners.dns.transport import Server
from scanners.net.failure import NetFailure

#: Name servers (name and address) asked of one zone; the thirteen of a large one with both families fit.
MAX_SERVERS = 26


async def look(context: Context, domain: str) -> Seen[DnsZone]:
    """Ask each server over UDP and TCP, for other people's names, for the whole zone, for its version.

    Raises NetFailure: NO_DATA when the domain does not exist or belongs to no zone below a top-level one.
    """
    (zone, soa), _ = await asyncio.gather(_zone_of(context, domain), context.resolver.attempt(domain, "NS"))
    delegation, (names, hosts, looked) = await asyncio.gather(
        delegated.look(context, zone), _servers(context, zone, intrude=zone == domain)
    )
    fact = DnsZone(
        zone=zone,
        nameservers=_with_control([look.fact for look in looked]),
        parent_ns=None if isinstance(delegation, NetFailure) else delegation.names,
        child_ns=names,
        soa=soa,
        ns_without_address=tuple(host.name for host in hosts if host.known and not host.servers),
        ns_aliases=tuple(host.name for host in hosts if host.alias),
        wrong_glue=_wrong_glue(delegation, hosts),
    )
    gaps = [*_gaps(fact, looked, hosts)]
    if isinstance(delegation, NetFailure):
        gaps += [Gap(path=path, reason=delegation.reason) for path in ("parent_ns", "wrong_glue")]
    return Seen(value=fact, gaps=tuple(gaps))


async def _servers(
    context: Context, zone: str, *, intrude: bool
) -> tuple[tuple[str, ...], Sequence["_Host"], Sequence[Looked]]:
    """The zone's name servers, their addresses, and what each said. Raises NetFailure without an NS set."""
    answer = await context.resolver.query(zone, "NS")
    names = tuple(text(record.target) for record in answer.of(NS))
    hosts = await asyncio.gather(*(_host(context, name) for name in names))
    servers = [server for host in hosts for server in host.servers][:MAX_SERVERS]
    looked = await asyncio.gather(
        *(nameserver.look(context, server, zone, intrude=intrude) for server in servers)
    )
    return names, hosts, looked


async def _zone_of(context: Context, domain: str) -> tuple[str, Soa]:
    """The zone's apex and SOA, from the domain upwards."""
    for name in parents(domain):
        if "." not in name:
            break
        answer = await context.resolver.query(name, "SOA")
        if name == domain and not answer.exists:
            raise NetFailure(Reason.NO_DATA, f"{domain} does not exist")
        if answer.records and not answer.aliases:
            return name, _soa(answer.of(SOA)[0])
    raise NetFailure(Reason.NO_DATA, f"{domain} belongs to no zone below a top-level domain")


def _soa(record: SOA) -> Soa:
    return Soa(
        mname=text(record.mname),
        rname=text(record.rname),
        serial=record.serial,
        refresh=record.refresh,
        retry=record.retry,
        expire=record.expire,
        minimum=record.minimum,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """A name server's name resolved. `known` is False when that failed."""

    name: str
    servers: tuple[Server, ...]
    alias: bool = False
    known: bool = True


async def _host(context: Context, name: str) -> _Host:
    try:
        found = await context.resolver.reach(name, 53)
    except NetFailure:
        return _Host(name=name, servers=(), known=False)
    servers = (Server(name=name, address=addr, why="name-server") for addr in found.all)
    whole = None not in {found.ipv4, found.ipv6}
    return _Host(name=name, servers=tuple(servers), alias=bool(found.aliases), known=whole)


def _wrong_glue(delegation: Delegation | NetFailure, hosts: Sequence[_Host]) -> tuple[str, ...] | None:
    """Glue has to be part of what the name resolves to; a parent may leave some of it out."""
    if isinstance(delegation, NetFailure) or not all(host.known for host in hosts):
        return None
    resolved = {host.name: {server.address for server in host.servers} for host in hosts}
    return tuple(name for name, glue in delegation.glue if name in resolved and set(glue) - resolved[name])


def _with_control(servers: Sequence[NameServer]) -> tuple[NameServer, ...]:
    """Silence becomes “does not answer” where another of the zone's servers answered the same way.

    The same way is the same address family and protocol: then the silence is not on our side (DESIGN §3).
    """
    return tuple(
        replace(server, udp=_judged(server, "udp", servers), tcp=_judged(server, "tcp", servers))
        for server in servers
    )


def _judged(server: NameServer, protocol: str, servers: Sequence[NameServer]) -> bool | None:
    seen: bool | None = getattr(server, protocol)
    control = any(getattr(other, protocol) for other in servers if _family(other) == _family(server))
    return False if seen is None and control else seen


def _family(server: NameServer) -> bool:
    return ":" in server.address


def _gaps(fact: DnsZone, looked: Sequence[Looked], hosts: Sequence[_Host]) -> Iterator[Gap]:
    if not all(host.known for host in hosts):
        yield Gap(path="nameservers", reason=Reason.DNS_FAILURE)
    for index, (server, look) in enumerate(zip(fact.nameservers, looked, strict=True)):
        for name, reason in look.lost.items():
            if getattr(server, name) is None:
                yield Gap(path=f"nameservers.{index}.{name}", reason=reason)
