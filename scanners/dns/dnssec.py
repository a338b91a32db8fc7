"""`dnssec.chain`: our own chain of trust, from an anchor down to the domain (RFC 4035 §5).

The configured resolver is only a courier: it is asked with checking disabled, and what it brings is
validated here. What it fails to bring leaves the status indeterminate.
"""

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.dnskeybase import Flag

from posture.core.facts.dnssec_chain import DelegationSigner, DnssecChain, ZoneKey
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context
from scanners.dns import anchors, successors
from scanners.dns.denial import Absence, Denied, Proof, proof
from scanners.dns.resolver import text
from scanners.dns.signatures import (
    Keys,
    Signed,
    alias_of,
    all_of,
    bits,
    entry_keys,
    expanded_from,
    find,
    only,
    usable,
)
from scanners.net.failure import NetFailure

#: A name asked in the zone only to see its proof that names do not exist.
ABSENT = "posture-no-such-name"

_DS = dns.rdatatype.DS
_DNSKEY = dns.rdatatype.DNSKEY
_CDS = dns.rdatatype.CDS
_CDNSKEY = dns.rdatatype.CDNSKEY
_SOA = dns.rdatatype.SOA
_A = dns.rdatatype.A


class _EndError(Exception):
    """The walk ends here: status, reason, the zone it got to, and the failure behind an indeterminate one."""

    def __init__(
        self, status: str, reason: str, zone: dns.name.Name, failure: NetFailure | None = None
    ) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason if status == "indeterminate" else f"{reason}:{text(zone)}"
        self.zone = zone
        self.failure = failure


async def look(context: Context, domain: str) -> Seen[DnssecChain]:
    """Follow the chain to the domain and describe its zone's keys and signatures.

    Raises NetFailure when neither chain nor keys could be asked about.
    """
    trusted = anchors.load(context.options.trust_anchor)
    walk = _Walk(context, trusted, dns.name.from_text(domain))
    asks = (walk.name, _CDS), (walk.name, _CDNSKEY)
    await walk.warm((walk.name, _SOA), (walk.name, _A), (_absent(walk.name), _A), *asks)
    described = await _describe(walk)
    try:
        zone = await walk.run()
    except _EndError as end:
        fact = replace(described, zone=text(end.zone), status=end.status, reason=end.reason)
        reason = end.failure.reason if end.failure is not None else Reason.NO_DATA
        gaps = (Gap(path="status", reason=reason),) if end.status == "indeterminate" else ()
        return Seen(value=fact, gaps=gaps)
    return Seen(value=replace(described, zone=text(zone), status="secure", reason="validated"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """Records of one name and type, and whether they (or their absence) could be validated.

    `status` as in `DnssecChain`; `records` are there whatever the status, `failure` when they were not told.
    """

    status: str
    records: tuple[dns.rdata.Rdata, ...] = ()
    failure: NetFailure | None = None


async def validate(context: Context, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Validated:
    """Validate one answer down from the anchor. Aliases are not followed. Never raises NetFailure."""
    walk = _Walk(context, anchors.load(context.options.trust_anchor), name)
    await walk.warm((name, rdtype))
    try:
        response = await walk.ask(name, rdtype)
    except _EndError as end:
        return Validated(status=end.status, failure=end.failure)
    found = find(response.answer, name, rdtype)
    records = tuple(found.rrset) if found is not None else ()
    try:
        denied = await walk.answer(await walk.descend(), name, rdtype)
    except _EndError as end:
        return Validated(status=end.status, records=records, failure=end.failure)
    return Validated(status="insecure" if denied is Denied.OPT_OUT else "secure", records=records)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One descent. Times are the context's."""

    context: Context
    trusted: anchors.Anchors
    name: dns.name.Name

    async def maybe(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message | None:
        """The response with signatures, None when there is none."""
        try:
            return await self.context.resolver.message(name, rdtype, validate=True)
        except NetFailure:
            return None

    async def ask(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        """The response with signatures. Raises _EndError(indeterminate) when there is none."""
        try:
            return await self.context.resolver.message(name, rdtype, validate=True)
        except NetFailure as failure:
            reason = f"{failure.reason.value}:{text(name)}"
            raise _EndError("indeterminate", reason, name, failure) from None

    async def warm(self, *more: tuple[dns.name.Name, dns.rdatatype.RdataType]) -> None:
        """Ask DS and DNSKEY of all labels, and `more`, at once: the walk finds them in the cache."""
        anchor = anchors.closest(self.trusted, self.name)
        if anchor is None:
            return
        below = _below(anchor, self.name)
        asked = [(zone, kind) for zone in below for kind in (_DS, _DNSKEY)]
        asked += [(anchor, _DNSKEY), *more]
        # Meanwhile what checks signatures is loaded; it takes as long as the answers.
        loading = asyncio.to_thread(importlib.import_module, "dns.dnssec")
        await asyncio.gather(loading, *(self.maybe(name, kind) for name, kind in asked))

    async def run(self) -> dns.name.Name:
        """The zone that holds the domain, its data validated. Raises _EndError for every other result."""
        keys = await self.descend()
        await self._data(keys)
        return keys.zone

    async def descend(self) -> Keys:
        """The keys of the zone that holds the name. Raises _EndError."""
        anchor = anchors.closest(self.trusted, self.name)
        if anchor is None:
            raise _EndError("indeterminate", "no-anchor", dns.name.root)
        keys = await self._begin(anchor, self.trusted[anchor])
        for name in _below(anchor, self.name):
            keys = await self._cross(keys, name)
        return keys

    async def _begin(self, anchor: dns.name.Name, trusted: Sequence[DS | DNSKEY]) -> Keys:
        """The anchor zone's keys. They are the control: a resolver that strips signatures shows here."""
        response = await self.ask(anchor, _DNSKEY)
        found = find(response.answer, anchor, _DNSKEY)
        if found is None:
            raise _EndError("indeterminate", "no-anchor-keys", anchor)
        if not found.signatures:
            raise _EndError("indeterminate", "signatures-stripped", anchor)
        entry = entry_keys(anchor, _keys(found), trusted)
        if not entry:
            raise _EndError("indeterminate", "anchor-mismatch", anchor)
        fault = self._trusting(anchor, only(found.rrset, entry)).fault(found)
        if fault is not None:
            status = "indeterminate" if anchor == dns.name.root else "bogus"
            raise _EndError(status, f"keys-{fault}", anchor)
        return self._trusting(anchor, found.rrset)

    async def _cross(self, keys: Keys, name: dns.name.Name) -> Keys:
        """Cross the delegation at a name; the same keys where there is none. Raises _EndError."""
        response = await self.ask(name, _DS)
        found = find(response.answer, name, _DS)
        if found is not None:
            return await self._child(keys, name, found)
        alias = alias_of(response.answer, name)
        proved = proof(response, keys)
        if alias is not None:
            _standing(keys, alias, name, proved)
            return keys
        absence = proved.of_ds(name)
        if absence is Absence.UNSIGNED_CUT:
            raise _EndError("insecure", "no-ds", name)
        if absence is Absence.TOO_MANY_ITERATIONS:
            raise _EndError("insecure", "nsec3-iterations", keys.zone)
        if absence is Absence.UNPROVED:
            raise _EndError("bogus", proved.fault or "ds-absence-unproved", name)
        return keys

    async def _child(self, keys: Keys, name: dns.name.Name, found: Signed) -> Keys:
        """The child's keys, by its DS at the parent (RFC 4035 §5.2)."""
        _sound(keys, found, keys, "ds-")
        signers = usable([record for record in found.rrset if isinstance(record, DS)])
        if not signers:
            raise _EndError("insecure", "unsupported-algorithm", name)
        response = await self.ask(name, _DNSKEY)
        own = find(response.answer, name, _DNSKEY)
        if own is None:
            raise _EndError("bogus", "no-keys", name)
        entry = entry_keys(name, _keys(own), signers)
        if not entry:
            raise _EndError("bogus", "ds-mismatch", name)
        child = self._trusting(name, own.rrset)
        return _sound(self._trusting(name, only(own.rrset, entry)), own, child, "keys-")

    async def _data(self, keys: Keys) -> None:
        """The zone's SOA, the domain's address, and a name that does not exist. Raises _EndError."""
        soa = find((await self.ask(keys.zone, _SOA)).answer, keys.zone, _SOA)
        if soa is None:
            raise _EndError("bogus", "no-soa", keys.zone)
        _sound(keys, soa, keys)
        if await self.answer(keys, self.name, _A) is Denied.OPT_OUT:
            raise _EndError("insecure", "opt-out", keys.zone)
        await self.answer(keys, _absent(self.name), _A)

    async def answer(self, keys: Keys, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Denied | None:
        """Records that are signed (None), or how far it is proved that there are none. Raises _EndError."""
        response = await self.ask(name, rdtype)
        proved = proof(response, keys)
        found = find(response.answer, name, rdtype) or alias_of(response.answer, name)
        if found is not None:
            return _standing(keys, found, name, proved)
        _hashable(keys, proved)
        absent = response.rcode() == dns.rcode.NXDOMAIN
        denied = proved.of_name(name) if absent else proved.of_type(name, rdtype)
        if denied is Denied.UNPROVED:
            raise _EndError("bogus", proved.fault or "absence-unproved", keys.zone)
        return denied

    def _trusting(self, zone: dns.name.Name, rrset: dns.rrset.RRset) -> Keys:
        return Keys(zone=zone, rrset=rrset, at=self.context.clock().timestamp())


def _sound(keys: Keys, signed: Signed, result: Keys, prefix: str = "") -> Keys:
    """`result` where a set is signed that no wildcard may stand for. Raises _EndError."""
    held = keys.holding(signed)
    if isinstance(held, str):
        raise _EndError("bogus", prefix + held, signed.rrset.name)
    if expanded_from(signed, held) is not None:
        raise _EndError("bogus", prefix + "wildcard", signed.rrset.name)
    return result


def _standing(keys: Keys, signed: Signed, name: dns.name.Name, proved: Proof) -> Denied | None:
    """None where a set is signed and stands for the name, be it a wildcard's. Raises _EndError.

    OPT_OUT where an unsigned delegation may hide between the wildcard and the name.
    """
    held = keys.holding(signed)
    if isinstance(held, str):
        raise _EndError("bogus", held, signed.rrset.name)
    encloser = expanded_from(signed, held)
    if encloser is None:
        return None
    _hashable(keys, proved)
    denied = proved.of_expansion(name, encloser)
    if denied is Denied.UNPROVED:
        raise _EndError("bogus", proved.fault or "wildcard-unproved", signed.rrset.name)
    return denied if denied is Denied.OPT_OUT else None


def _hashable(keys: Keys, proved: Proof) -> None:
    if proved.too_many_iterations:
        raise _EndError("insecure", "nsec3-iterations", keys.zone)


def _keys(signed: Signed) -> list[DNSKEY]:
    return [record for record in signed.rrset if isinstance(record, DNSKEY)]


def _below(anchor: dns.name.Name, name: dns.name.Name) -> list[dns.name.Name]:
    """The names from just below the anchor down to the name."""
    return [name.split(count)[1] for count in range(len(anchor) + 1, len(name) + 1)]


def _absent(name: dns.name.Name) -> dns.name.Name:
    try:
        return dns.name.Name([ABSENT.encode()]).concatenate(name)
    except dns.name.NameTooLong:
        return name


async def _describe(walk: _Walk) -> DnssecChain:
    """What the domain's own zone shows, whether it validates or not."""
    name = walk.name
    asked = ((name, _DS), (name, _DNSKEY), (name, _SOA), (_absent(name), _A), (name, _CDS), (name, _CDNSKEY))
    ds, dnskey, soa, absent, *asks = await asyncio.gather(*(walk.maybe(*question) for question in asked))
    signers = None if ds is None else find(ds.answer, name, _DS)
    keys = None if dnskey is None else find(dnskey.answer, name, _DNSKEY)
    start = None if soa is None else find(soa.answer, name, _SOA)
    own = [] if keys is None else _keys(keys)
    delegation = [] if signers is None else [r for r in signers.rrset if isinstance(r, DS)]
    fact = DnssecChain(
        zone=text(name),
        status="",
        reason="",
        signed=None if dnskey is None else keys is not None,
        ds=None if ds is None else signers is not None,
        keys=tuple(map(_key, own)),
        signers=tuple(map(_signer, delegation)),
        cds=successors.read(name, (asks[0], asks[1]), own, delegation) if own else None,
    )
    lives = [item for item in (keys, start) if item is not None]
    return _with_denial(_with_lives(fact, lives, walk.context.clock().timestamp()), absent)


def _with_lives(fact: DnssecChain, signed: Sequence[Signed], at: float) -> DnssecChain:
    signatures = [signature for item in signed for signature in item.signatures]
    if not signatures:
        return fact
    return replace(
        fact,
        signature_left=int(min(signature.expiration for signature in signatures) - at),
        signature_life=min(signature.expiration - signature.inception for signature in signatures),
    )


def _with_denial(fact: DnssecChain, response: dns.message.Message | None) -> DnssecChain:
    if response is None or not fact.signed:
        return fact
    hashed = [r for item in all_of(response.authority, dns.rdatatype.NSEC3) for r in item.rrset]
    if hashed:
        return replace(
            fact,
            denial="nsec3",
            nsec3_iterations=max(record.iterations for record in hashed),
            nsec3_salted=any(record.salt for record in hashed),
        )
    plain = all_of(response.authority, dns.rdatatype.NSEC)
    return replace(fact, denial="nsec") if plain else fact


def _key(record: DNSKEY) -> ZoneKey:
    return ZoneKey(
        tag=record.key_id(),
        algorithm=int(record.algorithm),
        bits=bits(record),
        entry=bool(record.flags & Flag.SEP),
    )


def _signer(record: DS) -> DelegationSigner:
    return DelegationSigner(
        tag=record.key_tag, algorithm=int(record.algorithm), digest_type=int(record.digest_type)
    )
