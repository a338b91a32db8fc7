"""Signatures over record sets (RFC 4035 §5.3), and keys against their DS (§5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rdtypes.dnskeybase import Flag
from dns.rdtypes.dsbase import DSBase

#: Algorithms and digests we can check; a zone that offers others only counts as insecure (RFC 4035 §5.2).
ALGORITHMS = frozenset({5, 7, 8, 10, 13, 14, 15, 16})
DIGESTS = frozenset({1, 2, 4})
#: Bounds against sets built to cost time (CVE-2023-50387).
_MAX_SIGNATURES = 8
_MAX_KEYS = 16
_MAX_SAME_TAG = 4

_RSA = frozenset({5, 7, 8, 10})
_BITS = {13: 256, 14: 384, 15: 256, 16: 456}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A record set with its signatures, as one response holds them."""

    rrset: dns.rrset.RRset
    signatures: tuple[RRSIG, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a zone that are trusted, in time `at` (seconds since the epoch)."""

    zone: dns.name.Name
    rrset: dns.rrset.RRset
    at: float

    def fault(self, signed: Signed) -> str | None:
        """None when one signature of the zone holds, else why none does."""
        held = self.holding(signed)
        return held if isinstance(held, str) else None

    def holding(self, signed: Signed) -> RRSIG | str:
        """The first signature of the zone that holds, else why none does."""
        import dns.dnssec  # loads cryptography, which an unsigned world does not need

        candidates = [s for s in signed.signatures if s.signer == self.zone][:_MAX_SIGNATURES]
        for signature in candidates:
            keyring = self._made_by(signature)
            try:
                dns.dnssec.validate_rrsig(
                    signed.rrset, signature, keyring, None, self.at, dns.dnssec.allow_all_policy
                )
            except (dns.exception.DNSException, ValueError):
                continue
            return signature
        return _why(candidates, self.at) if candidates else "no-signature"

    def _made_by(self, signature: RRSIG) -> dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]:
        """The keys that may have made a signature: tags collide, and can be made to (CVE-2023-50387)."""
        named = [
            key
            for key in self.rrset
            if isinstance(key, DNSKEY)
            and (key.key_id(), key.algorithm) == (signature.key_tag, signature.algorithm)
        ]
        return {self.zone: only(self.rrset, named[:_MAX_SAME_TAG])} if named else {}


def expanded_from(signed: Signed, held: RRSIG) -> dns.name.Name | None:
    """The name above the wildcard that a set was made from (RFC 4035 §5.3.4), None for a set of its own."""
    owner = signed.rrset.name
    own = len(owner) - 1 - owner.is_wild()
    return owner.split(held.labels + 1)[1] if held.labels < own else None


def find(
    section: Sequence[dns.rrset.RRset], name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> Signed | None:
    """The set of a name and type in a section, with its signatures."""
    for rrset in section:
        if rrset.name == name and rrset.rdtype == rdtype and rrset.rdclass == dns.rdataclass.IN:
            return Signed(rrset=rrset, signatures=_signatures(section, rrset))
    return None


def alias_of(section: Sequence[dns.rrset.RRset], name: dns.name.Name) -> Signed | None:
    """What makes a name an alias: its CNAME, or the DNAME above it where the CNAME was made from that.

    Such a CNAME is not signed: the DNAME is (RFC 6672 §5.3.1).
    """
    alias = find(section, name, dns.rdatatype.CNAME)
    if alias is None or alias.signatures:
        return alias
    return next((above for above in all_of(section, dns.rdatatype.DNAME) if _made(alias, above)), alias)


def _made(alias: Signed, above: Signed) -> bool:
    """Whether a CNAME is what a DNAME gives (RFC 6672 §2.2)."""
    name, owner, target = alias.rrset.name, above.rrset.name, above.rrset[0].target
    if name == owner or not name.is_subdomain(owner):
        return False
    try:
        return bool(alias.rrset[0].target == name.relativize(owner).concatenate(target))
    except dns.name.NameTooLong:
        return False


def all_of(section: Sequence[dns.rrset.RRset], rdtype: dns.rdatatype.RdataType) -> tuple[Signed, ...]:
    """Every set of a type in a section."""
    return tuple(
        Signed(rrset=rrset, signatures=_signatures(section, rrset))
        for rrset in section
        if rrset.rdtype == rdtype and rrset.rdclass == dns.rdataclass.IN
    )


def entry_keys(
    zone: dns.name.Name, keys: Sequence[DNSKEY], trusted: Sequence[DS | DNSKEY]
) -> tuple[DNSKEY, ...]:
    """The keys that the parent's DS records, or anchors, stand for.

    SHA-1 digests count only where there is no other (RFC 4509 §3).
    """
    digests = [record for record in trusted if isinstance(record, DS)]
    strong = [record for record in digests if record.digest_type != 1] or digests
    wanted = [record for record in trusted if isinstance(record, DNSKEY)]
    return tuple(
        key
        for key in list(keys)[:_MAX_KEYS]
        if key in wanted or any(stands_for(record, zone, key) for record in strong)
    )


def usable(records: Sequence[DS]) -> tuple[DS, ...]:
    """The DS records whose algorithm and digest we can check."""
    return tuple(r for r in records if r.algorithm in ALGORITHMS and r.digest_type in DIGESTS)


def only(rrset: dns.rrset.RRset, keys: Sequence[DNSKEY]) -> dns.rrset.RRset:
    """A key set with these keys alone."""
    return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, list(keys))


def bits(key: DNSKEY) -> int | None:
    """Size of a key in bits; of RSA that of the modulus (RFC 3110 §2). None for what we do not know."""
    if key.algorithm not in _RSA:
        return _BITS.get(key.algorithm)
    length, start = key.key[0], 1
    if length == 0:
        length, start = int.from_bytes(key.key[1:3], "big"), 3
    return int.from_bytes(key.key[start + length :], "big").bit_length()


def stands_for(record: DSBase, zone: dns.name.Name, key: DNSKEY) -> bool:
    """Whether a DS (or CDS) is the digest of a key (RFC 4034 §5.1.4)."""
    import dns.dnssec

    if record.key_tag != key.key_id() or record.algorithm != key.algorithm:
        return False
    if record.digest_type not in DIGESTS or not key.flags & Flag.ZONE:
        return False
    made = dns.dnssec.make_ds(zone, key, record.digest_type, policy=dns.dnssec.allow_all_policy)
    return bool(made.digest == record.digest)


def _signatures(section: Sequence[dns.rrset.RRset], rrset: dns.rrset.RRset) -> tuple[RRSIG, ...]:
    return tuple(
        record
        for other in section
        if other.name == rrset.name and other.rdtype == dns.rdatatype.RRSIG
        for record in other
        if isinstance(record, RRSIG) and record.type_covered == rrset.rdtype
    )


def _why(signatures: Sequence[RRSIG], at: float) -> str:
    if all(signature.expiration < at for signature in signatures):
        return "signature-expired"
    if all(signature.inception > at for signature in signatures):
        return "signature-not-yet-valid"
    return "signature-invalid"
