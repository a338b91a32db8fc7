"""`mail.exchangers`: where mail for a domain is delivered (RFC 5321 §5.1)."""

import asyncio
from collections.abc import Iterator, Sequence

from dns.rdtypes.ANY.MX import MX

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context
from scanners.dns.resolver import text
from scanners.net.failure import NetFailure

#: Exchangers resolved; receivers try about as many.
MAX_HOSTS = 20

_IMPLICIT_GAP = Gap(path="implicit", reason=Reason.DNS_FAILURE)


async def look(context: Context, domain: str) -> Seen[MailExchangers]:
    """MX records with their addresses; null MX (RFC 7505); without MX the domain's own address.

    Raises NetFailure: NO_DATA when the domain does not exist.
    """
    answer = await context.resolver.query(domain, "MX")
    if not answer.exists:
        raise NetFailure(Reason.NO_DATA, f"{domain} does not exist")
    named = sorted((record.preference, text(record.exchange)) for record in answer.of(MX))
    if not named:
        return await _implicit(context, domain)
    kept = [(preference, name) for preference, name in named if name != "."][:MAX_HOSTS]
    resolved = await asyncio.gather(*(_addresses(context, name) for _, name in kept))
    hosts = tuple(_exchanger(*pair, found) for pair, found in zip(kept, resolved, strict=True))
    fact = MailExchangers(
        null_mx=named == [(0, ".")], hosts=hosts, problems=tuple(_problems(named, len(kept)))
    )
    return Seen(value=fact, gaps=tuple(_gaps(resolved)))


async def _implicit(context: Context, domain: str) -> Seen[MailExchangers]:
    """Without any MX the domain's own addresses take its mail."""
    found = await context.resolver.addresses(domain)
    implicit = None if not found.all and None in {found.ipv4, found.ipv6} else bool(found.all)
    gaps = (_IMPLICIT_GAP,) if implicit is None else ()
    return Seen(value=MailExchangers(null_mx=False, hosts=(), implicit=implicit), gaps=gaps)


async def _addresses(context: Context, name: str) -> DnsAddresses | NetFailure:
    try:
        return await context.resolver.reach(name, 25)
    except NetFailure as failure:
        return failure


def _exchanger(preference: int, name: str, found: DnsAddresses | NetFailure) -> Exchanger:
    if isinstance(found, NetFailure):
        return Exchanger(preference=preference, name=name, addresses=None)
    partial = not found.all and None in {found.ipv4, found.ipv6}
    return Exchanger(
        preference=preference,
        name=name,
        addresses=None if partial else found.all,
        exists=found.exists,
        alias=bool(found.aliases),
    )


def _problems(named: Sequence[tuple[int, str]], kept: int) -> Iterator[str]:
    names = [name for _, name in named]
    if "." in names and named != [(0, ".")]:
        yield "null-mx-among-others" if len(named) > 1 else "null-mx-preference"
    if len(set(names)) < len(names):
        yield "exchanger-twice"
    if len([name for name in names if name != "."]) > kept:
        yield "too-many-exchangers"


def _gaps(resolved: Sequence[DnsAddresses | NetFailure]) -> Iterator[Gap]:
    for index, found in enumerate(resolved):
        if isinstance(found, NetFailure):
            yield Gap(path=f"hosts.{index}.addresses", reason=found.reason)
        elif not found.all and None in {found.ipv4, found.ipv6}:
            yield Gap(path=f"hosts.{index}.addresses", reason=Reason.DNS_FAILURE)
