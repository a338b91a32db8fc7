"""`dns.names`: hosts that no start page links to (VPN gateways, portals, webmail), found by their names.

Existing names are attributed like every other host. Those are swept that are the applicant's and on which a
telling port is open; a host that is silent everywhere is reported as such, and keeps nothing else unseen.
Another's host gets one connection, and where that is accepted one request for its page.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from posture.core.consent import Technique
from posture.core.facts.dns_names import DnsNames, NamedHost, NamedPlace, PlaceState
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Owner
from posture.core.observations import Gap, Reason, Seen, Unseen
from posture.core.scope import Attribution, Permit, RefusalReason
from posture.core.targets import Target, address
from scanners.context import Context
from scanners.names.exist import Asked, Existing, exist
from scanners.net.failure import NetFailure
from scanners.net.nmap import NmapError
from scanners.places import MOST_ADDRESSES, Places
from scanners.ports import telling
from scanners.ports.report import HostReport

#: Hosts that are swept, and start pages that are asked for, beyond those of the domain itself.
MOST_HOSTS: Final = 8
MOST_PAGES: Final = 16
#: Seconds that a host is given to accept a connection: one lost SYN is sent again after one.
KNOCK: Final = 2.5
#: Seconds that the names are held up by a start page that does not answer.
PATIENCE: Final = 4.0

#: Why the parts of the fact that name hosts nothing is known of are open, for whoever judges them.
OPEN_QUESTIONS: Final = {
    "silent": Reason.TIMEOUT,
    "unread": Reason.PROTOCOL_GARBAGE,
    "outside": Reason.NOT_PERMITTED,
}

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a survey goes on with.

    `hosts` are the applicant's own with something open, to be swept; `beyond` those that were too many.
    `pages` are names whose start page is to be asked for.
    """

    fact: Seen[DnsNames] | Unseen
    hosts: tuple[Target, ...] = ()
    beyond: tuple[Target, ...] = ()
    pages: tuple[str, ...] = ()


async def find(
    context: Context, domain: str, places: "asyncio.Task[Places]", declared: Iterable[str] = ()
) -> Names:
    """Ask for the names, then knock at the addresses nobody has looked at."""
    shown = asyncio.create_task(_shown(context, places))
    try:
        asked = await exist(context, domain, shown, declared)
    except NetFailure as failure:
        return Names(fact=Unseen(reason=failure.reason, detail=failure.detail))
    finally:
        shown.cancel()
    known = await _known(places)
    begun = {key: _begun(context, *key, known) for key in _keys(asked.existing)}
    states = begun | await _told(context, begun) | await _knocked(context, begun)
    return _names(context, asked, states, known)


async def _shown(context: Context, places: "asyncio.Task[Places]") -> Iterable[str]:
    """Names in the certificate of the domain's start page, by one ordinary handshake."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _certified(context, (await places).sites)
    except (NetFailure, TimeoutError):
        return ()


async def _certified(context: Context, sites: Sequence[Target]) -> Iterable[str]:
    from scanners import tls  # cryptography is loaded when it is needed

    if not sites or Technique.TLS not in context.gateway.scope.consent.techniques:
        return ()
    first = tls.TlsTarget(target=replace(sites[0], port=443), ordinary=True)
    (seen,) = await tls.scan(context, [first])
    fact = seen.result.value if isinstance(seen.result, Seen) else None
    certificates = fact.certificates[:1] if isinstance(fact, TlsEndpoint) and fact.certificates else ()
    return [name.removeprefix("*.") for certificate in certificates for name in certificate.names]


async def _known(places: "asyncio.Task[Places]") -> dict[str | None, str | None]:
    """Addresses that are looked at anyway, with the first name that leads there."""
    try:
        found = await places
    except NetFailure:
        return {}
    every = (*found.hosts, *found.exchangers)
    return {target.address: target.name for target in reversed(every)}


def _keys(existing: Sequence[Existing]) -> list[_Key]:
    return [(one.name, place) for one in existing for place in one.found.all[:MOST_ADDRESSES]]


def _begun(context: Context, name: str, place: str, known: Mapping[str | None, str | None]) -> NamedPlace:
    """The place before anything was sent there: `unasked` where something may be."""
    scope = context.gateway.scope
    target = Target(name=name, address=place, port=443)
    attribution = scope.attribute(name, address(place))
    web = scope.permit(target, Technique.WEB, context.clock())
    sweep = scope.permit(replace(target, port=None), Technique.PORTS, context.clock())
    state, reason = PlaceState.UNASKED, ""
    if place in known:
        state = PlaceState.KNOWN
    elif _mail_provider(context, attribution):
        state = PlaceState.PROVIDER
    elif not isinstance(web, Permit) and not isinstance(sweep, Permit):
        state, reason = PlaceState.WITHHELD, _telling(web.reason, sweep.reason).value
    return NamedPlace(
        address=place,
        owner=attribution.owner,
        why=attribution.why,
        detail=attribution.detail,
        state=state,
        reason=reason,
    )


def _telling(web: RefusalReason, sweep: RefusalReason) -> RefusalReason:
    return web if web is not RefusalReason.TECHNIQUE else sweep


def _mail_provider(context: Context, attribution: Attribution) -> bool:
    """Whose service it is at such an address is known: the provider's, the same for all its customers."""
    if attribution.why != "provider-list" or attribution.owner is Owner.SELF:
        return False
    return any(
        provider.name == attribution.detail and provider.kind == "mail"
        for provider in context.gateway.scope.providers
    )


async def _told(context: Context, begun: Mapping[_Key, NamedPlace]) -> dict[_Key, NamedPlace]:
    """The telling ports of the applicant's own hosts, all in one run."""
    own = {key: place for key, place in begun.items() if _sweepable(context, key, place)}
    routed = {
        key: replace(place, state=PlaceState.OPEN) for key, place in own.items() if _routed(context, key)
    }
    asked = [Target(name=name, address=place) for name, place in own if (name, place) not in routed]
    try:
        reports = await telling.tell(context, asked) if asked else {}
    except (NetFailure, NmapError) as failure:
        why = failure.reason if isinstance(failure, NetFailure) else Reason.BUG
        if isinstance(failure, NmapError):
            context.faults.append(f"dns.names: {failure}")
        return routed | {key: replace(own[key], reason=why.value) for key in own if key not in routed}
    return routed | {key: _state(own[key], reports[key[1]]) for key in own if key not in routed}


def _state(place: NamedPlace, report: HostReport) -> NamedPlace:
    opened = report.open_ports()
    answered = any(port.answered for port in report.ports.values())
    state = PlaceState.OPEN if opened else PlaceState.SHUT if answered else PlaceState.SILENT
    return replace(place, state=state, open=opened)


def _sweepable(context: Context, key: _Key, place: NamedPlace) -> bool:
    target = Target(name=key[0], address=key[1])
    permit = context.gateway.scope.permit(target, Technique.PORTS, context.clock())
    return place.state is PlaceState.UNASKED and isinstance(permit, Permit)


def _routed(context: Context, key: _Key) -> bool:
    """The operator said where the name's ports are (`--connect-to`): there is something."""
    return bool(context.options.routes.of(key[0]))


async def _knocked(context: Context, begun: Mapping[_Key, NamedPlace]) -> dict[_Key, NamedPlace]:
    """One connection to HTTPS of each address that is not swept: a host of others, or the ports withheld."""
    keys = {
        key: place
        for key, place in begun.items()
        if place.state is PlaceState.UNASKED and not _sweepable(context, key, place)
    }
    first = {key[1]: key for key in reversed(keys)}
    answers = await asyncio.gather(*(_knock(context, key) for key in first.values()))
    by_address = dict(zip(first, answers, strict=True))
    return {
        key: replace(place, state=state, open=(443,) if state is PlaceState.OPEN else ())
        for key, place in keys.items()
        if (state := by_address[key[1]])
    }


async def _knock(context: Context, key: _Key) -> PlaceState:
    try:
        permit = context.gateway.permit(Target(name=key[0], address=key[1], port=443), Technique.WEB)
        stream = await context.gateway.connect(permit, timeout=KNOCK)
    except NetFailure as failure:
        accepted = {Reason.RESET: PlaceState.OPEN, Reason.REFUSED: PlaceState.SHUT}
        return accepted.get(failure.reason, PlaceState.SILENT)
    await stream.aclose()
    return PlaceState.OPEN


def _names(
    context: Context, asked: Asked, states: Mapping[_Key, NamedPlace], known: dict[str | None, str | None]
) -> Names:
    opened = [
        Target(name=name, address=place)
        for (name, place), one in states.items()
        if one.state is PlaceState.OPEN and _swept(context, name, place)
    ]
    places = [*dict.fromkeys(target.address for target in opened)]
    hosts = [target for target in opened if target.address in places[:MOST_HOSTS]]
    first = {target.address: target.name for target in reversed(hosts)} | known
    pages = [one.name for one in asked.existing if _has_page(one, states, first)]
    gaps = [Gap(path="asked", reason=asked.failure)] if asked.failure else []
    gaps += [Gap(path=path, reason=reason) for path, reason in OPEN_QUESTIONS.items()]
    fact = DnsNames(
        asked=asked.asked,
        names=tuple(_host(one, states) for one in asked.existing),
        wildcard=asked.wildcard,
        outside=asked.outside,
    )
    return Names(
        fact=Seen(value=fact, gaps=tuple(gaps)),
        hosts=tuple(hosts),
        beyond=tuple(target for target in opened if target not in hosts),
        pages=tuple(pages[:MOST_PAGES]),
    )


def _swept(context: Context, name: str, place: str) -> bool:
    permit = context.gateway.scope.permit(Target(name=name, address=place), Technique.PORTS, context.clock())
    return isinstance(permit, Permit)


def _has_page(
    one: Existing, states: Mapping[_Key, NamedPlace], first: Mapping[str | None, str | None]
) -> bool:
    """Whether a page by this very name may be another one than those that are asked for anyway."""
    for place in one.found.all[:MOST_ADDRESSES]:
        state = states[one.name, place].state
        if state in (PlaceState.KNOWN, PlaceState.OPEN) and first.get(place) != one.name:
            return True
    return False


def _host(one: Existing, states: Mapping[_Key, NamedPlace]) -> NamedHost:
    return NamedHost(
        name=one.name,
        sources=one.sources,
        purpose=one.purpose,
        alias=one.found.aliases[-1] if one.found.aliases else None,
        places=tuple(states[one.name, place] for place in one.found.all[:MOST_ADDRESSES]),
    )
