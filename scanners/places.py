"""Where an applicant's names lead: the hosts a survey looks at, and what it knows it will not see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from posture.core.consent import Technique
from posture.core.observations import Reason, Unseen
from posture.core.targets import Target, address
from scanners.context import Context
from scanners.net.failure import NetFailure

#: Addresses of one name that are looked at; of the others it is said that they were not.
MOST_ADDRESSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Names with addresses.

    `sites` are the domain's and www's, `exchangers` every MX's, `hosts` the sites and those exchangers that
    the consent names. `blind` are places of the applicant that nothing will be seen of, each with the reason.
    """

    sites: tuple[Target, ...]
    exchangers: tuple[Target, ...]
    hosts: tuple[Target, ...]
    blind: tuple[tuple[Target, Unseen], ...]


async def find(context: Context, domain: str) -> Places:
    """Resolve everything once. Raises NetFailure when the domain's own addresses cannot be told."""
    blind: list[tuple[Target, Unseen]] = []
    sites = _few(await _resolve(context, domain, 443), blind)
    try:
        sites += _few(await _resolve(context, f"www.{domain}", 443), blind)
    except NetFailure as failure:
        blind.append((Target(name=f"www.{domain}"), _why(failure)))
    mx = await _exchangers(context, domain, blind)
    consent = context.gateway.scope.consent
    own = [target for target in mx if target.name and consent.names(target.name)]
    return Places(
        sites=tuple(_ordered(sites)),
        exchangers=tuple(_ordered(mx)),
        hosts=tuple(_ordered([*sites, *own])),
        blind=tuple(blind),
    )


async def _resolve(context: Context, name: str, port: int) -> list[Target]:
    fact = await context.resolver.reach(name, port)
    return [Target(name=name, address=text) for text in fact.all]


async def _exchangers(context: Context, domain: str, blind: list[tuple[Target, Unseen]]) -> list[Target]:
    """Addresses of every MX, from the answers `mail.exchangers` reports on.

    An exchanger that cannot be told may be a host of the applicant's: then something of it stays unseen.
    """
    if Technique.MAIL not in context.gateway.scope.consent.techniques:
        return []
    try:
        from scanners.mail import exchangers  # dnspython is loaded when it is needed

        fact = (await exchangers.look(context, domain)).value
    except NetFailure as failure:
        blind.append((Target(name=domain, port=25), _why(failure)))
        return []
    if "too-many-exchangers" in fact.problems:
        why = Unseen(reason=Reason.BUDGET, detail=f"more than {exchangers.MAX_HOSTS} mail exchangers")
        blind.append((Target(name=domain, port=25), why))
    found: list[Target] = []
    for mx in fact.hosts:
        if mx.addresses is None:
            why = Unseen(reason=Reason.DNS_FAILURE, detail=f"the addresses of {mx.name} could not be told")
            blind.append((Target(name=mx.name), why))
        found += _few([Target(name=mx.name, address=text) for text in mx.addresses or ()], blind)
    return found


def _few(targets: list[Target], blind: list[tuple[Target, Unseen]]) -> list[Target]:
    """The first of many addresses of one name; the rest is known to stay unseen."""
    why = Unseen(reason=Reason.BUDGET, detail=f"more than {MOST_ADDRESSES} addresses of one name")
    blind += [(target, why) for target in targets[MOST_ADDRESSES:]]
    return targets[:MOST_ADDRESSES]


def _ordered(targets: Iterable[Target]) -> list[Target]:
    """Each name and address once, addresses of version 4 first (they answer more often)."""
    return sorted(dict.fromkeys(targets), key=lambda target: address(target.address or "::").version)


def _why(failure: NetFailure) -> Unseen:
    return Unseen(reason=failure.reason, detail=failure.detail)
