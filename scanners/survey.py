"""Who is asked what, in which order: the only place that knows how the scanners feed each other.

Names are resolved first, then all areas run side by side; what the port sweep finds is looked at last.
A technique the consent withholds answers with Unseen(not-permitted); where the applicant's names lead
nowhere we can look, that is said too, so that nothing unseen is ever taken for nothing there.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from posture.core.consent import Technique
from posture.core.facts.dns_names import DnsNames
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.scope import Permit, RefusalReason
from posture.core.targets import Target, address
from scanners import dns, mail, names, plausible, ports, services, tls, web
from scanners.areas import Areas, Observations
from scanners.context import Context
from scanners.names import Names
from scanners.names.settle import page, reachable, settled
from scanners.net.failure import NetFailure
from scanners.observe import observe, unseen
from scanners.places import Places, find
from scanners.ports import networks
from scanners.services.questions import BY_PORT
from scanners.tls import TlsTarget

#: Ports where TLS begins at once (IANA services ending in s, and the usual alternatives for HTTPS).
IMPLICIT_TLS: Final = frozenset(
    {443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 3269, 5061, 5986, 6443, 8443, 8883, 9443}
)
#: Ports where the login portals of appliances and administrators answer HTTPS.
HTTPS: Final = frozenset({443, 4433, 4443, 8443, 9443, 10443})
#: Ports where a clear-text protocol offers STARTTLS, with the protocol's name.
STARTTLS: Final = {
    21: "ftp",
    25: "smtp",
    110: "pop3",
    143: "imap",
    389: "ldap",
    587: "smtp",
    3268: "ldap",
    3306: "mysql",
    3389: "rdp",
    5222: "xmpp",
    5269: "xmpp-server",
    5432: "postgres",
}
#: Ports whose usual protocol is another, or where a printer would put an uninvited hello on paper.
_NEVER_TLS: Final = frozenset({22, 23, 53, 80, 111, 135, 139, 445, 515, 631, 8080, *range(9100, 9108)})
#: Open ports of one host that are tried for TLS beside those that are known for it.
_MOST_TRIED: Final = 16


async def survey(context: Context, domain: str, declared: Iterable[str] = ()) -> Observations:
    """Everything the consent lets us see of an applicant's domain, and of hosts `declared` to be its own."""
    areas = Areas(context=context, subject=Target(name=domain))
    places = asyncio.create_task(find(context, domain))
    named = asyncio.create_task(_named(context, domain, places, declared))
    sweep = asyncio.create_task(
        areas.run(Technique.PORTS, ports.KINDS, lambda: _sweep(context, places, named))
    )
    parts = await asyncio.gather(
        areas.run(Technique.DNS, dns.KINDS, lambda: dns.scan(context, domain)),
        areas.run(Technique.MAIL, mail.KINDS, lambda: mail.scan(context, domain)),
        areas.run(Technique.WEB, web.KINDS, lambda: _web(context, places, named, sweep)),
        areas.run(Technique.TLS, tls.KINDS, lambda: _tls(context, places, sweep)),
        areas.run(Technique.SERVICES, services.KINDS, lambda: _services(context, sweep)),
    )
    swept = await sweep
    seen = settled(context, domain, await named, [obs for part in parts for obs in part])
    answered_at = {_place(obs.target) for obs in seen if isinstance(obs.result, Seen)}
    kept = [obs for obs in seen if _place(obs.target) in answered_at or not _positively_absent(obs, swept)]
    believed = plausible.concluded([*swept, *kept], context.gateway.scope.consent.networks)
    concluded = mail.concluded(believed)
    return networks.named(context, await dns.completed(context, domain, concluded))


async def _named(
    context: Context, domain: str, places: "asyncio.Task[Places]", declared: Iterable[str]
) -> Names:
    """Hosts found by their names; the question is DNS's, and withheld with it."""
    subject = Target(name=domain)
    permit = context.gateway.scope.permit(subject, Technique.DNS, context.clock())
    if not isinstance(permit, Permit):
        return Names(fact=Unseen(reason=Reason.NOT_PERMITTED, detail=permit.detail))

    async def attempt() -> Seen[Names]:
        return Seen(value=await names.find(context, domain, places, declared))

    found = (await observe(context, DnsNames.KIND, subject, attempt())).result
    return found.value if isinstance(found, Seen) else Names(fact=found)


async def _sweep(
    context: Context, places: "asyncio.Task[Places]", named: "asyncio.Task[Names]"
) -> Observations:
    """Every host of the applicant's own, and an unseen observation for each that will not be looked at.

    Shared infrastructure is neither swept nor judged, but it does not stand for the applicant either: where
    there is nothing else, or where only the consent says that a host is shared, the ports are unseen.
    """
    found = await places
    shared = {host: why for host in found.hosts if (why := _shared(context, host, Technique.PORTS))}
    own = [host for host in found.hosts if host not in shared]
    withheld = Unseen(reason=Reason.NOT_PERMITTED, detail="shared infrastructure is not swept")
    unlooked = [(host, withheld) for host, why in shared.items() if not own or why != "provider-list"]
    if not found.hosts and not found.blind:
        raise NetFailure(Reason.NO_DATA, "no host of the applicant could be found")
    swept, others = await asyncio.gather(_own(context, own), _others(context, found, named))
    return [
        *swept,
        *others,
        *(unseen(context, PortsHost.KIND, *one) for one in (*unlooked, *found.blind)),
    ]


async def _own(context: Context, hosts: Sequence[Target]) -> Observations:
    return [*await ports.scan(context, hosts)] if hosts else []


async def _others(context: Context, found: Places, named: "asyncio.Task[Names]") -> Observations:
    """Hosts that the domain's start page and mail do not show: by name, then by the consent's networks."""
    counted, swept = await asyncio.gather(networks.census(context), _by_name(context, named))
    further = await named
    unnamed = networks.hosts(counted, (*found.hosts, *further.hosts, *further.beyond))
    too_many = Unseen(reason=Reason.BUDGET, detail=f"more than {names.MOST_HOSTS} hosts found by name")
    beyond = [unseen(context, PortsHost.KIND, target, too_many) for target in further.beyond]
    return [*swept, *await _own(context, unnamed), *counted, *beyond]


async def _by_name(context: Context, named: "asyncio.Task[Names]") -> Observations:
    return await _own(context, (await named).hosts)


async def _tls(
    context: Context, places: "asyncio.Task[Places]", sweep: "asyncio.Task[Observations]"
) -> Observations:
    found = await places
    first = [TlsTarget(target=_at(host, 443), starttls=None) for host in found.sites]
    first += [
        TlsTarget(target=_at(mx, 25), starttls="smtp", technique=Technique.MAIL, contact_why="mx")
        for mx in found.exchangers
    ]
    early = asyncio.create_task(tls.scan(context, first))
    known = {(one.target.address, one.target.port) for one in first}
    later = [
        TlsTarget(target=target, starttls=STARTTLS.get(target.port or 0), tried=tried)
        for target, tried in worth_asking(await sweep)
        if (target.address, target.port) not in known
    ]
    blind = [unseen(context, TlsEndpoint.KIND, *one) for one in found.blind]
    return [*await early, *(await tls.scan(context, later) if later else []), *blind]


async def _web(
    context: Context,
    places: "asyncio.Task[Places]",
    named: "asyncio.Task[Names]",
    sweep: "asyncio.Task[Observations]",
) -> Observations:
    """The applicant's sites at once; after the sweep whatever else answers HTTPS: portals live elsewhere."""
    found = await places
    hosts = dict.fromkeys(host.name for host in found.sites if host.name)
    urls = [f"{scheme}://{name}/" for name in hosts for scheme in ("http", "https")]
    early = asyncio.create_task(web.scan(context, urls))
    opened = [*_open(await sweep)]
    portals = dict.fromkeys(_portal(target) for target in opened if target.port in HTTPS)
    later = [url for url in portals if url not in urls]
    pages = [page(name) for name in (await named).pages if reachable(context, name, opened)]
    answers = await asyncio.gather(
        early, web.scan(context, later), web.pages(context, [url for url in pages if url not in later])
    )
    return [obs for answer in answers for obs in answer]


def _portal(target: Target) -> str:
    """The address a visitor would type; hosts that only a network of the consent names have no other."""
    host = target.name or (f"[{target.address}]" if ":" in (target.address or "") else target.address)
    return f"https://{host}/" if target.port == 443 else f"https://{host}:{target.port}/"


async def _services(context: Context, sweep: "asyncio.Task[Observations]") -> Observations:
    swept = await sweep
    targets = [target for target in _open(swept) if not _shared(context, target, Technique.SERVICES)]
    if targets:
        return await services.scan(context, targets)
    blind = next((obs.result for obs in swept if isinstance(obs.result, Unseen)), None)
    if blind is not None:
        raise NetFailure(blind.reason, blind.detail)
    return []


def worth_asking(swept: Sequence[Observation[Any]]) -> Iterable[tuple[Target, bool]]:
    """Open ports where TLS belongs, and (true) others where it may be: of each host a few, of liars none."""
    for obs in swept:
        found = [*_open([obs])]
        yield from ((target, False) for target in found if _speaks_tls(target.port or 0))
        others = [target for target in found if _may_speak_tls(target.port or 0)]
        yield from ((target, True) for target in others[:_MOST_TRIED] if not _lies(obs))


def _lies(obs: Observation[Any]) -> bool:
    """Whether a sweep's answers should not be believed."""
    return isinstance(obs.result, Seen) and obs.result.value.suspicious is not None


def _speaks_tls(port: int) -> bool:
    return port in IMPLICIT_TLS | HTTPS or port in STARTTLS


def _may_speak_tls(port: int) -> bool:
    return not _speaks_tls(port) and port not in _NEVER_TLS and port not in BY_PORT


def _open(swept: Sequence[Observation[Any]]) -> Iterable[Target]:
    """Every open TCP port that a sweep saw, under the host's first name."""
    for obs in swept:
        if isinstance(obs.result, Seen) and isinstance(obs.result.value, PortsHost):
            for port in obs.result.value.open_ports():
                yield Target(name=obs.target.name, address=obs.target.address, port=port.port)


def _shared(context: Context, target: Target, technique: Technique) -> str | None:
    """Why the address is somebody's who serves many (the attribution's word); None when it is not."""
    scope = context.gateway.scope
    permit = scope.permit(target, technique, context.clock())
    if isinstance(permit, Permit) or permit.reason is not RefusalReason.THIRD_PARTY:
        return None
    return scope.attribute(target.name, address(target.address) if target.address else None).why


def _place(target: Target) -> tuple[str | None, int]:
    """Name (address where there is none) and port, by which answers of different areas are compared."""
    usual = 443 if (target.url or "").startswith("https:") else 80
    return target.name or target.address, target.port or usual


def _positively_absent(obs: Observation[Any], swept: Sequence[Observation[Any]]) -> bool:
    """A refused connection to a port that a controlled sweep saw shut: there is nothing to ask."""
    if obs.kind not in (*tls.KINDS, *web.KINDS) or not isinstance(obs.result, Unseen):
        return False
    if obs.result.reason is not Reason.REFUSED:
        return False
    _, port = _place(obs.target)
    return any(_shut(sweep, obs.target, port) for sweep in swept)


def _shut(sweep: Observation[Any], target: Target, port: int) -> bool:
    if not isinstance(sweep.result, Seen) or not isinstance(sweep.result.value, PortsHost):
        return False
    fact = sweep.result.value
    same = target.address == fact.address or (target.address is None and target.name in fact.names)
    shut = fact.swept(port) and not fact.disputed(port)
    return same and shut and all(p.port != port or p.state != "open" for p in fact.ports)


def _at(target: Target, port: int) -> Target:
    return Target(name=target.name, address=target.address, port=port)
