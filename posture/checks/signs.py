"""What each observation tells of a host: that it exists, by which name, why, and that it was looked at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from posture.core.consent import Consent
from posture.core.errors import PostureError
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_names import DnsNames, PlaceState
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.footprint_host import Sign
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.mail_starttls import MailStarttls
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Target, host_name, under

#: By which technique a target of each kind was looked at. Kinds that are made after the scan are not here.
_ASKED: Final = {
    "ports.host": "ports",
    "tls.endpoint": "tls",
    "web.response": "web",
    "web.exposure": "web",
    "ssh.endpoint": "services",
    "service.product": "services",
}
#: Not seen because nothing was sent.
_UNSENT: Final = frozenset({Reason.NOT_PERMITTED, Reason.BUDGET, Reason.CANCELLED, Reason.BUG})
_SMTP: Final = 25
#: States of an address of a name that say it was sent something.
_KNOCKED: Final = frozenset({PlaceState.OPEN, PlaceState.SHUT, PlaceState.SILENT})
#: Names of one certificate that are quoted.
_QUOTED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing told of a host. Without an address it belongs to every host of that name.

    Where there is none it makes one of its own only if it is `alone`.
    """

    address: str | None
    name: str | None = None
    sign: Sign | None = None
    asked: str = ""
    alone: bool = False


def traces(observations: Sequence[Observation[Any]], consent: Consent) -> Iterator[Trace]:
    """Every trace of every host, in the order of the observations."""
    for obs in observations:
        yield from _of_target(obs, consent)
        if isinstance(obs.result, Seen) and obs.kind in _READERS:
            yield from _READERS[obs.kind](obs.result.value, obs.target, consent)


def _of_target(obs: Observation[Any], consent: Consent) -> Iterator[Trace]:
    """That something was asked of the target; a name of the consent leads to it, or no permit was given."""
    target = obs.target
    if obs.kind not in _ASKED:
        return
    sent = isinstance(obs.result, Seen) or obs.result.reason not in _UNSENT
    asked = "mail" if target.port == _SMTP and obs.kind == TlsEndpoint.KIND else _ASKED[obs.kind]
    taken_out = target.address is None and consent.excludes(target.name, None)
    yield Trace(address=target.address, name=target.name, asked=asked if sent else "", alone=taken_out)
    if target.name is not None and (target.address is not None or taken_out):
        yield from _named(target.address, target.name, consent)


def _named(address: str | None, name: str, consent: Consent) -> Iterator[Trace]:
    domain = next((domain for domain in consent.domains if under(name, domain)), None)
    if domain is not None:
        yield Trace(address=address, name=name, sign=Sign(how="named", what=name, via=domain))


def _addresses(fact: DnsAddresses, _: Target, consent: Consent) -> Iterator[Trace]:
    for address in fact.all:
        yield from _named(address, fact.name, consent)
        if fact.aliases and consent.names(fact.name):
            sign = Sign(how="alias", what=fact.name, via=fact.aliases[-1])
            yield Trace(address=address, name=fact.name, sign=sign)


def _names(fact: DnsNames, _: Target, consent: Consent) -> Iterator[Trace]:
    """Names found by list, certificate or application; some states say that a port was knocked at."""
    for host in fact.names:
        for place in host.places:
            asked = "ports" if place.state in _KNOCKED else ""
            yield Trace(address=place.address, name=host.name, asked=asked)
            yield from _named(place.address, host.name, consent)
            for source in host.sources:
                sign = Sign(how=f"from-{source}", what=host.name)
                yield Trace(address=place.address, name=host.name, sign=sign)
            if host.alias is not None and consent.names(host.name):
                sign = Sign(how="alias", what=host.name, via=host.alias)
                yield Trace(address=place.address, name=host.name, sign=sign)


def _sweep(fact: PortsHost, _: Target, consent: Consent) -> Iterator[Trace]:
    for name in fact.names:
        yield from _named(fact.address, name, consent)


def _certificate(fact: TlsEndpoint, _: Target, consent: Consent) -> Iterator[Trace]:
    if not fact.certificates:
        return
    leaf = fact.certificates[0]
    names = tuple(dict.fromkeys(leaf.names))
    own = [name for name in names if consent.names(name.removeprefix("*.").lower())]
    how = "certificate-of-others"
    if own:
        how = "certificate" if fact.trust is not None and fact.trust.trusted else "certificate-unproved"
    quoted = (own or names)[:_QUOTED]
    if quoted:
        sign = Sign(how=how, what=", ".join(quoted), via=leaf.sha256)
        yield Trace(address=fact.address, sign=sign)


def _exchangers(fact: MailExchangers, target: Target, consent: Consent) -> Iterator[Trace]:
    for mx in fact.hosts:
        sign = Sign(how="exchanger", what=mx.name, via=target.name or "")
        for address in mx.addresses or ():
            yield Trace(address=address, name=mx.name, sign=sign)
            yield from _named(address, mx.name, consent)
        for reverse in mx.reverse:
            own = [name for name in reverse.names or () if reverse.confirmed and consent.names(name)]
            for name in own:
                yield Trace(address=reverse.address, sign=Sign(how="reverse", what=name))


def _starttls(fact: MailStarttls, _: Target, __: Consent) -> Iterator[Trace]:
    for host in fact.hosts:
        asked = "" if host.offered is None else "mail"
        yield Trace(address=host.address, name=host.name, asked=asked)


def _zone(fact: DnsZone, _: Target, consent: Consent) -> Iterator[Trace]:
    for server in fact.nameservers:
        sign = Sign(how="name-server", what=server.name, via=fact.zone)
        asked = "" if server.udp is None and server.tcp is None else "dns"
        yield Trace(address=server.address, name=server.name, sign=sign, asked=asked)
        yield from _named(server.address, server.name, consent)


def _redirects(fact: WebResponse, _: Target, consent: Consent) -> Iterator[Trace]:
    """Names that are not consented and that a site of the applicant's pointed to."""
    hops = [(hop.url, hop.location) for hop in fact.redirects]
    if fact.left_scope is not None:
        hops.append((fact.redirects[-1].url if fact.redirects else fact.asked, fact.left_scope))
    for url, location in hops:
        name = _host(location)
        if name is not None and not consent.names(name):
            sign = Sign(how="redirect", what=location, via=url)
            yield Trace(address=None, name=name, sign=sign, alone=True)


def _host(url: str) -> str | None:
    """The host name of a URL from the network; None where it has none that is one."""
    try:
        return host_name(urlsplit(url).hostname or "")
    except (ValueError, PostureError):
        return None


_READERS: Mapping[str, Callable[[Any, Target, Consent], Iterator[Trace]]] = {
    DnsAddresses.KIND: _addresses,
    DnsNames.KIND: _names,
    DnsZone.KIND: _zone,
    MailExchangers.KIND: _exchangers,
    MailStarttls.KIND: _starttls,
    PortsHost.KIND: _sweep,
    TlsEndpoint.KIND: _certificate,
    WebResponse.KIND: _redirects,
}
