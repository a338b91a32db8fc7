"""One question again: the observations of one kind on one target, and nothing else of its area."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from posture.core.consent import Technique
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.areas import Observations
from scanners.context import Context
from scanners.observe import observe

#: Modules that answer for a kind of DNS or mail observation, where the kind does not name them itself.
_MODULES = {"dnssec.chain": "dns.dnssec"}


async def ask(context: Context, kind: str, target: Target) -> Observations:
    """Observe one kind on one target: a name at each of its addresses of today.

    The ports of a sweep are those of the options. Raises KeyError for a kind that is not asked alone.
    """
    return await _ASKING[kind](context, kind, target)


async def _named(context: Context, kind: str, target: Target) -> Observations:
    """DNS and mail: the module's own look at the domain."""
    from scanners.dns.evidence import evident

    look: Callable[..., Awaitable[Any]] = import_module(f"scanners.{_MODULES.get(kind, kind)}").look
    return [await evident(context, kind, target, look(context, target.name))]


async def _tls(context: Context, _kind: str, target: Target) -> Observations:
    from scanners import tls
    from scanners.survey import STARTTLS

    foreign = target.name is not None and not context.gateway.scope.consent.names(target.name)
    technique, why = (Technique.MAIL, "mx") if foreign else (Technique.TLS, None)
    endpoints = [
        tls.TlsTarget(target=one, starttls=STARTTLS.get(one.port or 0), technique=technique, contact_why=why)
        for one in await _places(context, target)
    ]
    return [*await tls.scan(context, endpoints)]


async def _ports(context: Context, _kind: str, target: Target) -> Observations:
    from scanners import ports

    hosts = [Target(name=one.name, address=one.address) for one in await _places(context, target)]
    return [*await ports.scan(context, hosts)]


async def _greeting(context: Context, _kind: str, target: Target) -> Observations:
    from scanners import services

    return [*await services.scan(context, await _places(context, target))]


async def _page(context: Context, _kind: str, target: Target) -> Observations:
    from scanners import web
    from scanners.web.place import place

    return [await web.again(context, place(_url(target)))]


async def _files(context: Context, kind: str, target: Target) -> Observations:
    from scanners.web.exposure import look
    from scanners.web.place import place

    origin = place(_url(target))
    return [await observe(context, kind, origin.target, look(context, origin, origin))]


async def _places(context: Context, target: Target) -> list[Target]:
    """The target at each address its name has today; an address without a name is itself."""
    if target.name is None:
        return [target]
    found = await context.resolver.reach(target.name, target.port or 443)
    return [Target(name=target.name, address=address, port=target.port) for address in found.all]


def _url(target: Target) -> str:
    if target.url:
        return target.url
    place = target.name or target.address or ""
    return f"https://{place}/" if target.port in (None, 443) else f"https://{place}:{target.port}/"


_Asking = Callable[[Context, str, Target], Awaitable[list[Observation[Any]]]]
_ASKING: dict[str, _Asking] = {
    **dict.fromkeys(("dns.addresses", "dns.zone", "dnssec.chain", "dns.caa", "dns.dangling"), _named),
    **dict.fromkeys(("mail.exchangers", "mail.spf", "mail.dmarc", "mail.dkim", "mail.mta_sts"), _named),
    **dict.fromkeys(("mail.tls_rpt", "mail.tlsa"), _named),
    "tls.endpoint": _tls,
    "ports.host": _ports,
    "service.product": _greeting,
    "web.response": _page,
    "web.exposure": _files,
}
#: What can be asked alone.
KINDS = frozenset(_ASKING)
