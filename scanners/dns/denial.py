"""Proofs that something does not exist: NSEC (RFC 4035 §5.4) and NSEC3 (RFC 5155 §8)."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import dns.message
import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

from scanners.dns.signatures import Keys, all_of

#: More rounds of hashing than a validator does; such a zone counts as insecure (RFC 9276 §3.2).
MAX_ITERATIONS = 150
_OPT_OUT = 1
_SHA1 = 1


class Absence(StrEnum):
    """What is proved of a name that a DS was asked of."""

    NO_CUT = "no-cut"
    UNSIGNED_CUT = "unsigned-cut"
    NO_NAME = "no-name"
    TOO_MANY_ITERATIONS = "too-many-iterations"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The NSEC and NSEC3 records of a response that the zone really signed.

    `fault` is what is wrong with the first of those that were left out.
    """

    zone: dns.name.Name
    nsec: tuple[tuple[dns.name.Name, NSEC], ...]
    nsec3: tuple[tuple[bytes, NSEC3], ...]
    fault: str | None

    def of_ds(self, name: dns.name.Name) -> Absence:
        """What follows for a delegation at the name."""
        if any(record.iterations > MAX_ITERATIONS for _, record in self.nsec3):
            return Absence.TOO_MANY_ITERATIONS
        found = self._ds_by_nsec(name)
        return found if found is not Absence.UNPROVED else self._ds_by_nsec3(name)

    def of_type(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> bool:
        """Whether the name is proved to have no records of the type, nor an alias (NODATA)."""
        for owner, record in self.nsec:
            if owner == name:
                return not _has(record, rdtype) and not _has(record, dns.rdatatype.CNAME)
        if any(
            _covers(owner, record, name) and record.next.is_subdomain(name) for owner, record in self.nsec
        ):
            return True
        matching = self._matching(name)
        if matching is not None:
            return not _has(matching, rdtype) and not _has(matching, dns.rdatatype.CNAME)
        return False

    def of_name(self, name: dns.name.Name) -> bool:
        """Whether the name, and a wildcard that would stand for it, are proved not to exist (NXDOMAIN)."""
        covering = [(owner, record) for owner, record in self.nsec if _covers(owner, record, name)]
        for owner, record in covering:
            encloser = max(_shared(owner, name), _shared(record.next, name), key=len)
            star = dns.name.Name([b"*"]).concatenate(encloser)
            if any(_covers(other, each, star) for other, each in self.nsec):
                return True
        return self._no_name_by_nsec3(name)

    def _ds_by_nsec(self, name: dns.name.Name) -> Absence:
        for owner, record in self.nsec:
            if owner == name and not _has(record, dns.rdatatype.SOA):
                return _absence(record)
            if _covers(owner, record, name):
                return Absence.NO_CUT if record.next.is_subdomain(name) else Absence.NO_NAME
        return Absence.UNPROVED

    def _ds_by_nsec3(self, name: dns.name.Name) -> Absence:
        matching = self._matching(name)
        if matching is not None:
            return Absence.UNPROVED if _has(matching, dns.rdatatype.SOA) else _absence(matching)
        closer = self._next_closer(name)
        covering = self._covering(closer) if closer is not None else None
        if covering is None:
            return Absence.UNPROVED
        return Absence.UNSIGNED_CUT if covering.flags & _OPT_OUT else Absence.NO_NAME

    def _no_name_by_nsec3(self, name: dns.name.Name) -> bool:
        closer = self._next_closer(name)
        if closer is None or self._covering(closer) is None:
            return False
        star = dns.name.Name([b"*"]).concatenate(closer.parent())
        return self._covering(star) is not None

    def _next_closer(self, name: dns.name.Name) -> dns.name.Name | None:
        """The name one label below the closest encloser that is proved to exist (RFC 5155 §8.3)."""
        closer = name
        for above in _above(name, self.zone):
            matching = self._matching(above)
            if matching is not None:
                return None if _leads_away(matching) else closer
            closer = above
        return None

    def _matching(self, name: dns.name.Name) -> NSEC3 | None:
        return next((r for owner, r in self.nsec3 if owner == _hash(name, r)), None)

    def _covering(self, name: dns.name.Name) -> NSEC3 | None:
        return next((r for owner, r in self.nsec3 if _between(owner, _hash(name, r), r.next)), None)


def proof(response: dns.message.Message, keys: Keys) -> Proof:
    """The records of a response's authority section that the zone's keys vouch for."""
    fault: str | None = None
    nsec: list[tuple[dns.name.Name, NSEC]] = []
    nsec3: list[tuple[bytes, NSEC3]] = []
    kinds = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
    for signed in (item for kind in kinds for item in all_of(response.authority, kind)):
        wrong = keys.fault(signed)
        fault = fault or wrong
        for record in signed.rrset if wrong is None else ():
            if isinstance(record, NSEC):
                nsec.append((signed.rrset.name, record))
            elif isinstance(record, NSEC3) and record.algorithm == _SHA1:
                nsec3.append((_decoded(signed.rrset.name), record))
    return Proof(zone=keys.zone, nsec=tuple(nsec), nsec3=tuple(nsec3), fault=fault)


def _absence(record: NSEC | NSEC3) -> Absence:
    """What the types at the name itself say; a DS among them contradicts the answer."""
    if _has(record, dns.rdatatype.DS):
        return Absence.UNPROVED
    return Absence.UNSIGNED_CUT if _has(record, dns.rdatatype.NS) else Absence.NO_CUT


def _has(record: NSEC | NSEC3, rdtype: dns.rdatatype.RdataType) -> bool:
    for window, bitmap in record.windows:
        if window == rdtype >> 8:
            byte, bit = divmod(rdtype & 0xFF, 8)
            return byte < len(bitmap) and bool(bitmap[byte] & (0x80 >> bit))
    return False


def _covers(owner: dns.name.Name, record: NSEC, name: dns.name.Name) -> bool:
    """Whether the name lies between owner and next.

    A delegation says nothing of what is below it (RFC 6840 §4.1).
    """
    if name.is_subdomain(owner) and name != owner and _leads_away(record):
        return False
    if owner < record.next:
        return bool(owner < name < record.next)
    return bool(name > owner or name < record.next)


def _leads_away(record: NSEC | NSEC3) -> bool:
    """Whether what lies below the name is another zone's matter, or a DNAME's."""
    delegation = _has(record, dns.rdatatype.NS) and not _has(record, dns.rdatatype.SOA)
    return delegation or _has(record, dns.rdatatype.DNAME)


def _between(owner: bytes, hashed: bytes, following: bytes) -> bool:
    if owner < following:
        return owner < hashed < following
    return hashed > owner or hashed < following


def _hash(name: dns.name.Name, record: NSEC3) -> bytes:
    import dns.dnssec  # loads cryptography

    text = dns.dnssec.nsec3_hash(name, record.salt, record.iterations, record.algorithm)
    return _base32(text)


def _decoded(owner: dns.name.Name) -> bytes:
    return _base32(owner.labels[0].decode("ascii", "replace"))


def _base32(text: str) -> bytes:
    """Hash labels as the octets they stand for; something else stands for nothing."""
    try:
        return base64.b32hexdecode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return b""


def _shared(one: dns.name.Name, other: dns.name.Name) -> dns.name.Name:
    """The longest name both lie under."""
    _, _, count = one.fullcompare(other)
    return other.split(count)[1]


def _above(name: dns.name.Name, zone: dns.name.Name) -> Iterator[dns.name.Name]:
    while name != zone:
        name = name.parent()
        yield name
