"""What a name server of the demo says, from its zones or for a client (RFC 1034 §4.3.2, RFC 4035 §3)."""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.node
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
from dns.rdtypes.ANY.CNAME import CNAME

from posture.demo.zones import Zone

#: UDP payload that crosses the Internet without fragments (DNS flag day 2020).
PAYLOAD = 1232
_MOST_ALIASES = 8
_VERSION = dns.name.from_text("version.bind")

Section = list[dns.rrset.RRset]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A name server. `own` are the zones it is authoritative for.

    `known`: the zones it resolves in; without any it does not resolve. `transfer`: it gives its zones away to
    anybody. `version`: what it says of its software; None is a refusal to say.
    """

    own: tuple[Zone, ...] = ()
    known: tuple[Zone, ...] = ()
    transfer: bool = False
    version: str | None = None

    def answer(self, query: dns.message.Message, *, tcp: bool) -> dns.message.Message:
        """The response to a well-formed query; it may still be too long for UDP."""
        response = dns.message.make_response(query, recursion_available=bool(self.known))
        if query.edns >= 0:
            response.use_edns(0, query.ednsflags & dns.flags.DO, PAYLOAD)
        code = self._refusal(query)
        if code is None:
            self._fill(response, query, tcp=tcp)
        else:
            response.set_rcode(code)
        return response

    def _refusal(self, query: dns.message.Message) -> dns.rcode.Rcode | None:
        if query.edns > 0:
            return dns.rcode.BADVERS
        if query.opcode() != dns.opcode.QUERY:
            return dns.rcode.NOTIMP
        if len(query.question) != 1:
            return dns.rcode.FORMERR
        return None

    def _fill(self, response: dns.message.Message, query: dns.message.Message, *, tcp: bool) -> None:
        question = query.question[0]
        if question.rdclass == dns.rdataclass.CH:
            self._tell_version(response, question)
        elif question.rdtype == dns.rdatatype.AXFR:
            self._transfer(response, question.name, allowed=self.transfer and tcp)
        elif dns.rdatatype.is_metatype(question.rdtype):
            response.set_rcode(dns.rcode.NOTIMP)
        elif _enclosing(self.own, question.name, question.rdtype):
            response.flags |= dns.flags.AA
            _Lookup(self.own, response, signatures=bool(query.ednsflags & dns.flags.DO)).run()
        elif self.known and query.flags & dns.flags.RD:
            lookup = _Lookup(self.known, response, signatures=bool(query.ednsflags & dns.flags.DO))
            lookup.run()
            if lookup.secure and query.flags & dns.flags.AD | query.ednsflags & dns.flags.DO:
                response.flags |= dns.flags.AD
        else:
            response.set_rcode(dns.rcode.REFUSED)

    def _tell_version(self, response: dns.message.Message, question: dns.rrset.RRset) -> None:
        if self.version is None or question.name != _VERSION or question.rdtype != dns.rdatatype.TXT:
            response.set_rcode(dns.rcode.REFUSED)
            return
        response.flags |= dns.flags.AA
        response.answer = [dns.rrset.from_text(question.name, 0, "CH", "TXT", f'"{self.version}"')]

    def _transfer(self, response: dns.message.Message, name: dns.name.Name, *, allowed: bool) -> None:
        zone = next((zone for zone in self.own if zone.origin == name), None)
        if zone is None or not allowed:
            response.set_rcode(dns.rcode.REFUSED)
            return
        soa = zone.data.find_rrset(zone.origin, dns.rdatatype.SOA)
        rest = (
            dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))
            for name, rdataset in zone.data.iterate_rdatasets()
            if rdataset.rdtype != dns.rdatatype.SOA
        )
        response.flags |= dns.flags.AA
        response.answer = [soa, *rest, soa]


class _Lookup:
    """One question answered from a set of zones; where they hold no child of a delegation, by a referral."""

    def __init__(self, zones: tuple[Zone, ...], response: dns.message.Message, *, signatures: bool) -> None:
        self._zones = zones
        self._response = response
        self._signatures = signatures
        self.secure = True

    def run(self) -> None:
        """Answer, following aliases for as long as they stay in the zones."""
        question = self._response.question[0]
        name: dns.name.Name | None = question.name
        for _ in range(_MOST_ALIASES):
            zone = _enclosing(self._zones, name, question.rdtype) if name else None
            if zone is None or name is None:
                return
            self.secure = self.secure and zone.text.signed
            name = self._step(zone, name, question.rdtype)

    def _step(self, zone: Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.name.Name | None:
        """Answer from one zone; the name to go on with if it holds an alias."""
        cut = _cut(zone, name, rdtype)
        if cut is not None:
            self._refer(zone, cut)
            return None
        node = zone.data.get_node(name)
        found = node.get_rdataset(dns.rdataclass.IN, rdtype) if node else None
        if node is not None and found is not None:
            self._add(self._response.answer, node, name, found)
            return None
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME) if node else None
        if node is not None and alias is not None:
            self._add(self._response.answer, node, name, alias)
            return _target(alias)
        self._deny(zone, name)
        return None

    def _refer(self, zone: Zone, cut: dns.name.Name) -> None:
        self._response.flags &= ~dns.flags.AA
        node = zone.data.find_node(cut)
        servers = node.find_rdataset(dns.rdataclass.IN, dns.rdatatype.NS)
        self._add(self._response.authority, node, cut, servers)
        if self._signatures:
            ds = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.DS)
            proof = ds or node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NSEC)
            if proof is not None:
                self._add(self._response.authority, node, cut, proof)
        for server in servers:
            glue = zone.data.get_rrset(server.target, dns.rdatatype.A)
            if glue is not None:
                self._response.additional.append(glue)

    def _deny(self, zone: Zone, name: dns.name.Name) -> None:
        """NODATA or NXDOMAIN with the SOA (RFC 2308 §3) and, on request, the proof (RFC 4035 §3.1.3)."""
        exists = any(other.is_subdomain(name) for other in zone.data)
        if not exists:
            self._response.set_rcode(dns.rcode.NXDOMAIN)
        apex = zone.data.find_node(zone.origin)
        soa = apex.find_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA)
        self._add(self._response.authority, apex, zone.origin, soa)
        if self._signatures and zone.text.signed:
            wanted = [name] if exists else [name, dns.name.Name([b"*", *_closest(zone, name).labels])]
            for owner in dict.fromkeys(_proof(zone, one) for one in wanted):
                node = zone.data.find_node(owner)
                nsec = node.find_rdataset(dns.rdataclass.IN, dns.rdatatype.NSEC)
                self._add(self._response.authority, node, owner, nsec)

    def _add(
        self, section: Section, node: dns.node.Node, name: dns.name.Name, rdataset: dns.rdataset.Rdataset
    ) -> None:
        section.append(dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)))
        if self._signatures:
            rrsig = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, rdataset.rdtype)
            if rrsig is not None:
                section.append(dns.rrset.from_rdata_list(name, rdataset.ttl, list(rrsig)))


def _enclosing(zones: Iterable[Zone], name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Zone | None:
    """The zone that answers: the nearest one; for DS the nearest above a delegation (RFC 4035 §3.1.4.1)."""
    held = sorted((zone for zone in zones if name.is_subdomain(zone.origin)), key=lambda zone: zone.origin)
    above = [zone for zone in held if rdtype != dns.rdatatype.DS or zone.origin != name]
    return next(reversed(above or held), None)


def _cut(zone: Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.name.Name | None:
    """The delegation at or above a name; the parent answers for DS at the delegation itself."""
    while name != zone.origin:
        node = zone.data.get_node(name)
        if node and node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS):
            return None if rdtype == dns.rdatatype.DS else name
        name = name.parent()
        rdtype = dns.rdatatype.NONE
    return None


def _target(alias: dns.rdataset.Rdataset) -> dns.name.Name | None:
    (record,) = alias
    return record.target if isinstance(record, CNAME) else None


def _closest(zone: Zone, name: dns.name.Name) -> dns.name.Name:
    while not any(other.is_subdomain(name) for other in zone.data):
        name = name.parent()
    return name


def _proof(zone: Zone, name: dns.name.Name) -> dns.name.Name:
    """Owner of the NSEC record at or before a name, in canonical order."""
    owners = (owner for owner, _ in zone.data.iterate_rdatasets(dns.rdatatype.NSEC))
    return max(owner for owner in owners if owner <= name)
