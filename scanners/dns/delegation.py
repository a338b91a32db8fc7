"""What the parent zone says of a zone: its name servers and their glue."""

import asyncio
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.NS import NS

from posture.core.observations import Reason
from posture.core.targets import parents
from scanners.context import Context
from scanners.dns import evidence
from scanners.dns.resolver import text
from scanners.dns.transport import Server, ask, question
from scanners.net.failure import NetFailure

#: Servers of the parent zone that are tried, one after the other.
MAX_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The NS set at the parent, and the glue addresses it gives for each name server."""

    names: tuple[str, ...]
    glue: tuple[tuple[str, tuple[str, ...]], ...]


async def look(context: Context, zone: str) -> Delegation | NetFailure:
    """Ask servers of the parent zone until one answers. Its failure is a value: the zone stands without."""
    try:
        servers = await _servers(context, zone)
    except NetFailure as failure:
        return failure
    last = NetFailure(Reason.NO_DATA, f"no server of the parent of {zone} is known")
    name = dns.name.from_text(zone)
    for server in servers[:MAX_TRIES]:
        query = question(name, dns.rdatatype.NS, recurse=False)
        try:
            response = await ask(context.gateway, server, query, seconds=context.options.timeout / MAX_TRIES)
            evidence.use(response, "parent")
            return _read(response, name)
        except NetFailure as failure:
            last = failure
    return last


async def _servers(context: Context, zone: str) -> list[Server]:
    names = await _parent_servers(context, zone)
    found = await asyncio.gather(*(_addresses(context, name) for name in names[:MAX_TRIES]))
    return [
        Server(name=name, address=address, why="parent")
        for name, addresses in zip(names, found, strict=False)
        for address in addresses[:1]
    ]


async def _parent_servers(context: Context, zone: str) -> list[str]:
    """Name servers of the closest zone above; names that are no zones have none."""
    for above in [*list(parents(zone))[1:], "."]:
        answer = await context.resolver.query(above, "NS")
        if answer.records:
            return [text(record.target) for record in answer.of(NS)]
    return []


async def _addresses(context: Context, name: str) -> tuple[str, ...]:
    try:
        return (await context.resolver.reach(name, 53)).all
    except NetFailure:
        return ()


def _read(response: dns.message.Message, zone: dns.name.Name) -> Delegation:
    """A referral, or the answer of a server that serves both zones. Raises NetFailure for anything else."""
    for section in (response.authority, response.answer):
        found = response.get_rrset(section, zone, dns.rdataclass.IN, dns.rdatatype.NS)
        if found is not None:
            names = tuple(sorted(text(record.target) for record in found if isinstance(record, NS)))
            return Delegation(names=names, glue=tuple((name, _glue(response, name)) for name in names))
    raise NetFailure(Reason.DNS_FAILURE, f"the parent did not refer to {text(zone)}")


def _glue(response: dns.message.Message, name: str) -> tuple[str, ...]:
    owner = dns.name.from_text(name)
    kinds = {dns.rdatatype.A, dns.rdatatype.AAAA}
    found = [rrset for rrset in response.additional if rrset.name == owner and rrset.rdtype in kinds]
    return tuple(sorted(record.to_text() for rrset in found for record in rrset))
