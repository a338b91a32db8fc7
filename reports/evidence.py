"""What was asked and what came back, in the words of the protocols: lines an administrator recognises."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_dangling import DnsDangling
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.facts.mail_dkim import MailDkim
from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.facts.mail_spf import MailSpf
from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.facts.mail_tlsa import MailTlsa
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.product_intelligence import Match, ProductIntelligence
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.facts.web_exposure import WebExposure
from posture.core.facts.web_grade import WebGrade
from posture.core.facts.web_response import WebResponse
from posture.core.observations import Observation, Seen

_LINES = 12
_WIDTH = 160


def answer(observation: Observation[Any]) -> tuple[str, ...]:
    """The answer in at most twelve lines of 160 characters; nothing for a kind without a short form."""
    if not isinstance(observation.result, Seen):
        return ()
    form = _FORMS.get(observation.kind)
    lines = [] if form is None else list(form(observation.result.value))
    shown = [line if len(line) <= _WIDTH else line[:_WIDTH] + "…" for line in lines[:_LINES]]
    return (*shown, "…") if len(lines) > _LINES else tuple(shown)


def _addresses(fact: DnsAddresses) -> Iterator[str]:
    if not fact.exists:
        yield f"{fact.name}: NXDOMAIN"
    for alias in fact.aliases:
        yield f"CNAME {alias}"
    for address in fact.ipv4 or ():
        yield f"A {address}"
    for address in fact.ipv6 or ():
        yield f"AAAA {address}"


def _caa(fact: DnsCaa) -> Iterator[str]:
    for issuer in fact.issue:
        yield f'CAA 0 issue "{issuer}"'
    for issuer in fact.issuewild:
        yield f'CAA 0 issuewild "{issuer}"'
    if not fact.issue and not fact.issuewild:
        yield "CAA: NODATA"


def _zone(fact: DnsZone) -> Iterator[str]:
    for server in fact.nameservers:
        flags = [
            name for name in ("udp", "tcp", "authoritative", "recursion", "transfer") if getattr(server, name)
        ]
        yield f"NS {server.name} {server.address}: {' '.join(flags) or '–'}"
    if fact.soa is not None:
        yield f"SOA {fact.soa.mname} serial {fact.soa.serial}"


def _dnssec(fact: DnssecChain) -> Iterator[str]:
    yield f"{fact.zone}: {fact.status} ({fact.reason})"


def _exchangers(fact: MailExchangers) -> Iterator[str]:
    if fact.null_mx:
        yield "MX 0 ."
    for host in fact.hosts:
        yield f"MX {host.preference} {host.name} {' '.join(host.addresses or ())}".rstrip()
    if not fact.null_mx and not fact.hosts:
        yield "MX: NODATA"


def _spf(fact: MailSpf) -> Iterator[str]:
    yield from (f'TXT "{record}"' for record in fact.records)
    yield f"SPF: {fact.status}, {fact.lookups} lookups"


def _dmarc(fact: MailDmarc) -> Iterator[str]:
    yield f'TXT "{fact.record}"' if fact.record else f"DMARC: {fact.status}"


def _mta_sts(fact: MailMtaSts) -> Iterator[str]:
    yield f"MTA-STS: {fact.status}, mode {fact.mode or '–'}"


def _dkim(fact: MailDkim) -> Iterator[str]:
    for selector in fact.selectors:
        key = f"{selector.key_type or ''} {selector.bits or ''}".rstrip()
        yield f"{selector.selector}: {selector.status} {key}".rstrip()
    yield f"{len(fact.selectors_checked)} selectors asked"


def _tls(fact: TlsEndpoint) -> Iterator[str]:
    spoken = [name for name, offered in fact.protocols.items() if offered]
    yield f"{' '.join(spoken) or '–'}"
    for certificate in (fact.certificates or ())[:1]:
        yield f"{certificate.subject}; {certificate.issuer}"
        key = f"{certificate.key_type} {certificate.key_bits or ''}".rstrip()
        yield f"notAfter {certificate.not_after:%Y-%m-%d %H:%M} UTC; {key}"
    if fact.trust is not None:
        yield f"chain: {fact.trust.reason}"


def _web(fact: WebResponse) -> Iterator[str]:
    for hop in fact.redirects:
        yield f"HTTP {hop.status} {hop.url} → {hop.location}"
    yield f"HTTP {fact.status} {fact.url}"
    yield from (f"{name}: {value}" for name, value in fact.headers)


def _ports(fact: PortsHost) -> Iterator[str]:
    for port in fact.open_ports():
        product = " ".join(part for part in (port.service, port.product, port.version) if part)
        yield f"{port.port}/tcp open {product}".rstrip()
    if not fact.open_ports():
        yield f"{fact.address}: no open TCP port of {fact.scanned}"


def _service(fact: ServiceProduct) -> Iterator[str]:
    yield fact.banner


def _ssh(fact: SshEndpoint) -> Iterator[str]:
    yield f"SSH-{fact.protocol}-{fact.software}"
    if fact.host_key is not None:
        yield f"host key: {fact.host_key.algorithm} {fact.host_key.bits or ''}".rstrip()
    yield f"kex: {' '.join(fact.key_exchange)}"
    yield f"ciphers: {' '.join(fact.ciphers)}"
    yield f"macs: {' '.join(fact.macs)}"
    if fact.auth_methods is not None:
        yield f"log-in: {' '.join(fact.auth_methods)}"


def _dangling(fact: DnsDangling) -> Iterator[str]:
    for pointer in fact.pointers:
        state = {True: "NXDOMAIN", False: "exists", None: "?"}[pointer.gone]
        yield f"{pointer.name} {pointer.rdtype} {pointer.target}: {state}"
    yield f"{len(fact.names_checked)} names asked"


def _tls_rpt(fact: MailTlsRpt) -> Iterator[str]:
    yield f"TLS-RPT: {fact.status} {' '.join(fact.rua)}".rstrip()


def _tlsa(fact: MailTlsa) -> Iterator[str]:
    yield f"MX: {fact.mx_status}"
    for host in fact.hosts:
        yield f"{host.name}: {host.status}, {len(host.records)} TLSA"


def _exposure(fact: WebExposure) -> Iterator[str]:
    for asked in fact.paths:
        yield f"GET {asked.path}: {asked.status or '–'} {asked.media_type or ''}".rstrip()


def _intelligence(fact: ProductIntelligence) -> Iterator[str]:
    yield f"{fact.label()} ({fact.how}) {fact.cpe}"
    for match in fact.matches or ():
        yield f"{match.cve}: {_rank(match)}"
    if fact.undecided:
        yield f"? {' '.join(fact.undecided)}"
    for feed in fact.feeds:
        yield f"{feed.label} {feed.published or feed.fetched_at.date()} sha256:{feed.sha256[:16]}"


def _rank(match: Match) -> str:
    parts = [f"CVSS {match.score:g}"] if match.score is not None else []
    if match.percentile is not None:
        parts.append(f"EPSS percentile {match.percentile:.3f}")
    if match.kev is not None:
        used = ", ransomware" if match.kev.ransomware else ""
        parts.append(f"KEV {match.kev.added}, due {match.kev.due}{used}")
    return "; ".join((match.priority.value if match.priority else "–", *parts))


def _grade(fact: WebGrade) -> Iterator[str]:
    yield f"{fact.algorithm}: {fact.grade or '–'} ({'–' if fact.score is None else fact.score})"
    yield from (f"{test.modifier:+d} {test.test}: {test.result}" for test in fact.tests)


_FORMS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    DnsAddresses.KIND: _addresses,
    DnsCaa.KIND: _caa,
    DnsZone.KIND: _zone,
    DnssecChain.KIND: _dnssec,
    MailExchangers.KIND: _exchangers,
    MailSpf.KIND: _spf,
    MailDmarc.KIND: _dmarc,
    MailMtaSts.KIND: _mta_sts,
    MailDkim.KIND: _dkim,
    TlsEndpoint.KIND: _tls,
    WebResponse.KIND: _web,
    PortsHost.KIND: _ports,
    ServiceProduct.KIND: _service,
    SshEndpoint.KIND: _ssh,
    DnsDangling.KIND: _dangling,
    MailTlsRpt.KIND: _tls_rpt,
    MailTlsa.KIND: _tlsa,
    WebExposure.KIND: _exposure,
    ProductIntelligence.KIND: _intelligence,
    WebGrade.KIND: _grade,
}
