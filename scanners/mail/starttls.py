"""`mail.starttls`: the exchangers met as a sending server meets them, through the TLS prober (RFC 3207)."""

import asyncio
import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from posture.core.consent import Technique
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.mail_starttls import MailStarttls, StarttlsHost
from posture.core.facts.tls_endpoint import PROTOCOLS, TlsEndpoint
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import exchangers
from scanners.net.failure import NetFailure
from scanners.observe import digest

#: Addresses of exchangers that are met.
MAX_CONTACTS = 20
_PORT = 25


async def contact(context: Context, domain: str) -> list[Observation[TlsEndpoint]]:
    """One ordinary handshake at each address of each exchanger, whoever runs it."""
    # Loading the prober takes about as long as the answers it needs.
    _, found = await asyncio.gather(
        asyncio.to_thread(importlib.import_module, "scanners.tls.endpoint"), _places(context, domain)
    )
    from scanners import tls

    targets = [
        tls.TlsTarget(
            target=target, starttls="smtp", technique=Technique.MAIL, contact_why="mx", ordinary=True
        )
        for target in found[:MAX_CONTACTS]
    ]
    return await tls.scan(context, targets) if targets else []


async def _places(context: Context, domain: str) -> list[Target]:
    """The exchangers' addresses; that they could not be told is said by `mail.exchangers`."""
    names = await exchangers.names(context, domain)
    found = await asyncio.gather(*(exchangers.addresses(context, name) for name in names))
    return [
        Target(name=name, address=place, port=_PORT)
        for name, each in zip(names, found, strict=True)
        if not isinstance(each, NetFailure)
        for place in each.all
    ]


def conclude(observations: Sequence[Observation[Any]]) -> list[Observation[Any]]:
    """The observations with a `mail.starttls` for each `mail.exchangers`, from what was seen on port 25."""
    contacts = [obs for obs in observations if obs.kind == TlsEndpoint.KIND and obs.target.port == _PORT]
    told = {obs.target for obs in observations if obs.kind == MailStarttls.KIND}
    known = [obs for obs in observations if obs.kind == MailExchangers.KIND and obs.target not in told]
    return [*observations, *(_concluded(obs, contacts) for obs in known)]


def _concluded(obs: Observation[Any], contacts: Sequence[Observation[Any]]) -> Observation[MailStarttls]:
    if not isinstance(obs.result, Seen):
        return Observation(kind=MailStarttls.KIND, target=obs.target, at=obs.at, result=obs.result)
    names = [host.name for host in obs.result.value.hosts]
    met = sorted((c for c in contacts if c.target.name in names), key=lambda c: names.index(c.target.name))
    fact = MailStarttls(hosts=tuple(map(_host, met)))
    gaps = [*_gaps(met), *_unmet(names, met)]
    evidence = sorted({one for contact in met for one in contact.evidence})
    return Observation(
        kind=MailStarttls.KIND,
        target=obs.target,
        at=obs.at,
        result=Seen(value=fact, gaps=tuple(gaps)),
        evidence=(digest("\n".join(evidence).encode()),) if evidence else (),
    )


def _host(obs: Observation[Any]) -> StarttlsHost:
    name, place = obs.target.name or "", obs.target.address or ""
    if not isinstance(obs.result, Seen):
        return StarttlsHost(name=name, address=place, offered=None)
    fact: TlsEndpoint = obs.result.value
    agreed = [protocol for protocol in PROTOCOLS if fact.protocols.get(protocol)]
    return StarttlsHost(
        name=name,
        address=place,
        offered=bool(agreed),
        protocol=agreed[-1] if agreed else None,
        trusted=None if fact.trust is None else fact.trust.trusted,
        name_matches=fact.hostname_matches,
    )


def _gaps(met: Sequence[Observation[Any]]) -> Iterator[Gap]:
    for index, obs in enumerate(met):
        if not isinstance(obs.result, Seen):
            yield Gap(path=f"hosts.{index}.offered", reason=obs.result.reason)


def _unmet(names: Sequence[str], met: Sequence[Observation[Any]]) -> Iterator[Gap]:
    """Exchangers that nobody met: their addresses are unknown, or the consent withholds the handshake."""
    if set(names) - {obs.target.name for obs in met}:
        yield Gap(path="hosts", reason=Reason.NOT_PERMITTED if not met else Reason.DNS_FAILURE)
