"""`mail.tlsa`: DANE records of a domain's exchangers, validated by our own chain of trust (RFC 7672)."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import dns.name
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TLSA import TLSA

from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost, TlsaRecord
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context
from scanners.dns import dnssec
from scanners.dns.resolver import text

#: Exchangers looked at.
MAX_HOSTS = 10
_TRUST_ANCHOR = 2
_END_ENTITY = 3
_HASHES = {1: hashlib.sha256, 2: hashlib.sha512}


async def look(context: Context, domain: str) -> Seen[MailTlsa]:
    """TLSA at port 25 of every exchanger. Raises NetFailure when MX could not be asked."""
    answer = await context.resolver.query(domain, "MX")
    names = sorted({text(record.exchange) for record in answer.of(MX)} - {"."})[:MAX_HOSTS]
    mx, *validated = await asyncio.gather(
        dnssec.validate(context, dns.name.from_text(domain), dns.rdatatype.MX),
        *(dnssec.validate(context, _place(name), dns.rdatatype.TLSA) for name in names),
    )
    hosts = tuple(
        TlsaHost(name=name, status=found.status, records=tuple(map(_record, _tlsa(found))))
        for name, found in zip(names, validated, strict=True)
    )
    fact = MailTlsa(mx_status=mx.status, hosts=hosts)
    return Seen(value=fact, gaps=tuple(_gaps(fact, mx, validated)))


def with_certificates(fact: MailTlsa, served: Mapping[str, Sequence[bytes]]) -> MailTlsa:
    """Compare what each exchanger served (DER, leaf first, by name) with what its records promise."""
    hosts = tuple(
        replace(host, matches=matches(host.records, served[host.name])) if host.name in served else host
        for host in fact.hosts
    )
    return replace(fact, hosts=hosts)


def matches(records: Sequence[TlsaRecord], chain: Sequence[bytes]) -> bool | None:
    """Whether a chain fits one usable record: its leaf usage 3, any other certificate usage 2 (§3.1).

    None without usable records. Names and dates do not matter for usage 3 (§3.1.1).
    """
    usable = [record for record in records if record.usage in {_TRUST_ANCHOR, _END_ENTITY}]
    if not usable or not chain:
        return None
    return any(
        _fits(record, der)
        for record in usable
        for der in (chain[:1] if record.usage == _END_ENTITY else chain)
    )


def _fits(record: TlsaRecord, der: bytes) -> bool:
    try:
        selected = der if record.selector == 0 else _public_key(der)
    except ValueError:
        return False
    if record.matching == 0:
        return selected.hex() == record.data
    digest = _HASHES.get(record.matching)
    return digest is not None and digest(selected).hexdigest() == record.data


def _public_key(der: bytes) -> bytes:
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _place(name: str) -> dns.name.Name:
    return dns.name.from_text(f"_25._tcp.{name}")


def _tlsa(found: dnssec.Validated) -> list[TLSA]:
    return sorted(record for record in found.records if isinstance(record, TLSA))


def _record(record: TLSA) -> TlsaRecord:
    return TlsaRecord(
        usage=int(record.usage),
        selector=int(record.selector),
        matching=int(record.mtype),
        data=record.cert.hex(),
    )


def _gaps(fact: MailTlsa, mx: dnssec.Validated, hosts: Sequence[dnssec.Validated]) -> Iterator[Gap]:
    if mx.failure is not None:
        yield Gap(path="mx_status", reason=mx.failure.reason)
    for index, (host, found) in enumerate(zip(fact.hosts, hosts, strict=True)):
        if found.failure is not None:
            yield Gap(path=f"hosts.{index}.status", reason=found.failure.reason)
        if host.records:
            yield Gap(path=f"hosts.{index}.matches", reason=Reason.NO_DATA)
