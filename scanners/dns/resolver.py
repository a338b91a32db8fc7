"""Recursive resolution with one cache per assessment: answers are facts, failures are failures."""

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from posture.core.consent import Technique
from posture.core.errors import PostureError, RefusedError
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.observations import Reason
from posture.core.scope import RefusalReason
from posture.core.targets import Target, address, inside, inward, is_address
from scanners.context import Options
from scanners.dns import evidence
from scanners.dns.transport import Server, ask, question
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway

#: Limits of one assessment; they bound time and what we ask of other people's servers.
MAX_QUERIES = 2000
MAX_IN_FLIGHT = 64
MAX_ALIASES = 12
MAX_RESOLVERS = 3
#: Questions lost before we believe that no resolver answers anything, and stop waiting for it.
GIVE_UP = 16
#: Each resolver is asked in two rounds; the shares of `options.timeout` they wait.
ROUNDS = (0.3, 0.7)

_SYSTEM = "/etc/resolv.conf"
#: When every try failed, the reason that says most about the world decides.
_TELLING = (
    Reason.NOT_PERMITTED,
    Reason.DNS_FAILURE,
    Reason.PROTOCOL_GARBAGE,
    Reason.REFUSED,
    Reason.UNREACHABLE,
    Reason.RESET,
    Reason.TIMEOUT,
)

R = TypeVar("R", bound=dns.rdata.Rdata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of a name and type: records, or their absence (RFC 2308).

    `exists` is False for NXDOMAIN (of the last alias); no records of an existing name is NODATA. `records`
    are in canonical order, `aliases` the CNAME targets in order, names in lower case without final dot.
    `authenticated` is the resolver's word (AD bit, RFC 4035 §3.2.3), not ours.
    """

    name: str
    rdtype: str
    exists: bool
    records: tuple[dns.rdata.Rdata, ...] = ()
    aliases: tuple[str, ...] = ()
    authenticated: bool = False

    @property
    def canonical(self) -> str:
        """The name the records belong to."""
        return self.aliases[-1] if self.aliases else self.name

    def of(self, kind: type[R]) -> tuple[R, ...]:
        """The records that are of dnspython's class `kind` (one it could not read is a GenericRdata)."""
        return tuple(record for record in self.records if isinstance(record, kind))


@dataclass(frozen=True, slots=True)
class _Key:
    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    validate: bool


class Resolver:
    """Asks the configured resolvers; one cache, shared with nobody.

    `target` is the assessed domain: `options.address` stands for its address.
    """

    def __init__(self, gateway: Gateway, options: Options, *, target: str | None = None) -> None:
        self.target = target
        self._gateway = gateway
        self._options = options
        self._servers = configured(options)
        self._failures = dict.fromkeys(self._servers, 0)
        self._cache: dict[_Key, asyncio.Task[dns.message.Message]] = {}
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._answered = False
        self._lost = 0

    async def query(self, name: str | dns.name.Name, rdtype: str) -> Answer:
        """Records of a name, following aliases. Raises NetFailure; NXDOMAIN and NODATA are answers."""
        asked = named(name) if isinstance(name, str) else name
        kind = dns.rdatatype.from_text(rdtype)
        owner, authenticated = asked, True
        aliases: list[dns.name.Name] = []
        while True:
            message = await self.message(owner, kind)
            authenticated = authenticated and bool(message.flags & dns.flags.AD)
            owner, found, complete = _follow(message, owner, kind, aliases)
            if found or complete:
                return Answer(
                    name=text(asked),
                    rdtype=rdtype,
                    exists=bool(found) or message.rcode() != dns.rcode.NXDOMAIN,
                    records=found,
                    aliases=tuple(map(text, aliases)),
                    authenticated=authenticated,
                )

    async def addresses(self, name: str) -> DnsAddresses:
        """A and AAAA of a name; they are pinned, so that nothing resolves the name a second time.

        Raises NetFailure when neither could be asked (one that could not is None), and NOT_PERMITTED where
        the operator's `--address` is in none of the consent's networks and DNS does not confirm it.
        """
        if self._options.address is not None and name == self.target:
            found = await self._operators(name, self._options.address)
        else:
            found = await self._addresses(name)
        found = replace(found, inward=inward(found.all, self._gateway.scope.consent.networks))
        if found.all:
            self._gateway.pin(name, found.all)
        return found

    async def reach(self, name: str, port: int) -> DnsAddresses:
        """As `addresses`, for a name to be contacted: without any, that of its route (`--connect-to`)."""
        route = self._options.routes.find(name, port)
        if route is None:
            return await self.addresses(name)
        try:
            found = await self.addresses(name)
        except NetFailure:
            return self._believed(name, route.to_address, ())
        return found if found.all else self._believed(name, route.to_address, ())

    async def confirm(self) -> None:
        """Find out whether all places the operator named are the applicant's, before any is contacted.

        Only places outside the consent's networks are asked for, in DNS. Raises RefusedError
        (address-unconfirmed) for the first that is not among its name's addresses.
        """
        named = [(route.name, route.to_address) for route in self._options.routes.routes]
        if self._options.address is not None and self.target is not None:
            named.insert(0, (self.target, self._options.address))
        for name, place in named:
            try:
                if not self._owned(place):
                    self._believed(name, place, (await self.addresses(name)).all)
            except NetFailure as failure:
                raise RefusedError(
                    f"{place} is not known to be {name}'s ({failure.detail}).",
                    remedy="Name an address that the name resolves to, or one in the consent's networks.",
                    code=RefusalReason.UNCONFIRMED.value,
                ) from None

    async def _operators(self, name: str, given: str) -> DnsAddresses:
        resolved = () if self._owned(given) else (await self._addresses(name)).all
        return self._believed(name, given, resolved)

    def _owned(self, place: str) -> bool:
        return inside(address(place), self._gateway.scope.consent.networks)

    def _believed(self, name: str, place: str, resolved: Iterable[str]) -> DnsAddresses:
        """An address that the operator named. Raises NetFailure(not-permitted) where nothing confirms it."""
        target = Target(name=name, address=place)
        refusal = self._gateway.scope.unconfirmed(target, Technique.DNS, resolved)
        if refusal is not None:
            raise NetFailure(Reason.NOT_PERMITTED, f"{refusal.reason.value}: {refusal.detail}")
        return _given(name, place)

    async def message(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, *, validate: bool = False
    ) -> dns.message.Message:
        """The resolver's NOERROR or NXDOMAIN response. `validate`: with signatures and checking disabled.

        Raises NetFailure: DNS_FAILURE for SERVFAIL, REFUSED and their like, else what the network did.
        """
        key = _Key(name.canonicalize(), rdtype, validate)
        if key not in self._cache:
            if len(self._cache) >= MAX_QUERIES:
                raise NetFailure(Reason.BUDGET, f"more than {MAX_QUERIES} DNS questions")
            task = asyncio.create_task(self._fetch(key))
            task.add_done_callback(_retrieve)
            self._cache[key] = task
        # Several observers may wait for one answer; the budget of one must not take it from the others.
        message = await asyncio.shield(self._cache[key])
        evidence.use(message)
        return message

    async def _fetch(self, key: _Key) -> dns.message.Message:
        failures: list[NetFailure] = []
        async with self._in_flight:
            if self._lost >= GIVE_UP and not self._answered:
                raise NetFailure(Reason.TIMEOUT, f"no resolver answered any of {self._lost} questions")
            for share in ROUNDS:
                for server in sorted(self._servers, key=self._failures.__getitem__):
                    query = question(key.name, key.rdtype, validate=key.validate)
                    try:
                        seconds = share * self._options.timeout
                        response = await ask(self._gateway, server, query, seconds=seconds)
                        self._answered = True
                        return _usable(response, server)
                    except NetFailure as failure:
                        self._failures[server] += 1
                        failures.append(failure)
        self._lost += all(failure.reason is Reason.TIMEOUT for failure in failures)
        raise min(failures, key=_telling)

    async def _addresses(self, name: str) -> DnsAddresses:
        ipv4, ipv6 = await asyncio.gather(self.attempt(name, "A"), self.attempt(name, "AAAA"))
        answers = [answer for answer in (ipv4, ipv6) if isinstance(answer, Answer)]
        if isinstance(ipv4, NetFailure) and isinstance(ipv6, NetFailure):
            raise ipv4
        return DnsAddresses(
            name=name,
            exists=all(answer.exists for answer in answers),
            ipv4=_texts(ipv4),
            ipv6=_texts(ipv6),
            aliases=answers[0].aliases,
        )

    async def attempt(self, name: str | dns.name.Name, rdtype: str) -> Answer | NetFailure:
        """As `query`, with the failure as a value: for questions asked side by side."""
        try:
            return await self.query(name, rdtype)
        except NetFailure as failure:
            return failure


def named(text: str) -> dns.name.Name:
    """The name that a text stands for, ours or others'. Raises NetFailure for one too long to ask for."""
    try:
        return dns.name.from_text(text)
    except dns.exception.DNSException:
        shown = text if len(text) < 80 else f"{text[:80]}…"
        raise NetFailure(Reason.DNS_FAILURE, f"“{shown}” is no name that can be asked for") from None


def text(name: dns.name.Name) -> str:
    """A name in lower case without final dot; the root is `.`."""
    return name.to_text(omit_final_dot=True).lower()


def configured(options: Options) -> tuple[Server, ...]:
    """The resolvers to ask: the operator's, else the system's. Raises PostureError when there is none."""
    if options.resolvers:
        return tuple(Server(address=addr, port=port, configured=True) for addr, port in options.resolvers)
    found = _system()
    if not found:
        raise PostureError(
            f"{_SYSTEM} names no resolver.",
            remedy="Name one with --resolver IP, or repair the system's configuration.",
            code="no-resolver",
        )
    return tuple(Server(address=addr, configured=True) for addr in found[:MAX_RESOLVERS])


def _system() -> list[str]:
    """The addresses of resolv.conf(5). Read here, for dnspython's reader loads an HTTP client for 0.2 s."""
    try:
        lines = Path(_SYSTEM).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    places = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
    # Router advertisements name an interface behind the address (RFC 4007 §11); elsewhere that means nothing.
    return [place for place in places if is_address(place.partition("%")[0])]


def _usable(message: dns.message.Message, server: Server) -> dns.message.Message:
    """NOERROR and NXDOMAIN tell something about the name; everything else about the server."""
    if message.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        code = dns.rcode.to_text(message.rcode())
        raise NetFailure(Reason.DNS_FAILURE, f"{server.label()} answered {code}")
    kinds = {rrset.rdtype for rrset in message.authority}
    referral = dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds
    if referral and not message.answer and not message.flags & (dns.flags.AA | dns.flags.RA):
        raise NetFailure(Reason.DNS_FAILURE, f"{server.label()} sent a referral: it does not resolve")
    return message


def _follow(
    message: dns.message.Message,
    owner: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    aliases: list[dns.name.Name],
) -> tuple[dns.name.Name, tuple[dns.rdata.Rdata, ...], bool]:
    """Walk the aliases of one response: the last owner, its records, and whether that settles the question.

    Without records it is settled by NXDOMAIN, by an SOA (RFC 2308 §2), or when no alias led anywhere new.
    """
    start = owner
    while True:
        records = message.get_rrset(message.answer, owner, dns.rdataclass.IN, rdtype)
        if records:
            return owner, tuple(sorted(records)), True
        alias = message.get_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if not alias:
            break
        owner = min(alias).target
        if owner in aliases or owner == start or len(aliases) >= MAX_ALIASES:
            raise NetFailure(Reason.DNS_FAILURE, f"the aliases of {text(start)} lead round or too far")
        aliases.append(owner)
    negative = message.rcode() == dns.rcode.NXDOMAIN or any(
        rrset.rdtype == dns.rdatatype.SOA for rrset in message.authority
    )
    return owner, (), negative or owner == start


def _telling(failure: NetFailure) -> int:
    return _TELLING.index(failure.reason) if failure.reason in _TELLING else len(_TELLING)


def _retrieve(task: "asyncio.Task[dns.message.Message]") -> None:
    """Mark a failure as noticed: the question may have lost everybody who waited for it."""
    if not task.cancelled():
        task.exception()


def _given(name: str, place: str) -> DnsAddresses:
    is_ipv6 = ":" in place
    return DnsAddresses(
        name=name, exists=True, ipv4=() if is_ipv6 else (place,), ipv6=(place,) if is_ipv6 else ()
    )


def _texts(answer: Answer | NetFailure) -> tuple[str, ...] | None:
    if isinstance(answer, NetFailure):
        return None
    return tuple(str(ipaddress.ip_address(record.to_text())) for record in answer.records)
