"""Looks at one endpoint: an ordinary handshake first, then everything else, into one fact."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from posture.core.facts.tls_endpoint import Certificate, TlsEndpoint, Trust
from posture.core.findings import Owner
from posture.core.observations import Gap, Reason, Seen
from posture.core.scope import Permit
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.tls import (
    behaviour,
    certificate,
    exchange,
    identity,
    oracles,
    protocols,
    staple,
    trust,
    weaknesses,
)
from scanners.tls.answers import Accepted, Answer, Failed, Refused
from scanners.tls.behaviour import Behaviour
from scanners.tls.client import choice, flight
from scanners.tls.enumerate import Surveyed, survey
from scanners.tls.exchange import Exchange, Groups
from scanners.tls.line import Line
from scanners.tls.offers import offer, ordinary
from scanners.tls.oracles import Probed
from scanners.tls.protocols import Offered
from scanners.tls.registry import TLS13, group_name, scheme_names
from scanners.tls.schemes import Schemes, signature_schemes
from scanners.tls.shares import SECP256R1, X25519, Share, generate
from scanners.tls.ssl2 import Ssl2Hello
from scanners.tls.wire import Malformed

if TYPE_CHECKING:
    from scanners.tls import TlsTarget

#: Share of the host's budget after which every open question ends; the rest is for putting the fact together.
_BUDGET_SHARE = 0.9
#: Connections at a time for what need not wait for the survey; the rest is the survey's.
_ASIDE = 3
#: Protocols of mail, how many connections at a time their servers get, and how many in all.
_MAIL = frozenset({"smtp", "imap", "pop3"})
_MAIL_AT_ONCE = 4
_MAIL_IN_ALL = 30
_MAIL_RESERVE = 2
#: Certificates of one chain that are read: some servers send their whole trust store, hostile ones anything.
_MOST_CERTIFICATES = 64
_DEPTHS = {Owner.SELF: "full"}


@dataclass(slots=True, kw_only=True)
class Look:
    """One endpoint under examination: who, when, through which line, against which trust store."""

    target: "TlsTarget"
    name: str | None
    address: str
    port: int
    at: datetime
    line: Line
    anchors: trust.Anchors
    gaps: list[Gap] = field(default_factory=list)
    scheme: int | None = None
    stapled: bytes | None = None

    @property
    def gentle(self) -> bool:
        """Mail servers count connections and ban those who make many, unless the operator knows better."""
        return self.line.limit is not None

    @property
    def contact(self) -> bool:
        """One ordinary handshake is all that is allowed, or all that is asked for."""
        return self.target.ordinary or self.line.permit.owner is Owner.PROVIDER

    def gap(self, path: str, reason: Reason | None) -> None:
        """Note why a part is null; nothing for a part that is not."""
        if reason is not None:
            self.gaps.append(Gap(path=path, reason=reason))


def begin(context: Context, target: "TlsTarget", anchors: trust.Anchors) -> Look:
    """Ask for the permit. Raises NetFailure(not-permitted)."""
    address, port = target.target.address, target.target.port
    if address is None or port is None:
        raise ValueError("a TLS endpoint has an address and a port")
    mail = target.starttls in _MAIL
    line = Line(
        gateway=context.gateway,
        permit=_permit(context, target),
        starttls=target.starttls,
        timeout=context.options.timeout,
        deadline=asyncio.get_running_loop().time() + context.options.budget * _BUDGET_SHARE,
        greeting=context.options.greeting,
        own_name=context.options.ehlo_name,
        gate=asyncio.Semaphore(_MAIL_AT_ONCE) if mail else None,
        limit=_MAIL_IN_ALL if mail and not context.options.full else None,
    )
    return Look(
        target=target,
        name=target.target.name,
        address=address,
        port=port,
        at=context.clock(),
        line=line,
        anchors=anchors,
    )


def _permit(context: Context, target: "TlsTarget") -> Permit:
    if target.contact_why is None:
        return context.gateway.permit(target.target, target.technique)
    return context.gateway.permit_contact(target.target, target.technique, why=target.contact_why)


async def examine(look: Look) -> Seen[TlsEndpoint]:
    """Everything about the endpoint, in the order in which it builds on itself. Raises NetFailure."""
    shares = _shares()
    first = await flight(look.line, ordinary(look.name, shares), shares)
    if isinstance(first, Accepted):
        look.scheme, look.stapled = first.signature_scheme, first.stapled
    if isinstance(first, Failed) and first.plain:
        return _assembled(look, protocols.plain(), None)
    if isinstance(first, Failed) and (look.target.tried or _no_answer(first)):
        raise NetFailure(first.reason, first.detail)
    if look.contact:
        return _contact(look, first)
    aside = look.line.aside(_ASIDE)
    surveyed_first = asyncio.Event()
    deeper = asyncio.create_task(_early(look, aside, first, surveyed_first))
    try:
        spoken = first.hello.version if isinstance(first, Accepted) else None
        surveyed = await survey(look.line, look.name, by_class=look.gentle, spoken=spoken)
        surveyed_first.set()
        control = await _control(look, first, surveyed)
        offered = protocols.conclude(first, surveyed, control, loaded=look.line.tally.loaded)
        if True not in offered.protocols.values():
            raise _nothing(first, surveyed)
        look.line.widen(aside, _ASIDE)
        ders = await _chain(look, first, surveyed)
        return _assembled(look, offered, ders, await _deeper(look, first, surveyed, offered, deeper))
    finally:
        deeper.cancel()


def _no_answer(first: Failed) -> bool:
    """Whether asking in other ways is of no use: nobody was met, or somebody who speaks something else."""
    return not first.asked or first.reason is Reason.PROTOCOL_GARBAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeper:
    """What is asked after protocols and suites are known."""

    exchange: Exchange
    behaviour: Behaviour
    schemes: Schemes
    vulnerabilities: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """What need not wait for the survey."""

    groups: Groups
    behaviour: Behaviour
    schemes: Schemes
    probed: Probed


async def _early(look: Look, line: Line, first: Answer, surveyed: asyncio.Event) -> Early:
    if look.gentle:  # few connections: protocols and suites come first
        await surveyed.wait()
    ground = oracles.Ground(line=line, server_name=look.name)
    full = line.permit.owner is Owner.SELF
    version = first.hello.version if isinstance(first, Accepted) else 0
    gentle = look.gentle
    groups, found, schemes, probed = await asyncio.gather(
        _groups(line, look, version),
        _no_behaviour() if gentle else behaviour.begin(line, look.name, first),
        _schemes(line, look, version),
        oracles.examine(ground, gentle=gentle) if full else oracles.withheld(),
    )
    return Early(groups=groups, behaviour=found, schemes=schemes, probed=probed)


async def _schemes(line: Line, look: Look, version: int) -> Schemes:
    if look.gentle:
        return Schemes(gap=Reason.BUDGET)
    return await signature_schemes(line, look.name, version, look.scheme)


async def _groups(line: Line, look: Look, version: int) -> Groups:
    if not look.gentle:
        return await exchange.groups_early(line, look.name, version)
    return await exchange.hybrids(line, look.name) if version == TLS13 else Groups()


async def _no_behaviour() -> Behaviour:
    return Behaviour()


async def _deeper(
    look: Look, first: Answer, surveyed: Surveyed, offered: Offered, begun: "asyncio.Task[Early]"
) -> Deeper:
    """Key exchange, behaviour and vulnerabilities, with what builds on the survey."""
    early = await begun
    found = early.behaviour
    ground = oracles.Ground(line=look.line, server_name=look.name)
    verdicts = dict(early.probed.verdicts)
    if "heartbleed" not in verdicts:
        verdicts["heartbleed"] = await oracles.heartbleed(ground, surveyed)
    groups = early.groups
    if look.gentle:
        groups = replace(groups, field=await exchange.field_by_class(look.line, look.name, surveyed))
    if "robot" not in verdicts:
        verdicts |= await oracles.as_far_as(ground, _MAIL_IN_ALL - look.line.connections - _MAIL_RESERVE)
    agreed = await exchange.finish(look.line, look.name, groups, surveyed)
    verdicts["ticketbleed"] = oracles.of_another_kind(verdicts["ticketbleed"], surveyed, agreed.groups or ())
    behaviour.finish(found, first, surveyed)
    behaviour.add_sessions(found, early.probed.sessions)
    behaviour.add_exchange(found, agreed)
    states = dict(weaknesses.derived(offered, agreed, compression=found.answers.get("compression")))
    for name, verdict in verdicts.items():
        states[name], gap = oracles.settled(verdict, name, offered)
        look.gap(f"vulnerabilities.{name}", gap)
    look.gap("groups", agreed.gap)
    look.gap("dh_bits", agreed.dh_gap)
    for name, reason in found.gaps.items():
        look.gap(f"behaviour.{name}", reason)
    look.gap("signature_schemes", early.schemes.gap)
    return Deeper(exchange=agreed, behaviour=found, schemes=early.schemes, vulnerabilities=states)


def _shares() -> list[Share]:
    return [share for group in (X25519, SECP256R1) if (share := generate(group)) is not None]


def _contact(look: Look, first: Answer) -> Seen[TlsEndpoint]:
    if isinstance(first, Failed):
        raise NetFailure(first.reason, first.detail)
    if isinstance(first, Refused):
        raise NetFailure(Reason.NO_DATA, f"an ordinary handshake was refused ({first.name})")
    return _assembled(look, protocols.contact(first), first.certificates)


def _nothing(first: Answer, surveyed: Surveyed) -> NetFailure:
    """Why there is nothing to judge: no handshake of any kind was accepted."""
    if isinstance(first, Failed):
        return NetFailure(first.reason, first.detail)
    ends = (first, *(listing.end for listing in surveyed.listings.values()))
    names = sorted({end.name for end in ends if isinstance(end, Refused)})
    return NetFailure(Reason.NO_DATA, f"every handshake was refused ({', '.join(names)})")


async def _control(look: Look, first: Answer, surveyed: Surveyed) -> Answer | None:
    """What was accepted before, asked once more, where a no is not yet sure."""
    if not protocols.needs_control(surveyed):
        return None
    best = protocols.best(surveyed)
    if best is not None:
        return await choice(look.line, offer(best.version, look.name, best.suites), sure=True)
    if isinstance(first, Accepted):
        return await choice(look.line, ordinary(look.name, _shares()), sure=True)
    return None


async def _chain(look: Look, first: Answer, surveyed: Surveyed) -> tuple[bytes, ...] | None:
    """The certificates as sent (DER), from the ordinary handshake or from one that the server can do."""
    if isinstance(first, Accepted) and first.certificates:
        return first.certificates
    best = protocols.best(surveyed)
    if best is not None:
        shares = _shares() if best.version == TLS13 else []
        answer = await flight(look.line, offer(best.version, look.name, best.suites, shares=shares), shares)
        if isinstance(answer, Accepted) and answer.certificates:
            return answer.certificates
        look.gap("certificates", _why(answer))
    if isinstance(surveyed.ssl2, Ssl2Hello):
        return (surveyed.ssl2.certificate,)
    return None


def _why(answer: Answer) -> Reason:
    if isinstance(answer, Failed):
        return answer.reason
    return (answer.gap if isinstance(answer, Accepted) else None) or Reason.NO_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    certificates: tuple[Certificate, ...] | None = None
    trust: Trust | None = None
    hostname_matches: bool | None = None
    problems: tuple[str, ...] = ()
    stapled: str | None = None


def _identity(look: Look, ders: Sequence[bytes] | None) -> _Identity:
    """The certificates read and judged; what cannot be read becomes a gap."""
    if not ders:
        return _Identity()
    try:
        leaf = certificate.load(ders[0])
    except Malformed:
        look.gap("certificates", Reason.PROTOCOL_GARBAGE)
        return _Identity()
    parsed = [leaf]
    kept = [ders[0]]
    if len(ders) > _MOST_CERTIFICATES:
        look.gap(f"certificates.{_MOST_CERTIFICATES}", Reason.BUDGET)
    for place, der in enumerate(ders[1:_MOST_CERTIFICATES], 1):
        try:
            parsed.append(certificate.load(der))
            kept.append(der)
        except Malformed:
            look.gap(f"certificates.{place}", Reason.PROTOCOL_GARBAGE)
    return _Identity(
        certificates=tuple(certificate.fact(*pair) for pair in zip(parsed, kept, strict=True)),
        trust=trust.judge(parsed, look.anchors, look.at),
        hostname_matches=identity.matches(leaf, look.name, look.address),
        problems=trust.chain_problems(parsed, look.anchors),
        stapled=None if look.stapled is None else staple.status(look.stapled, parsed, look.at),
    )


def _assembled(
    look: Look, offered: Offered, ders: Sequence[bytes] | None, deeper: Deeper | None = None
) -> Seen[TlsEndpoint]:
    known = _identity(look, ders)
    starttls = {} if look.target.starttls is None else {"starttls_offered": _started(offered)}
    value = TlsEndpoint(
        host=look.name or look.address,
        address=look.address,
        port=look.port,
        starttls=look.target.starttls,
        server_name=look.name,
        at=look.at,
        protocols=offered.protocols,
        cipher_suites=offered.suites,
        server_preference=offered.preference,
        groups=_group_names(deeper),
        certificates=known.certificates,
        trust=known.trust,
        hostname_matches=known.hostname_matches,
        vulnerabilities=deeper.vulnerabilities if deeper else {},
        connections=look.line.connections,
        behaviour=starttls | (deeper.behaviour.answers if deeper else {}),
        dh_bits=deeper.exchange.dh_bits if deeper else None,
        dh_prime=deeper.exchange.dh_prime if deeper else None,
        alpn=deeper.behaviour.alpn if deeper else None,
        signature_scheme=scheme_names().get(look.scheme) if look.scheme is not None else None,
        signature_schemes=_scheme_names(deeper),
        stapled_status=known.stapled,
        hostname_matches_without_sni=_bare_match(look, deeper),
        chain_problems=known.problems,
        by_class=look.gentle and offered.protocols != protocols.plain().protocols,
        depth="contact" if look.contact else _DEPTHS.get(look.line.permit.owner, "wellformed"),
        refusals=offered.refusals,
        partial=tuple(offered.partial),
        role=look.target.contact_why,
    )
    return Seen(value=value, gaps=(*offered.gaps, *look.gaps))


def _started(offered: Offered) -> bool | None:
    """Whether TLS could be begun: yes by what was agreed on, no by the service's own word, else null."""
    if True in offered.protocols.values():
        return True
    return False if offered.refusals == protocols.plain().refusals else None


def _scheme_names(deeper: Deeper | None) -> tuple[str, ...] | None:
    if deeper is None or deeper.schemes.found is None:
        return None
    return tuple(scheme_names().get(number, f"0x{number:04X}") for number in deeper.schemes.found)


def _bare_match(look: Look, deeper: Deeper | None) -> bool | None:
    """Whether the certificate that is shown without a server name names the host."""
    if deeper is None or deeper.behaviour.bare_leaf is None:
        return None
    try:
        return identity.matches(certificate.load(deeper.behaviour.bare_leaf), look.name, look.address)
    except Malformed:
        return None


def _group_names(deeper: Deeper | None) -> tuple[str, ...] | None:
    if deeper is None or deeper.exchange.groups is None:
        return None
    return tuple(map(group_name, deeper.exchange.groups))
