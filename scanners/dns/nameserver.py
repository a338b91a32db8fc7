"""One authoritative server at one address: what it answers, and what it should not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT

from posture.core.facts.dns_zone import NameServer
from posture.core.observations import Reason
from posture.core.targets import inward
from scanners.context import Context
from scanners.dns import evidence
from scanners.dns.resolver import text
from scanners.dns.transport import Server, ask_tcp, ask_udp, question
from scanners.net.failure import NetFailure

#: A name nobody but the root's operators serves: whoever answers for it resolves for strangers.
FOREIGN = dns.name.from_text("a.root-servers.net.")
_VERSION = dns.name.from_text("version.bind.")
_TRIES = 2
_NS, _MX, _TXT = dns.rdatatype.NS, dns.rdatatype.MX, dns.rdatatype.TXT

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A server's fact, and why each of its null parts was not seen."""

    fact: NameServer
    lost: Mapping[str, Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Asks one server about one zone."""

    context: Context
    server: Server
    zone: dns.name.Name

    async def udp(self, query: dns.message.Message) -> dns.message.Message:
        """The response over UDP; a lost datagram is sent again once."""
        return self._used(await self._udp(query))

    async def _udp(self, query: dns.message.Message) -> dns.message.Message:
        seconds = self.context.options.timeout / _TRIES
        for _ in range(_TRIES - 1):
            try:
                return await ask_udp(self.context.gateway, self.server, query, seconds=seconds)
            except NetFailure as failure:
                if failure.reason is not Reason.TIMEOUT:
                    raise
        return await ask_udp(self.context.gateway, self.server, query, seconds=seconds)

    async def tcp(self, query: dns.message.Message) -> dns.message.Message:
        """The response over TCP."""
        seconds = self.context.options.timeout
        return self._used(await ask_tcp(self.context.gateway, self.server, query, seconds=seconds))

    def _used(self, response: dns.message.Message) -> dns.message.Message:
        evidence.use(response, f"{self.server.name} {self.server.address}")
        return response

    async def soa(self) -> dns.message.Message:
        return await self.udp(question(self.zone, dns.rdatatype.SOA, recurse=False))

    async def soa_over_tcp(self) -> dns.message.Message:
        return await self.tcp(question(self.zone, dns.rdatatype.SOA, recurse=False))

    async def apex(self, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The server's records of the zone's own name; over TCP where they do not fit a datagram."""
        query = question(self.zone, rdtype, recurse=False)
        response = await self.udp(query)
        return await self.tcp(query) if response.flags & dns.flags.TC else response

    async def recursion(self) -> bool:
        """Whether it resolves for strangers. Raises DNS_FAILURE when it offers to and then fails."""
        response = await self.udp(question(FOREIGN, dns.rdatatype.A))
        if not response.flags & dns.flags.RA:
            return False
        if response.rcode() == dns.rcode.SERVFAIL:
            raise NetFailure(Reason.DNS_FAILURE, f"{self.server.label()} offers recursion and fails")
        return bool(response.answer) or response.rcode() == dns.rcode.NXDOMAIN

    async def transfer(self) -> bool:
        """Whether it starts to give the zone away (RFC 5936); only the first message is read."""
        response = await self.tcp(dns.message.make_query(self.zone, dns.rdatatype.AXFR, flags=0))
        first = response.answer[0].rdtype if response.answer else None
        return response.rcode() == dns.rcode.NOERROR and first == dns.rdatatype.SOA

    async def version(self) -> str | None:
        """What it says of its software (`version.bind`, RFC 4892), or null."""
        query = dns.message.make_query(_VERSION, dns.rdatatype.TXT, dns.rdataclass.CH, flags=0)
        response = await self.udp(query)
        found = response.get_rrset(response.answer, _VERSION, dns.rdataclass.CH, dns.rdatatype.TXT)
        texts = [b"".join(r.strings).decode("utf-8", "replace") for r in found or () if isinstance(r, TXT)]
        return texts[0].strip() or None if texts else None


async def look(context: Context, server: Server, zone: str, *, intrude: bool) -> Looked:
    """Ask one server everything at once; without `intrude` only what any resolver would ask."""
    asker = Asker(context=context, server=server, zone=dns.name.from_text(zone))
    udp, tcp, (ns, mx, txt), recursion, transfer, version = await asyncio.gather(
        attempt(asker.soa()),
        attempt(asker.soa_over_tcp()),
        asyncio.gather(*(attempt(asker.apex(rdtype)) for rdtype in (_NS, _MX, _TXT))),
        attempt(asker.recursion() if intrude else _withheld()),
        attempt(asker.transfer() if intrude else _withheld()),
        attempt(asker.version() if intrude else _silent()),
    )
    if (
        isinstance(transfer, NetFailure)
        and transfer.reason is Reason.RESET
        and isinstance(tcp, dns.message.Message)
    ):
        transfer = False  # it answers over TCP and hangs up on this question: that is a refusal
    either = udp if isinstance(udp, dns.message.Message) else tcp
    soa = _soa(either, asker.zone)
    fact = NameServer(
        name=server.name or server.address,
        address=server.address,
        udp=_answers(udp),
        tcp=_answers(tcp),
        authoritative=None if isinstance(either, NetFailure) else soa is not None,
        serial=soa.serial if soa else None,
        recursion=_known(recursion),
        transfer=_known(transfer),
        version=_known(version),
        ns=None if isinstance(ns, NetFailure) else _names(ns, asker.zone),
        mx=_told(mx, asker.zone, _exchangers),
        spf=_told(txt, asker.zone, _policies),
        public=not inward((server.address,), context.gateway.scope.consent.networks),
    )
    asked: dict[str, object] = {"udp": udp, "tcp": tcp, "authoritative": either, "serial": either, "ns": ns}
    asked |= {"mx": mx, "spf": txt}
    asked |= {"recursion": recursion, "transfer": transfer, "version": version}
    return Looked(fact=fact, lost=_reasons(fact, asked))


async def attempt(awaitable: Awaitable[T]) -> T | NetFailure:
    """The result, or the failure as a value."""
    try:
        return await awaitable
    except NetFailure as failure:
        return failure


async def _withheld() -> bool:
    raise NetFailure(Reason.NOT_PERMITTED, "the zone is not the applicant's")


async def _silent() -> str | None:
    return None


def _answers(response: dns.message.Message | NetFailure) -> bool | None:
    """True for any response, False where the port is closed; silence is no answer (see `zone`)."""
    if isinstance(response, NetFailure):
        return False if response.reason is Reason.REFUSED else None
    return True


def _known(value: T | NetFailure) -> T | None:
    return None if isinstance(value, NetFailure) else value


def _soa(response: dns.message.Message | NetFailure, zone: dns.name.Name) -> SOA | None:
    """The zone's SOA from an authoritative answer, else None: the server is lame."""
    if isinstance(response, NetFailure) or not response.flags & dns.flags.AA:
        return None
    found = response.get_rrset(response.answer, zone, dns.rdataclass.IN, dns.rdatatype.SOA)
    return next((record for record in found or () if isinstance(record, SOA)), None)


def _names(response: dns.message.Message, zone: dns.name.Name) -> tuple[str, ...]:
    found = response.get_rrset(response.answer, zone, dns.rdataclass.IN, dns.rdatatype.NS)
    return tuple(sorted(text(record.target) for record in found or () if isinstance(record, NS)))


def _told(
    response: dns.message.Message | NetFailure,
    zone: dns.name.Name,
    read: Callable[[dns.message.Message, dns.name.Name], tuple[str, ...]],
) -> tuple[str, ...] | None:
    """What the response says of the zone: nothing unless it answers with authority."""
    if isinstance(response, NetFailure) or not response.flags & dns.flags.AA:
        return None
    return read(response, zone)


def _exchangers(response: dns.message.Message, zone: dns.name.Name) -> tuple[str, ...]:
    found = response.get_rrset(response.answer, zone, dns.rdataclass.IN, _MX)
    return tuple(sorted(f"{r.preference} {text(r.exchange)}" for r in found or () if isinstance(r, MX)))


def _policies(response: dns.message.Message, zone: dns.name.Name) -> tuple[str, ...]:
    found = response.get_rrset(response.answer, zone, dns.rdataclass.IN, _TXT)
    texts = [b"".join(record.strings) for record in found or () if isinstance(record, TXT)]
    return tuple(sorted(raw.decode("ascii", "replace") for raw in texts if raw[:6].lower() == b"v=spf1"))


def _reasons(fact: NameServer, asked: Mapping[str, object]) -> Mapping[str, Reason]:
    """Why the fact's null parts are null."""
    return {
        name: result.reason if isinstance(result, NetFailure) else Reason.NO_DATA
        for name, result in asked.items()
        if getattr(fact, name) is None and (name != "version" or isinstance(result, NetFailure))
    }
