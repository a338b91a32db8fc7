"""`dnssec.chain`: whether the zone's data can be validated."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneKey:
    """One DNSKEY (RFC 4034 §2). `bits` is null for an unknown kind, `entry` the secure entry point flag."""

    tag: int
    algorithm: int
    bits: int | None
    entry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationSigner:
    """One DS (RFC 4034 §5)."""

    tag: int
    algorithm: int
    digest_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DnssecChain:
    """`status`: secure, insecure (proved unsigned), bogus, indeterminate; `reason` a short word.

    A reason may name what it is about after a colon (`ds-mismatch:example.jp`). `zone` is the last zone the
    chain reached. `signed`: the zone publishes DNSKEY; `ds`: the parent publishes DS; null when not told.
    The rest describes the assessed domain's own zone, null where it was not told: `denial` is nsec or nsec3,
    with `nsec3_iterations` and `nsec3_salted`; `signature_left` is the time in seconds until the first
    signature of its keys or SOA runs out (negative: it has), `signature_life` the shortest signature's life.
    `cds` is what the zone's CDS and CDNSKEY ask of the parent (RFC 7344, RFC 8078): none; delete; current:
    the DS that is there; rollover: another, of keys the zone has; unmatched: of a key that it does not have;
    disagree: CDS and CDNSKEY stand for different keys.
    """

    KIND: ClassVar[str] = "dnssec.chain"

    zone: str
    status: str
    reason: str
    signed: bool | None = None
    ds: bool | None = None
    keys: tuple[ZoneKey, ...] = ()
    signers: tuple[DelegationSigner, ...] = ()
    denial: str | None = None
    nsec3_iterations: int | None = None
    nsec3_salted: bool | None = None
    signature_left: int | None = None
    signature_life: int | None = None
    cds: str | None = None
