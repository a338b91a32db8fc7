"""`mail.spf`: what a domain's SPF policy amounts to, whoever sends (RFC 7208).

`check_host` (spf_check) answers for one client. Here the whole policy is walked as for a client that nothing
matches, which costs the most lookups, and the IPv4 addresses that pass are added up.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dns.rdtypes.ANY.MX import MX

from posture.core.facts.mail_spf import MailSpf
from posture.core.observations import Gap, Seen
from scanners.context import Context
from scanners.dns.resolver import text
from scanners.mail.ranges import EVERYONE, NOBODY, Ranges, of_networks
from scanners.mail.spf_check import MAX_LOOKUPS, MAX_NAMES, MAX_VOID
from scanners.mail.spf_macro import expand, letters_in, target_name
from scanners.mail.spf_record import Mechanism, SpfRecord, SpfSyntaxError, is_spf, read_spf
from scanners.mail.txt import texts
from scanners.net.failure import NetFailure

#: Terms that are looked up before the walk gives up: a bomb is known for one long before.
MAX_TERMS = 60
#: Octets of a record with its name that fit an answer over UDP as every old resolver takes it (§3.4).
LONG_RECORD = 450
#: Problems that make every evaluation that reaches them a permerror (§2.6.7).
FATAL = (
    "several-records",
    "syntax",
    "include-without-record",
    "redirect-without-record",
    "too-many-lookups",
    "too-many-void-lookups",
    "too-many-mx",
    "loop",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one term or one record adds to the whole.

    `match` are the IPv4 addresses it matches; `open_ended` says that more may match than can be listed
    (macros, ptr, exists).
    """

    match: Ranges = NOBODY
    lookups: int = 0
    voids: int = 0
    open_ended: bool = False
    problems: tuple[str, ...] = ()
    failure: NetFailure | None = None
    all: str | None = None
    found: bool = True


@dataclass(slots=True)
class _Walk:
    """One walk: its budget of terms."""

    context: Context
    terms: int = field(default=0)

    def spend(self) -> bool:
        self.terms += 1
        return self.terms <= MAX_TERMS


async def look(context: Context, domain: str) -> Seen[MailSpf]:
    """Walk the domain's policy with everything it includes."""
    try:
        found = await texts(context, domain)
    except NetFailure as failure:
        return _temporary(failure, ())
    records = tuple(record for record in found if is_spf(record))
    notes = tuple(_notes(found, records))
    part = await _domain(_Walk(context), domain, ())
    problems = (*part.problems, *notes, *_limits(part))
    if part.failure is not None and not _fatal(problems):
        return _temporary(part.failure, records)
    status = "none" if not records else "permerror" if _fatal(problems) else "valid"
    return Seen(
        value=MailSpf(
            status=status,
            records=records,
            lookups=part.lookups,
            void_lookups=part.voids,
            all=part.all,
            problems=tuple(dict.fromkeys(problems)),
            ipv4_senders=len(part.match) if status == "valid" else None,
            open_ended=part.open_ended,
        )
    )


def _temporary(failure: NetFailure, records: tuple[str, ...]) -> Seen[MailSpf]:
    fact = MailSpf(
        status="temperror",
        records=records,
        lookups=0,
        void_lookups=0,
        all=None,
        problems=(),
        ipv4_senders=None,
    )
    return Seen(value=fact, gaps=(Gap(path="status", reason=failure.reason),))


def _fatal(problems: Sequence[str]) -> bool:
    return any(problem.partition(":")[0] in FATAL for problem in problems)


def _limits(part: Part) -> Iterator[str]:
    if part.lookups > MAX_LOOKUPS:
        yield "too-many-lookups"
    if part.voids > MAX_VOID:
        yield "too-many-void-lookups"


def _notes(found: Sequence[str], records: Sequence[str]) -> Iterator[str]:
    """What does not change any result but should be mended."""
    if any(text_.lower().startswith("spf2.0/") for text_ in found):
        yield "sender-id"
    if any(is_spf(text_.strip()) and not is_spf(text_) for text_ in found):
        yield "leading-space"
    for record in records:
        if len(record) > LONG_RECORD:
            yield "long-record"
        try:
            yield from _term_notes(read_spf(record))
        except SpfSyntaxError:
            continue


def _term_notes(record: SpfRecord) -> Iterator[str]:
    if record.all is not None and record.redirect is not None:
        yield "redirect-ignored"
    if len(record.reached) < len(record.mechanisms):
        yield "terms-after-all"
    if any(mechanism.kind == "ptr" for mechanism in record.mechanisms):
        yield "uses-ptr"
    includes = Counter(m.domain.lower() for m in record.mechanisms if m.kind == "include" and m.domain)
    yield from (f"include-twice:{domain}" for domain, count in includes.items() if count > 1)


async def _domain(walk: _Walk, domain: str, path: tuple[str, ...]) -> Part:
    """A domain's record; `found` is False without one. `path` are the domains that led here."""
    if domain in path:
        return Part(problems=(f"loop:{domain}",))
    try:
        found = await texts(walk.context, domain)
    except NetFailure as failure:
        return Part(failure=failure)
    records = [record for record in found if is_spf(record)]
    if not records:
        return Part(found=False)
    if len(records) > 1:
        return Part(problems=(f"several-records:{domain}",))
    try:
        record = read_spf(records[0])
    except SpfSyntaxError as error:
        return Part(problems=(f"syntax:{error.term[:80]}",))
    return await _record(walk, record, domain, (*path, domain))


async def _record(walk: _Walk, record: SpfRecord, domain: str, path: tuple[str, ...]) -> Part:
    parts = await asyncio.gather(*(_term(walk, term, domain, path) for term in record.reached))
    qualifiers = [term.qualifier for term in record.reached]
    if record.redirect is not None and record.all is None:
        parts = [*parts, await _followed(walk, record.redirect, domain, path, "redirect")]
        qualifiers.append("+")
    passing, undecided = NOBODY, EVERYONE
    for qualifier, part in zip(qualifiers, parts, strict=True):
        if qualifier == "+":
            passing |= part.match & undecided
        undecided -= part.match
    ends = parts[-1].all if record.all is None and record.redirect is not None else record.all
    return _sum(parts, passing, ends)


def _sum(parts: Sequence[Part], passing: Ranges, ends: str | None) -> Part:
    return Part(
        match=passing,
        lookups=min(sum(part.lookups for part in parts), MAX_TERMS),
        voids=sum(part.voids for part in parts),
        open_ended=any(part.open_ended for part in parts),
        problems=tuple(problem for part in parts for problem in part.problems),
        failure=next((part.failure for part in parts if part.failure is not None), None),
        all=ends,
    )


async def _term(walk: _Walk, term: Mechanism, domain: str, path: tuple[str, ...]) -> Part:
    if term.kind == "all":
        return Part(match=EVERYONE)
    if term.network is not None:
        own = isinstance(term.network, ipaddress.IPv4Network)
        return Part(match=of_networks([ipaddress.IPv4Network(term.network)])) if own else Part()
    if term.kind == "include":
        return await _followed(walk, term.domain or "", domain, path, "include")
    if term.kind == "ptr" or not walk.spend() or letters_in(term.domain or "") - {"d"}:
        return Part(lookups=1, open_ended=True)
    name = target_name(expand(term.domain or "%{d}", {"d": domain}))
    if name is None:
        return Part(lookups=1)
    try:
        return await _ASKERS[term.kind](walk.context, text(name), term)
    except NetFailure as failure:
        return Part(lookups=1, failure=failure)


async def _followed(walk: _Walk, spec: str, domain: str, path: tuple[str, ...], how: str) -> Part:
    """The record an include or redirect leads to. One that depends on the sender cannot be followed."""
    if not walk.spend():
        return Part(lookups=1)
    if letters_in(spec) - {"d"}:
        return Part(lookups=1, open_ended=True, problems=(f"{how}-with-macro:{spec}",))
    name = target_name(expand(spec, {"d": domain}))
    part = await _domain(walk, text(name), path) if name is not None else Part(found=False)
    missing = () if part.found else (f"{how}-without-record:{spec}",)
    return replace(part, lookups=part.lookups + 1, problems=(*part.problems, *missing), found=True)


async def _a(context: Context, name: str, term: Mechanism) -> Part:
    """Addresses with the term's prefix. Void is what has neither A nor AAAA: it is void for every client."""
    ipv4, ipv6 = await asyncio.gather(context.resolver.query(name, "A"), context.resolver.query(name, "AAAA"))
    return Part(
        match=of_networks(_network(record.to_text(), term) for record in ipv4.records),
        lookups=1,
        voids=0 if ipv4.records or ipv6.records else 1,
    )


async def _mx(context: Context, name: str, term: Mechanism) -> Part:
    answer = await context.resolver.query(name, "MX")
    hosts = [text(record.exchange) for record in answer.of(MX) if len(record.exchange) > 1]
    if len(hosts) > MAX_NAMES:
        return Part(lookups=1, problems=(f"too-many-mx:{name}",))
    found = await asyncio.gather(*(context.resolver.query(host, "A") for host in hosts))
    addresses = [record.to_text() for each in found for record in each.records]
    return Part(
        match=of_networks(_network(address, term) for address in addresses),
        lookups=1,
        voids=0 if answer.records else 1,
    )


async def _exists(context: Context, name: str, _term: Mechanism) -> Part:
    """A name without macros either matches every client or none."""
    answer = await context.resolver.query(name, "A")
    return Part(match=EVERYONE if answer.records else NOBODY, lookups=1, voids=0 if answer.records else 1)


_ASKERS: Mapping[str, Callable[[Context, str, Mechanism], Awaitable[Part]]] = {
    "a": _a,
    "mx": _mx,
    "exists": _exists,
}


def _network(address: str, term: Mechanism) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(f"{address}/{term.ipv4}", strict=False)
