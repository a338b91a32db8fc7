"""Every kind of signature and proof, as BIND's tools make them, judged by us and by delv alike.

Then the same zones through a resolver that lies: what it changes becomes bogus or stays open, never secure.
"""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dns.dnssec
import dns.dnssectypes
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import dnssec
from scanners.observe import observe
from tests.support.dns_lab import ask, lab_consent, lab_context, seen
from tests.support.dns_server import Asked, DnsServer, Reply
from tests.support.signed_zones import Signer, named
from tests.support.tools import require_tool

PRESENT = datetime.now(UTC)
WEB = "@ A 127.0.0.2\nwww A 127.0.0.2\nalias CNAME www\n"
WILD = (
    WEB + '*.wild A 127.0.0.3\n*.text TXT "t"\n*.to CNAME www\nhere.wild A 127.0.0.4\nhere.text A 127.0.0.4\n'
)
FAR = WEB + "far CNAME www.alg13.jp.\nlost CNAME www.unsigned.jp.\nmoved DNAME alg13.jp.\n"
NSEC3 = ("-3", "-", "-H", "0")
#: Algorithms that BIND signs with (RFC 8624 §3.1), by number.
ALGORITHMS = {
    5: ("-a", "RSASHA1", "-b", "2048"),
    7: ("-a", "NSEC3RSASHA1", "-b", "2048"),
    8: ("-a", "RSASHA256", "-b", "1024"),
    10: ("-a", "RSASHA512", "-b", "2048"),
    13: ("-a", "ECDSAP256SHA256"),
    14: ("-a", "ECDSAP384SHA384"),
    15: ("-a", "ED25519"),
    16: ("-a", "ED448"),
}
#: Algorithms and digests that nobody checks: DSA, DSA-NSEC3, GOST; GOST's digest (RFC 8624 §3.1, §3.3).
UNKNOWN = {"dsa": "3 2", "dsa3": "6 2", "gost": "12 2", "unheard": "99 2", "gostdigest": "13 3"}


def stamp(hours: float) -> str:
    return (PRESENT + timedelta(hours=hours)).strftime("%Y%m%d%H%M%S")


GOOD = (stamp(-240), stamp(720))


@dataclass(frozen=True)
class World:
    """All zones on one named; the root's anchor for us and for delv."""

    endpoint: tuple[str, int]
    folder: Path

    def delv(self, name: str, port: int | None = None, rdtype: str = "A") -> str:
        command = [require_tool("delv"), "@127.0.0.1", "-p", str(port or self.endpoint[1]), "-4", "-a"]
        command += [str(self.folder / "delv.keys"), "+root=.", name, rdtype]
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        text = said.stdout + said.stderr
        if "; fully validated" in text or "; negative response, fully validated" in text:
            return "secure"
        return "insecure" if "unsigned answer" in text or "; negative response, unsigned" in text else "bogus"

    def context(self, server: DnsServer | None = None) -> Context:
        real = DnsServer(address=self.endpoint[0], port=self.endpoint[1])
        return lab_context(
            server or real,
            trust_anchor=self.folder / "anchor",
            at=PRESENT,
            timeout=10.0,
            consent=lab_consent(until=PRESENT + timedelta(days=1)),
        )

    def chain(self, name: str, server: DnsServer | None = None) -> tuple[str, str]:
        """Status and reason of the chain to a name."""
        fact = seen(
            ask(
                self.context(server),
                lambda c: observe(c, "dnssec.chain", Target(name=name), dnssec.look(c, name)),
            )
        )
        return fact.status, fact.reason

    def answer(self, name: str, rdtype: str, server: DnsServer | None = None) -> str:
        """Status of one answer."""
        kind = dns.rdatatype.from_text(rdtype)
        return ask(self.context(server), lambda c: dnssec.validate(c, dns.name.from_text(name), kind)).status


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("vectors")
    signer = Signer(folder=folder)
    zones = {
        f"alg{number}.jp": signer.signed(f"alg{number}.jp", WEB, times=GOOD, algorithm=choice)
        for number, choice in ALGORITHMS.items()
    }
    zones |= _proofs(signer)
    plain = ["unsigned.jp", *(f"{label}.jp" for label in UNKNOWN)]
    parent = [f"{name}. NS ns.{name}.\nns.{name}. A 127.0.0.1\n" for name in [*zones, *plain]]
    parent += [_signers(signer, name) for name in zones]
    parent += [f"{label}.jp. DS 12345 {numbers} {'ab' * 32}\n" for label, numbers in UNKNOWN.items()]
    zones |= {name: signer.plain(name, WEB) for name in [*plain, "sub.optout.jp"]}
    zones["jp"] = signer.signed("jp", "".join(parent), times=GOOD, options=NSEC3)
    zones[""] = signer.signed("", "jp. NS ns.jp.\nns.jp. A 127.0.0.1\n" + signer.ds("jp"), times=GOOD)
    (folder / "anchor").write_text(signer.ds(""), encoding="utf-8")
    tag, algorithm, kind, *digest = signer.ds("").splitlines()[0].partition("DS")[2].split()
    keys = f'trust-anchors {{ . static-ds {tag} {algorithm} {kind} "{"".join(digest)}"; }};\n'
    (folder / "delv.keys").write_text(keys, encoding="utf-8")
    with named(folder, zones) as endpoint:
        yield World(endpoint, folder)


def _proofs(signer: Signer) -> dict[str, Path]:
    """Zones by what they show of NSEC, NSEC3, wildcards, aliases and the clock."""
    below = "sub NS ns.sub\nns.sub A 127.0.0.1\n"
    made = {
        "wild.jp": (WILD, (), GOOD),
        "wild3.jp": (WILD, NSEC3, GOOD),
        "optout.jp": (WILD + below, (*NSEC3, "-A"), GOOD),
        "hashed.jp": (WEB, ("-3", "ab", "-H", "150"), GOOD),
        "far.jp": (FAR, (), GOOD),
        "far3.jp": (FAR, NSEC3, GOOD),
        "over.jp": (WEB, (), (stamp(-48), stamp(-0.5))),
        "early.jp": (WEB, (), (stamp(3), stamp(48))),
        "last.jp": (WEB, (), (stamp(-48), stamp(3))),
        "first.jp": (WEB, (), (stamp(-0.5), stamp(48))),
        **{f"{digest}.jp": (WEB, (), GOOD) for digest in ("sha1", "sha256", "sha384")},
    }
    return {
        name: signer.signed(name, text, options=options, times=times)
        for name, (text, options, times) in made.items()
    }


def relay(world: World, change: Callable[[Asked, dns.message.Message], Reply]) -> Callable[[Asked], Reply]:
    """A resolver's behaviour: fetch what named says, then change it."""

    def behave(asked: Asked) -> Reply:
        address, port = world.endpoint
        return change(asked, dns.query.tcp(asked.query, address, timeout=10, port=port))

    return behave


def _signers(signer: Signer, name: str) -> str:
    """DS of a zone; of those named after a digest by that digest alone."""
    label = name.partition(".")[0]
    if label not in {"sha1", "sha256", "sha384"}:
        return signer.ds(name)
    keys = sorted((signer.folder / f"keys-{name}").glob("*.key"))
    entry = next(path for path in keys if "DNSKEY 257" in path.read_text(encoding="utf-8"))
    command = [require_tool("dnssec-dsfromkey"), "-a", label.replace("sha", "SHA-"), str(entry)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        *((f"www.alg{number}.jp", "secure", "validated") for number in ALGORITHMS),
        *((f"nothing.alg{number}.jp", "secure", "validated") for number in ALGORITHMS),
        *((f"{label}.jp", "insecure", f"unsupported-algorithm:{label}.jp") for label in UNKNOWN),
        ("sha1.jp", "secure", "validated"),
        ("sha256.jp", "secure", "validated"),
        ("sha384.jp", "secure", "validated"),
        ("any.wild.wild.jp", "secure", "validated"),
        ("here.wild.wild.jp", "secure", "validated"),
        ("any.text.wild.jp", "secure", "validated"),
        ("any.to.wild.jp", "secure", "validated"),
        ("a.b.wild.wild.jp", "secure", "validated"),
        ("any.wild.wild3.jp", "secure", "validated"),
        ("any.text.wild3.jp", "secure", "validated"),
        ("any.to.wild3.jp", "secure", "validated"),
        ("a.b.wild.wild3.jp", "secure", "validated"),
        ("www.optout.jp", "secure", "validated"),
        ("sub.optout.jp", "insecure", "no-ds:sub.optout.jp"),
        ("www.hashed.jp", "secure", "validated"),
        ("nothing.hashed.jp", "secure", "validated"),
        ("alias.alg13.jp", "secure", "validated"),
        ("far.far.jp", "secure", "validated"),
        ("www.moved.far.jp", "secure", "validated"),
        ("www.moved.far3.jp", "secure", "validated"),
        ("last.jp", "secure", "validated"),
        ("first.jp", "secure", "validated"),
        ("over.jp", "bogus", "keys-signature-expired:over.jp"),
        ("early.jp", "bogus", "keys-signature-not-yet-valid:early.jp"),
    ],
)
def test_delv_agrees(world: World, name: str, status: str, reason: str) -> None:
    assert (world.chain(name), world.delv(name)) == ((status, reason), status)


@dataclass(frozen=True)
class Lie:
    """What a resolver makes of one answer."""

    name: str
    rdtype: str
    change: Callable[[World, Asked, dns.message.Message], Reply]


def honest(_world: World, _asked: Asked, response: dns.message.Message) -> Reply:
    return response


def other_data(_world: World, _asked: Asked, response: dns.message.Message) -> Reply:
    for index, rrset in enumerate(response.answer):
        if rrset.rdtype == dns.rdatatype.A:
            response.answer[index] = dns.rrset.from_text(rrset.name, rrset.ttl, "IN", "A", "127.0.0.66")
    return response


def unsigned(_world: World, _asked: Asked, response: dns.message.Message) -> Reply:
    for section in (response.answer, response.authority):
        section[:] = [rrset for rrset in section if rrset.rdtype != dns.rdatatype.RRSIG]
    response.flags |= dns.flags.AD
    return response


def nothing(_world: World, asked: Asked, _response: dns.message.Message) -> Reply:
    return dns.message.make_response(asked.query, recursion_available=True)


def no_name(world: World, asked: Asked, response: dns.message.Message) -> Reply:
    """The name is said not to exist, with the proof for another name of the zone."""
    name = dns.name.from_text("zzz", response.question[0].name.parent())
    other = dns.query.tcp(
        dns.message.make_query(name, asked.query.question[0].rdtype, want_dnssec=True),
        world.endpoint[0],
        port=world.endpoint[1],
        timeout=10,
    )
    lie = dns.message.make_response(asked.query, recursion_available=True)
    lie.set_rcode(dns.rcode.NXDOMAIN)
    lie.authority[:] = other.authority
    return lie


def by_wildcard(world: World, asked: Asked, _response: dns.message.Message) -> Reply:
    """The wildcard's records, with their true signature, for a name that has its own."""
    lie = _renamed(world, asked, "any")
    lie.authority[:] = []
    return lie


def by_wildcard_with_a_proof(world: World, asked: Asked, _response: dns.message.Message) -> Reply:
    """The same with the proof that belongs to another name below the wildcard."""
    return _renamed(world, asked, "any")


def denied_by_wildcard(world: World, asked: Asked, _response: dns.message.Message) -> Reply:
    """The NSEC of the wildcard itself, truly signed, as if it were the name's."""
    question = asked.query.question[0]
    star = dns.name.Name([b"*"]).concatenate(question.name.parent())
    told = dns.message.make_query(star, dns.rdatatype.NSEC, want_dnssec=True)
    real = dns.query.tcp(told, world.endpoint[0], port=world.endpoint[1], timeout=10)
    lie = dns.message.make_response(asked.query, recursion_available=True)
    for rrset in real.answer:
        lie.authority.append(dns.rrset.from_rdata_list(question.name, rrset.ttl, list(rrset)))
    return lie


def _renamed(world: World, asked: Asked, label: str) -> dns.message.Message:
    question = asked.query.question[0]
    other = dns.name.from_text(label, question.name.parent())
    told = dns.message.make_query(other, question.rdtype, want_dnssec=True)
    real = dns.query.tcp(told, world.endpoint[0], port=world.endpoint[1], timeout=10)
    lie = dns.message.make_response(asked.query, recursion_available=True)
    for rrset in real.answer:
        owner = question.name if rrset.name == other else rrset.name
        lie.answer.append(dns.rrset.from_rdata_list(owner, rrset.ttl, list(rrset)))
    lie.authority[:] = real.authority
    return lie


WILD_NAMES = ("here.wild.wild.jp", "here.wild.wild3.jp")
LIES = [
    *((Lie(name, "A", lie), name) for lie in (other_data, unsigned, no_name, nothing) for name in
      ("www.alg13.jp", "www.wild3.jp")),
    *((Lie(name, "A", lie), name) for lie in (by_wildcard, by_wildcard_with_a_proof, no_name) for name in
      WILD_NAMES),
    (Lie("here.text.wild.jp", "A", denied_by_wildcard), "here.text.wild.jp"),
    (Lie("any.to.wild.jp", "A", unsigned), "any.to.wild.jp"),
    (Lie("www.moved.far.jp", "A", unsigned), "www.moved.far.jp"),
    *((Lie("alg13.jp", "DS", lie), "www.alg13.jp") for lie in (unsigned, nothing, no_name)),
    *((Lie("alg13.jp", "DNSKEY", lie), "www.alg13.jp") for lie in (unsigned, nothing)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lie", "name"), LIES, ids=[f"{lie.change.__name__} {lie.name} {lie.rdtype}" for lie, _ in LIES]
)
def test_a_lie_is_bogus(world: World, lie: Lie, name: str) -> None:
    """To delv as well as to us, both for the chain and for the answer alone."""
    with DnsServer(recursive=True) as server:
        server.behave(relay(world, lambda asked, real: honest(world, asked, real)))
        server.behave(relay(world, lambda asked, real: lie.change(world, asked, real)), lie.name, lie.rdtype)
        found = (world.chain(name, server)[0], world.answer(name, "A", server), world.delv(name, server.port))
    assert found == ("bogus", "bogus", "bogus")


#: Every question that a chain to the name rests on.
CHAIN = [
    (".", "DNSKEY"),
    ("jp", "DS"),
    ("jp", "DNSKEY"),
    ("wild3.jp", "DS"),
    ("wild3.jp", "DNSKEY"),
    ("wild3.jp", "SOA"),
    ("wild.wild3.jp", "DS"),
    ("any.wild.wild3.jp", "DS"),
    ("any.wild.wild3.jp", "A"),
    (f"{dnssec.ABSENT}.any.wild.wild3.jp", "A"),
]


@pytest.mark.parametrize(("owner", "rdtype"), CHAIN)
def test_what_is_taken_away_is_missed(world: World, owner: str, rdtype: str) -> None:
    """Each set of records of the answer left out alone, with its signature or without: nothing is secure."""
    query = dns.message.make_query(owner, rdtype, want_dnssec=True)
    real = dns.query.tcp(query, world.endpoint[0], port=world.endpoint[1], timeout=10)
    vital = [
        r for r in [*real.answer, *real.authority] if not {r.rdtype, r.covers} & IDLE or r in real.answer
    ]
    assert vital
    for left in vital:
        with DnsServer(recursive=True) as server:
            server.behave(relay(world, lambda asked, full: honest(world, asked, full)))
            server.behave(relay(world, partial(without, left)), owner, rdtype)
            assert (left, world.chain("any.wild.wild3.jp", server)[0]) != (left, "secure")


#: What an authority section holds besides proofs.
IDLE = {dns.rdatatype.SOA, dns.rdatatype.NS}


def without(left: dns.rrset.RRset, _asked: Asked, response: dns.message.Message) -> Reply:
    for section in (response.answer, response.authority):
        section[:] = [
            r for r in section if (r.name, r.rdtype, r.covers) != (left.name, left.rdtype, left.covers)
        ]
    return response


@pytest.mark.parametrize("rounds", [150, 151, 65535])
def test_a_zone_that_wants_to_be_hashed_for(rounds: int, tmp_path: Path) -> None:
    """Truly signed NSEC3 of many rounds (CVE-2023-50868): beyond the limit it is not hashed, but insecure."""
    zone = dns.name.from_text("deep.jp")
    private = ed25519.Ed25519PrivateKey.generate()
    key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssectypes.Algorithm.ED25519, flags=257)
    (tmp_path / "anchor").write_text(f"deep.jp. DNSKEY {key.to_text()}\n", encoding="utf-8")

    def signed(rrset: dns.rrset.RRset) -> list[dns.rrset.RRset]:
        made = dns.dnssec.sign(
            rrset, private, zone, key, inception=PRESENT - timedelta(1), expiration=PRESENT + timedelta(1)
        )
        return [rrset, dns.rrset.from_rdata(rrset.name, 300, made)]

    def denied(asked: Asked) -> Reply:
        response = dns.message.make_response(asked.query, recursion_available=True)
        response.set_rcode(dns.rcode.NXDOMAIN)
        hashed = dns.dnssec.nsec3_hash(zone, "ab", rounds, 1).lower()
        one = dns.rrset.from_text(
            f"{hashed}.deep.jp.", 300, "IN", "NSEC3", f"1 0 {rounds} ab {hashed} A SOA DNSKEY RRSIG"
        )
        response.authority += signed(one)
        return response

    def told(asked: Asked) -> Reply:
        question = asked.query.question[0]
        answers = {
            "DNSKEY": dns.rrset.from_rdata(zone, 300, key),
            "SOA": dns.rrset.from_text("deep.jp.", 300, "IN", "SOA", "ns.deep.jp. h.deep.jp. 1 1 1 1 1"),
            "A": dns.rrset.from_text("deep.jp.", 300, "IN", "A", "127.0.0.2"),
        }
        response = dns.message.make_response(asked.query, recursion_available=True)
        rrset = answers.get(dns.rdatatype.to_text(question.rdtype))
        response.answer += signed(rrset) if rrset is not None and question.name == zone else []
        return response

    with DnsServer(recursive=True) as server:
        server.behave(told)
        server.behave(denied, f"{dnssec.ABSENT}.deep.jp")
        fact = World(server.endpoint, tmp_path).chain("deep.jp")
    expected = ("secure", "validated") if rounds == 150 else ("insecure", "nsec3-iterations:deep.jp")
    assert fact == expected
