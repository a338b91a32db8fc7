"""A DNS server that says anything: the same to the same question, so that a seed is one world."""

from dataclasses import dataclass
from random import Random

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from tests.support.dns_server import Asked, Reply

_IN = dns.rdataclass.IN
_LABELS = [
    b"www", b"mx", b"*", b"_dmarc", b"xn--zckzah", b"xn--a", b"-", b"1", b"a.b", b" ", b"\x00", b"\\",
    b"%{i}", b"[::1]", b"127", b"@", b";", b'"', b"\xe3\x81\x82", b"a/b", b"a\nb", b"a" * 63,
]  # fmt: skip
_ADDRESSES = {
    "A": ["127.0.0.1", "0.0.0.0", "255.255.255.255", "10.0.0.1", "192.0.2.1"],
    "AAAA": ["::1", "::", "64:ff9b::7f00:1", "fe80::1", "2001:db8::1", "::ffff:127.0.0.1"],
}
_HEADS = [
    b"v=spf1 ",
    b"v=DMARC1; p=none; rua=",
    b"v=STSv1; id=1",
    b"v=TLSRPTv1; rua=",
    b"v=BIMI1; l=",
    b"v=DKIM1; p=",
    b"",
]
_TAILS = [
    b"", b"include:%{d}.a -all", b"include:" + b"a" * 64 + b".jp", b"redirect=" + b"a." * 130 + b"jp",
    b"a" * 250, b"exists:%{l1r.-}.%{i} a:\xff/33//129 mx:" + b"x" * 250, b"mailto:a@" + b"b." * 200 + b"jp",
    b"https://[::1", b"ip4:1.2.3.4/0 ip6:::/0 ptr a mx all", b"\x00\xff\n;=,",
]  # fmt: skip


@dataclass(frozen=True)
class Chaos:
    """A behaviour for `DnsServer`."""

    seed: int

    def answer(self, asked: Asked) -> Reply:
        question = asked.query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        chance = Random(f"{self.seed} {question.name} {kind} {asked.protocol}")
        response = dns.message.make_response(asked.query, recursion_available=chance.random() < 0.9)
        if chance.random() < 0.05:
            response.set_rcode(dns.rcode.Rcode(chance.choice([1, 2, 3, 5, 9, 15])))
        shown = chance.choice(["CNAME", kind, kind, kind, kind, kind, "TXT", ""])
        if shown:
            records = [_record(shown, chance) for _ in range(chance.choice([1, 1, 2, 5]))]
            response.answer.append(dns.rrset.from_rdata_list(question.name, 300, records))
        if chance.random() < 0.2:
            other = _record(chance.choice(["SOA", "NS", "NSEC", "NSEC3", "RRSIG"]), chance)
            response.authority.append(dns.rrset.from_rdata(_name(chance), 300, other))
        return _spoilt(response, chance)


def _spoilt(response: dns.message.Message, chance: Random) -> Reply:
    """The message, one time in ten with octets changed."""
    try:
        wire = bytearray(response.to_wire(max_size=65535))
    except dns.exception.DNSException:
        return None
    for _ in range(chance.randrange(1, 6) if chance.random() < 0.1 else 0):
        wire[chance.randrange(2, len(wire))] = chance.randrange(256)
    return bytes(wire)


def _name(chance: Random) -> dns.name.Name:
    """Up to 255 octets of any labels."""
    ends = ["example.jp.", "example.net.", "mail.protection.outlook.com.", "."]
    name = dns.name.from_text(chance.choice(ends))
    for _ in range(chance.choice([0, 1, 1, 2, 3, 10, 120])):
        label = chance.choice([*_LABELS, chance.randbytes(chance.randrange(1, 8))])
        if sum(map(len, name.labels)) + len(name.labels) + len(label) + 1 > 255:
            break
        name = dns.name.Name([label, *name.labels])
    return name


def _record(kind: str, chance: Random) -> dns.rdata.Rdata:
    """A record of the type, readable or not."""
    if kind == "TXT":
        return _text(chance)
    if kind in _ADDRESSES:
        return dns.rdata.from_text("IN", kind, chance.choice(_ADDRESSES[kind]))
    named = {
        "MX": f"{chance.choice([0, 10, 65535])} {_name(chance)}",
        "NS": f"{_name(chance)}",
        "CNAME": f"{_name(chance)}",
        "SOA": f"{_name(chance)} {_name(chance)} 0 1 1 1 4294967295",
    }
    if kind in named:
        return dns.rdata.from_text("IN", kind, named[kind])
    noise = chance.randbytes(chance.choice([0, 1, 4, 30]))
    return dns.rdata.GenericRdata(_IN, dns.rdatatype.from_text(kind), noise)


def _text(chance: Random) -> TXT:
    text = chance.choice(_HEADS) + chance.choice(_TAILS)
    return TXT(_IN, dns.rdatatype.TXT, [text[i : i + 255] for i in range(0, len(text), 255)] or [b""])
