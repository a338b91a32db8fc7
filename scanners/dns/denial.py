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

from scanners.dns.signatures import Keys, all_of, expanded_from

#: More rounds of hashing than a validator does; such a zone counts as insecure (RFC 9276 §3.2).
MAX_ITERATIONS = 150
#: Sets of one kind that are read in one answer; a proof needs three (against CVE-2023-50868).
MAX_SETS = 8
_OPT_OUT = 1
_SHA1 = 1


class Absence(StrEnum):
    """What is proved of a name that a DS was asked of."""

    NO_CUT = "no-cut"
    UNSIGNED_CUT = "unsigned-cut"
    NO_NAME = "no-name"
    TOO_MANY_ITERATIONS = "too-many-iterations"
    UNPROVED = "unproved"


class Denied(StrEnum):
    """How far something is proved not to exist. An opt-out span may hide unsigned delegations (§6)."""

    PROVED = "proved"
    OPT_OUT = "opt-out"
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

    @property
    def too_many_iterations(self) -> bool:
        """Whether a validator would not hash for it (RFC 9276 §3.2)."""
        return any(record.iterations > MAX_ITERATIONS for _, record in self.nsec3)

    def of_ds(self, name: dns.name.Name) -> Absence:
        """What follows for a delegation at the name."""
        if self.too_many_iterations:
            return Absence.TOO_MANY_ITERATIONS
        found = self._ds_by_nsec(name)
        return found if found is not Absence.UNPROVED else self._ds_by_nsec3(name)

    def of_type(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Denied:
        """Whether the name has no records of the type, no alias, no wildcard that gives it any (NODATA)."""
        if self._type_by_nsec(name, rdtype):
            return Denied.PROVED
        matching = self._matching(name)
        if matching is not None:
            return Denied.PROVED if _lacks(matching, rdtype) else Denied.UNPROVED
        closer = self._next_closer(name)
        star = self._matching(_star(closer.parent())) if closer is not None else None
        if closer is None or star is None or not _lacks(star, rdtype):
            return Denied.UNPROVED
        return self._denied(closer)

    def of_name(self, name: dns.name.Name) -> Denied:
        """Whether the name, and a wildcard that would stand for it, are proved not to exist (NXDOMAIN)."""
        for encloser in self._enclosers(name):
            star = _star(encloser)
            if any(_covers(other, each, star) for other, each in self.nsec):
                return Denied.PROVED
        closer = self._next_closer(name)
        if closer is None or self._covering(_star(closer.parent())) is None:
            return Denied.UNPROVED
        return self._denied(closer)

    def of_expansion(self, name: dns.name.Name, encloser: dns.name.Name) -> Denied:
        """Whether nothing nearer than the wildcard below the encloser stands for the name.

        RFC 4035 §5.3.4, RFC 5155 §8.8.
        """
        if encloser in self._enclosers(name):
            return Denied.PROVED
        return self._denied(name.split(len(encloser) + 1)[1])

    def _enclosers(self, name: dns.name.Name) -> Iterator[dns.name.Name]:
        """The closest ancestor that exists of a name that does not, by each NSEC that says so.

        One that leads on below the name says the opposite: something is there.
        """
        for owner, record in self.nsec:
            if _covers(owner, record, name) and not record.next.is_subdomain(name):
                yield max(_shared(owner, name), _shared(record.next, name), key=len)

    def _type_by_nsec(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> bool:
        for owner, record in self.nsec:
            if owner == name:
                return _lacks(record, rdtype)
            if _covers(owner, record, name) and record.next.is_subdomain(name):
                return True  # nothing is there, but there is below
        stars = [_star(encloser) for encloser in self._enclosers(name)]
        return any(owner in stars and _lacks(record, rdtype) for owner, record in self.nsec)

    def _denied(self, closer: dns.name.Name) -> Denied:
        covering = self._covering(closer)
        if covering is None:
            return Denied.UNPROVED
        return Denied.OPT_OUT if covering.flags & _OPT_OUT else Denied.PROVED

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
    for signed in (item for kind in kinds for item in all_of(response.authority, kind)[:MAX_SETS]):
        held = keys.holding(signed)
        if isinstance(held, str) or expanded_from(signed, held) is not None:
            fault = fault or (held if isinstance(held, str) else "wildcard-denial")
            continue  # that of a wildcard says nothing of the names it stands for (RFC 4035 §5.3.4)
        for record in signed.rrset:
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


def _lacks(record: NSEC | NSEC3, rdtype: dns.rdatatype.RdataType) -> bool:
    """Whether the name has neither the type nor an alias.

    A delegation speaks for its DS alone (RFC 6840 §4.1).
    """
    return not (_has(record, rdtype) or _has(record, dns.rdatatype.CNAME) or _delegates(record))


def _star(encloser: dns.name.Name) -> dns.name.Name:
    return dns.name.Name([b"*"]).concatenate(encloser)


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
    return _delegates(record) or _has(record, dns.rdatatype.DNAME)


def _delegates(record: NSEC | NSEC3) -> bool:
    return _has(record, dns.rdatatype.NS) and not _has(record, dns.rdatatype.SOA)


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
