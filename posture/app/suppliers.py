"""Whom an applicant depends on, as its observations name them: what could fail for many at once."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from posture.app.providers import load_providers
from posture.core.assessment import Assessment
from posture.core.dossier import Service, Supplier
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Outcome
from posture.core.observations import Observation, Seen
from posture.core.scope import Provider
from posture.core.targets import address, inside, under

#: The check that names appliances for remote access.
_GATEWAY = "web/remote_access_gateway"
_ORGANISATION = re.compile(r"(?:^|,)O=((?:\\.|[^,\\])*)")
_ESCAPED = re.compile(r"\\(.)")
_FRONTS = frozenset({"cdn", "hosting", "cloud"})


def suppliers(item: Assessment) -> tuple[Supplier, ...]:
    """Every supplier the observations show, sorted. Names of the applicant's own are none."""
    found = {supplier for observation in item.observations for supplier in _seen(observation, item)}
    found |= set(_gateways(item))
    return tuple(sorted(found))


def _seen(observation: Observation[Any], item: Assessment) -> Iterator[Supplier]:
    fact = observation.result.value if isinstance(observation.result, Seen) else None
    match fact:
        case MailExchangers():
            names = (host.name for host in fact.hosts)
            yield from (Supplier(service=Service.MAIL, name=name) for name in _companies(names, item))
        case DnsZone():
            names = (server.name for server in fact.nameservers)
            yield from (Supplier(service=Service.DNS, name=name) for name in _companies(names, item))
        case TlsEndpoint():
            yield from _behind(fact)
        case _:
            return


def _companies(hosts: Iterable[str], item: Assessment) -> set[str]:
    """Companies by the provider list's name, else by the domain above the host's first label."""
    foreign = {host for host in hosts if not item.consent.names(host)}
    return {_company(host) for host in foreign}


def _company(host: str) -> str:
    listed = (entry.name for entry in load_providers() if any(under(host, name) for name in entry.names))
    return next(listed, host.partition(".")[2] or host)


def _behind(fact: TlsEndpoint) -> Iterator[Supplier]:
    """Who answers at the address, and who vouches for the name."""
    front = _provider_of(fact.address)
    if front is not None and front.kind in _FRONTS:
        yield Supplier(service=Service.FRONT, name=front.name)
    for leaf in (fact.certificates or ())[:1]:
        authority = _organisation(leaf.issuer)
        if authority and leaf.issuer != leaf.subject:
            yield Supplier(service=Service.CA, name=authority)


def _provider_of(text: str) -> Provider | None:
    place = address(text)
    return next((entry for entry in load_providers() if inside(place, entry.networks)), None)


def _organisation(name: str) -> str:
    """The O= of a distinguished name in RFC 4514 form, unescaped; empty where there is none."""
    found = _ORGANISATION.search(name)
    return _ESCAPED.sub(r"\1", found[1]).strip() if found else ""


def _gateways(item: Assessment) -> Iterator[Supplier]:
    for finding in item.findings:
        product = finding.arguments.get("product")
        if finding.check == _GATEWAY and finding.outcome is Outcome.FAIL and isinstance(product, str):
            yield Supplier(service=Service.VPN, name=product)
