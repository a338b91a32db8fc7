"""Authorities that clients trust no more, told by name or by the certificate itself (distrusted.toml)."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

_OIDS = (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcast:
    """`roots`: SHA-256 over certificates, hex. `issued_after`: only leaves from after that day are meant."""

    since: date
    names: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    issued_after: date | None = None


@cache
def outcasts() -> tuple[Outcast, ...]:
    """The table as shipped."""
    table = tomllib.loads(Path(__file__).with_name("distrusted.toml").read_text(encoding="utf-8"))
    return tuple(
        Outcast(
            since=row["since"],
            names=frozenset(row.get("names", ())),
            roots=frozenset(row.get("roots", ())),
            issued_after=row.get("issued_after"),
        )
        for row in table["authority"]
    )


def distrusted(
    leaf: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    at: datetime,
    table: Sequence[Outcast] | None = None,
) -> bool:
    """Whether clients refuse the leaf at that time because of an authority above it."""
    names = frozenset(value for each in authorities for value in _names(each))
    prints = frozenset(each.fingerprint(hashes.SHA256()).hex() for each in authorities)
    return any(
        row.since <= at.date() and _concerns(row, leaf) and bool(row.names & names or row.roots & prints)
        for row in (outcasts() if table is None else table)
    )


def _concerns(row: Outcast, leaf: x509.Certificate) -> bool:
    return row.issued_after is None or leaf.not_valid_before_utc.date() > row.issued_after


def _names(certificate: x509.Certificate) -> Iterator[str]:
    for name in (certificate.subject, certificate.issuer):
        for oid in _OIDS:
            yield from (str(each.value) for each in name.get_attributes_for_oid(oid))
