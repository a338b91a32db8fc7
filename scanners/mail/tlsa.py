"""`mail.tlsa`: DANE records of a domain's exchangers, validated by our own chain of trust (RFC 7672)."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TLSA import TLSA

from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost, TlsaRecord
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Gap, Observation, Reason, Seen
from scanners.context import Context
from scanners.dns import dnssec
from scanners.dns.resolver import named, text
from scanners.net.failure import NetFailure

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
        *(_validated(context, name) for name in names),
    )
    hosts = tuple(
        TlsaHost(name=name, status=found.status, records=tuple(map(_record, _tlsa(found))))
        for name, found in zip(names, validated, strict=True)
    )
    fact = MailTlsa(mx_status=mx.status, hosts=hosts)
    return Seen(value=fact, gaps=tuple(_gaps(fact, mx, validated)))


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
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


async def _validated(context: Context, name: str) -> dnssec.Validated:
    """The TLSA records of an exchanger; its name may be too long to have any."""
    try:
        place = named(f"_25._tcp.{name}")
    except NetFailure as failure:
        return dnssec.Validated(status="indeterminate", failure=failure)
    return await dnssec.validate(context, place, dns.rdatatype.TLSA)


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


def compare(observations: Sequence[Observation[Any]]) -> list[Observation[Any]]:
    """The observations, with what the TLS scanner saw on port 25 held against the TLSA records.

    Only chains that were seen count; of several addresses of an exchanger each has to fit.
    """
    served: dict[str, list[tuple[bytes, ...]]] = {}
    for obs in observations:
        chain = _chain(obs)
        if chain is not None and obs.target.name is not None:
            served.setdefault(obs.target.name, []).append(chain)
    return [_compared(obs, served) for obs in observations]


def _chain(obs: Observation[Any]) -> tuple[bytes, ...] | None:
    endpoint = obs.result.value if isinstance(obs.result, Seen) else None
    if not isinstance(endpoint, TlsEndpoint) or endpoint.port != 25 or endpoint.certificates is None:
        return None
    return tuple(certificate.der for certificate in endpoint.certificates)


def _compared(obs: Observation[Any], served: Mapping[str, Sequence[tuple[bytes, ...]]]) -> Observation[Any]:
    if not isinstance(obs.result, Seen) or not isinstance(obs.result.value, MailTlsa):
        return obs
    fact = obs.result.value
    hosts = tuple(replace(host, matches=_all_match(host, served.get(host.name, ()))) for host in fact.hosts)
    answered = {f"hosts.{i}.matches" for i, host in enumerate(hosts) if host.matches is not None}
    gaps = tuple(gap for gap in obs.result.gaps if gap.path not in answered)
    return replace(obs, result=Seen(value=replace(fact, hosts=hosts), gaps=gaps))


def _all_match(host: TlsaHost, chains: Sequence[tuple[bytes, ...]]) -> bool | None:
    found = {matches(host.records, chain) for chain in chains}
    return None if not found or None in found else found == {True}
