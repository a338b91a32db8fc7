"""`mail.exchangers`: where mail for a domain is delivered (RFC 5321 §5.1)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dns.reversename
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers, Reverse
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import address
from scanners.context import Context
from scanners.dns.resolver import Answer, text
from scanners.net.failure import NetFailure

#: Exchangers resolved; receivers try about as many.
MAX_HOSTS = 20
#: Addresses of one exchanger that are asked backwards, and names of one address that are asked forwards.
MAX_ADDRESSES = 4
MAX_NAMES = 5

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
    resolved = await asyncio.gather(*(addresses(context, name) for _, name in kept))
    backwards = await asyncio.gather(*(_backwards(context, found) for found in resolved))
    hosts = tuple(
        replace(_exchanger(*pair, found), reverse=reverse)
        for pair, found, reverse in zip(kept, resolved, backwards, strict=True)
    )
    fact = MailExchangers(
        null_mx=named == [(0, ".")], hosts=hosts, problems=tuple(_problems(named, len(kept)))
    )
    return Seen(value=fact, gaps=(*_gaps(resolved), *_unconfirmed(hosts)))


async def _implicit(context: Context, domain: str) -> Seen[MailExchangers]:
    """Without any MX the domain's own addresses take its mail."""
    found = await context.resolver.addresses(domain)
    implicit = None if not found.all and None in {found.ipv4, found.ipv6} else bool(found.all)
    gaps = (_IMPLICIT_GAP,) if implicit is None else ()
    return Seen(value=MailExchangers(null_mx=False, hosts=(), implicit=implicit), gaps=gaps)


async def names(context: Context, domain: str) -> list[str]:
    """The exchangers that are looked at, best first, each once; none where MX could not be asked."""
    answer = await context.resolver.attempt(domain, "MX")
    records = answer.of(MX) if isinstance(answer, Answer) else ()
    ordered = sorted((record.preference, text(record.exchange)) for record in records)
    return list(dict.fromkeys(name for _, name in ordered if name != "."))[:MAX_HOSTS]


async def addresses(context: Context, name: str) -> DnsAddresses | NetFailure:
    """An exchanger's addresses, pinned; the failure as a value."""
    try:
        return await context.resolver.reach(name, 25)
    except NetFailure as failure:
        return failure


async def _backwards(context: Context, found: DnsAddresses | NetFailure) -> tuple[Reverse, ...]:
    if isinstance(found, NetFailure):
        return ()
    return tuple(await asyncio.gather(*(_reverse(context, place) for place in found.all[:MAX_ADDRESSES])))


async def _reverse(context: Context, place: str) -> Reverse:
    """PTR of an address, and whether one of the names leads back to it; at most `MAX_NAMES` are asked."""
    answer = await context.resolver.attempt(dns.reversename.from_address(place), "PTR")
    if isinstance(answer, NetFailure):
        return Reverse(address=place, names=None, confirmed=None)
    names = tuple(text(record.target) for record in answer.of(PTR))
    kind = "AAAA" if ":" in place else "A"
    forward = await asyncio.gather(*(context.resolver.attempt(name, kind) for name in names[:MAX_NAMES]))
    there = [each for each in forward if isinstance(each, Answer)]
    confirmed = any(address(record.to_text()) == address(place) for each in there for record in each.records)
    told = confirmed or len(there) == len(forward)
    return Reverse(address=place, names=names, confirmed=confirmed if told else None)


def _unconfirmed(hosts: Sequence[Exchanger]) -> Iterator[Gap]:
    for index, host in enumerate(hosts):
        for place, reverse in enumerate(host.reverse):
            if reverse.confirmed is None:
                yield Gap(path=f"hosts.{index}.reverse.{place}.confirmed", reason=Reason.DNS_FAILURE)


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
        inward=found.inward or (),
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
