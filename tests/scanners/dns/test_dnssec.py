"""`dnssec.chain`: zones that BIND's tools signed and we spoiled, from a root of our own down."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from dns.rdataclass import IN
from dns.rdatatype import DNSKEY

from posture.core.errors import PostureError
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import anchors, dnssec
from scanners.dns.denial import Denied, proof
from scanners.dns.signatures import Keys
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import NOW, ask, gaps, lab_context, patience, seen
from tests.support.dns_server import DnsServer
from tests.support.signed_zones import EXPIRED, FUTURE, Signer, named, spoil

WEB = "@ A 127.0.0.2\nwww A 127.0.0.2\nalias CNAME www\n"
NSEC3 = ("-3", "-", "-H", "0")


@dataclass(frozen=True)
class World:
    """The address of a server for all zones, and the anchor of their root."""

    endpoint: tuple[str, int]
    anchor: Path

    def context(self, at: datetime = NOW) -> Context:
        server = DnsServer(address=self.endpoint[0], port=self.endpoint[1])
        return lab_context(server, trust_anchor=self.anchor, at=at)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("signed")
    signer = Signer(folder=folder)
    zones = _children(signer)
    unsigned = ["unsigned.jp", "optout.jp"]
    parent = [_delegation(name) for name in [*zones, *unsigned]]
    parent += [signer.ds(name) for name in zones if name not in _NO_DS]
    parent += [_FALSE_DS, _UNKNOWN_DS, _DS_OF_NOTHING]
    zones["unsigned.jp"] = signer.plain("unsigned.jp", WEB)
    zones["jp"] = signer.signed("jp", "\n".join(parent), options=NSEC3)
    zones[""] = signer.signed("", _delegation("jp") + signer.ds("jp") + _delegation("bare"))
    zones["bare"] = signer.plain("bare", WEB)
    anchor = folder / "anchor"
    anchor.write_text("; the root of this test\n" + signer.ds(""), encoding="utf-8")
    with named(folder, zones) as endpoint:
        yield World(endpoint, anchor)


_NO_DS = {"island.jp", "wrongds.jp", "unknown.jp", "nokeys.jp"}
_FALSE_DS = f"wrongds.jp. DS 12345 13 2 {'ab' * 32}\n"
_UNKNOWN_DS = f"unknown.jp. DS 12345 250 2 {'ab' * 32}\n"
_DS_OF_NOTHING = f"nokeys.jp. DS 12345 13 2 {'ab' * 32}\n"


def _children(signer: Signer) -> dict[str, Path]:
    wild = WEB + "*.wild A 127.0.0.3\n"
    broken = signer.signed("nonsec3.jp", WEB, options=NSEC3)
    stripped = signer.signed("nosigs.jp", WEB)
    forged = signer.signed("forged.jp", WEB)
    return {
        "good.jp": signer.signed("good.jp", wild),
        "good3.jp": signer.signed("good3.jp", wild, options=NSEC3),
        "salted.jp": signer.signed("salted.jp", WEB, options=("-3", "abcd", "-H", "5")),
        "rsa.jp": signer.signed("rsa.jp", WEB, algorithm=("-a", "RSASHA256", "-b", "2048")),
        "ed.jp": signer.signed("ed.jp", WEB, algorithm=("-a", "ED25519")),
        "island.jp": signer.signed("island.jp", WEB),
        "expired.jp": signer.signed("expired.jp", WEB, times=EXPIRED),
        "future.jp": signer.signed("future.jp", WEB, times=FUTURE),
        "wrongds.jp": signer.signed("wrongds.jp", WEB),
        "unknown.jp": signer.signed("unknown.jp", WEB),
        "nokeys.jp": signer.plain("nokeys.jp", WEB),
        "nonsec3.jp": spoil(broken, lambda lines: [line for line in lines if "NSEC3\t" not in line]),
        "nosigs.jp": spoil(stripped, lambda lines: [line for line in lines if "RRSIG\tSOA" not in line]),
        "forged.jp": spoil(forged, lambda lines: [line.replace("127.0.0.2", "127.0.0.66") for line in lines]),
    }


def _delegation(name: str) -> str:
    return f"{name}. NS ns.{name}.\nns.{name}. A 127.0.0.1\n"


def look(context: Context, domain: str) -> Observation[DnssecChain]:
    return ask(context, lambda c: observe(c, "dnssec.chain", Target(name=domain), dnssec.look(c, domain)))


@pytest.mark.parametrize(
    ("domain", "status", "reason", "zone"),
    [
        ("good.jp", "secure", "validated", "good.jp"),
        ("good3.jp", "secure", "validated", "good3.jp"),
        ("salted.jp", "secure", "validated", "salted.jp"),
        ("rsa.jp", "secure", "validated", "rsa.jp"),
        ("ed.jp", "secure", "validated", "ed.jp"),
        ("www.good.jp", "secure", "validated", "good.jp"),
        ("www.good3.jp", "secure", "validated", "good3.jp"),
        ("alias.good.jp", "secure", "validated", "good.jp"),
        ("any.wild.good.jp", "secure", "validated", "good.jp"),
        ("wild.good.jp", "secure", "validated", "good.jp"),
        ("nothing.good.jp", "secure", "validated", "good.jp"),
        ("nothing.good3.jp", "secure", "validated", "good3.jp"),
        ("unsigned.jp", "insecure", "no-ds:unsigned.jp", "unsigned.jp"),
        ("www.unsigned.jp", "insecure", "no-ds:unsigned.jp", "unsigned.jp"),
        ("bare", "insecure", "no-ds:bare", "bare"),
        ("island.jp", "insecure", "no-ds:island.jp", "island.jp"),
        ("unknown.jp", "insecure", "unsupported-algorithm:unknown.jp", "unknown.jp"),
        ("expired.jp", "bogus", "keys-signature-expired:expired.jp", "expired.jp"),
        ("future.jp", "bogus", "keys-signature-not-yet-valid:future.jp", "future.jp"),
        ("wrongds.jp", "bogus", "ds-mismatch:wrongds.jp", "wrongds.jp"),
        ("nokeys.jp", "bogus", "no-keys:nokeys.jp", "nokeys.jp"),
        ("nonsec3.jp", "bogus", "absence-unproved:nonsec3.jp", "nonsec3.jp"),
        ("nosigs.jp", "bogus", "no-signature:nosigs.jp", "nosigs.jp"),
        ("forged.jp", "bogus", "signature-invalid:forged.jp", "forged.jp"),
    ],
)
def test_status(world: World, domain: str, status: str, reason: str, zone: str) -> None:
    observation = look(world.context(), domain)
    fact = seen(observation)
    assert (fact.status, fact.reason, fact.zone, gaps(observation)) == (status, reason, zone, {})


def test_the_keys_are_described(world: World) -> None:
    fact = seen(look(world.context(), "good.jp"))
    assert (fact.signed, fact.ds, fact.denial, fact.nsec3_iterations) == (True, True, "nsec", None)
    assert {(key.algorithm, key.bits, key.entry) for key in fact.keys} == {(13, 256, True), (13, 256, False)}
    assert [(signer.algorithm, signer.digest_type) for signer in fact.signers] == [(13, 2)]
    assert (fact.signature_left, fact.signature_life) == (37 * 86400 + 21 * 3600, 60 * 86400)


def test_what_is_broken_is_described_all_the_same(world: World) -> None:
    fact = seen(look(world.context(), "expired.jp"))
    assert (fact.signed, fact.ds, len(fact.keys)) == (True, True, 2)
    assert fact.signature_left == -(3 * 86400 + 3 * 3600)


def test_nsec3_parameters(world: World) -> None:
    fact = seen(look(world.context(), "salted.jp"))
    assert (fact.denial, fact.nsec3_iterations, fact.nsec3_salted) == ("nsec3", 5, True)
    fact = seen(look(world.context(), "good3.jp"))
    assert (fact.denial, fact.nsec3_iterations, fact.nsec3_salted) == ("nsec3", 0, False)


def test_rsa_keys_are_measured(world: World) -> None:
    assert {key.bits for key in seen(look(world.context(), "rsa.jp")).keys} == {2048}


def test_an_unsigned_zone_is_described(world: World) -> None:
    fact = seen(look(world.context(), "unsigned.jp"))
    assert (fact.signed, fact.ds, fact.keys, fact.denial) == (False, False, (), None)


def test_the_time_decides(world: World) -> None:
    later = datetime(2026, 12, 31, 12, tzinfo=UTC)
    observation = look(world.context(at=later), "good.jp")
    assert (seen(observation).status, seen(observation).reason) == (
        "indeterminate",
        "keys-signature-expired",
    )


def test_another_root_is_no_accusation(world: World, tmp_path: Path) -> None:
    """Without an anchor that fits, the published root keys for example, nothing is known of the domain."""
    observation = look(replace(world, anchor=None).context(), "good.jp")  # type: ignore[arg-type]
    assert (seen(observation).status, seen(observation).reason) == ("indeterminate", "anchor-mismatch")
    assert gaps(observation) == {"status": "no-data"}


def test_an_anchor_further_down(world: World, tmp_path: Path) -> None:
    """Anchors may be of any zone; the closest one counts, and a broken zone below it is bogus."""
    anchor = tmp_path / "anchor"
    folder = world.anchor.parent
    anchor.write_text((folder / "dsset-expired.jp.").read_text(encoding="utf-8"), encoding="utf-8")
    observation = look(World(world.endpoint, anchor).context(), "expired.jp")
    assert (seen(observation).status, seen(observation).reason) == (
        "bogus",
        "keys-signature-expired:expired.jp",
    )


def test_no_anchor_holds_the_domain(world: World) -> None:
    anchor = world.anchor.with_name("elsewhere")
    anchor.write_text((world.anchor.parent / "dsset-good.jp.").read_text(encoding="utf-8"), encoding="utf-8")
    observation = look(World(world.endpoint, anchor).context(), "good3.jp")
    assert (seen(observation).status, seen(observation).reason) == ("indeterminate", "no-anchor")


@pytest.mark.parametrize("zone", ["good.jp", "good3.jp", "salted.jp"])
@pytest.mark.parametrize("question", [("nothing", "A"), ("a.b.nothing", "A"), ("www", "TXT"), ("@", "CAA")])
def test_every_record_of_a_proof_is_needed(world: World, zone: str, question: tuple[str, str]) -> None:
    """What BIND sends proves the absence; without any one of its NSEC or NSEC3 sets it proves nothing."""
    origin = dns.name.from_text(zone)
    name = dns.name.from_text(question[0], origin) if question[0] != "@" else origin
    rdtype = dns.rdatatype.from_text(question[1])

    async def answers(context: Context) -> tuple[dns.message.Message, dns.message.Message]:
        return await asyncio.gather(
            context.resolver.message(name, rdtype, validate=True),
            context.resolver.message(origin, dns.rdatatype.DNSKEY, validate=True),
        )

    response, keys = ask(world.context(), answers)
    trusted = Keys(zone=origin, rrset=keys.get_rrset(keys.answer, origin, IN, DNSKEY), at=NOW.timestamp())  # type: ignore[arg-type]

    def proves() -> bool:
        found = proof(response, trusted)
        missing = response.rcode() == dns.rcode.NXDOMAIN
        denied = found.of_name(name) if missing else found.of_type(name, rdtype)
        return denied is Denied.PROVED

    assert proves()
    whole = list(response.authority)
    for rrset in [r for r in whole if r.rdtype in {dns.rdatatype.NSEC, dns.rdatatype.NSEC3}]:
        response.authority = [other for other in whole if other is not rrset]
        assert not proves()
    response.authority = whole
    assert not proof(response, replace(trusted, at=trusted.at + 400 * 86400)).nsec


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.REFUSED, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_a_failing_resolver_leaves_it_open(
    world: World, behaviour: misbehave.Behaviour, expected: str
) -> None:
    with DnsServer(recursive=True) as server:
        server.behave(behaviour)
        observation = look(
            lab_context(server, trust_anchor=world.anchor, timeout=patience(expected)), "good.jp"
        )
    fact = seen(observation)
    assert (fact.status, fact.signed, fact.ds) == ("indeterminate", None, None)
    assert gaps(observation) == {"status": expected}


def test_a_resolver_without_dnssec_leaves_it_open(world: World) -> None:
    """It answers, but brings no keys or no signatures: that says nothing of the zone."""
    with DnsServer(recursive=True) as server:
        server.zone("good.jp", WEB)
        observation = look(lab_context(server, trust_anchor=world.anchor), "good.jp")
        assert (seen(observation).status, seen(observation).reason) == ("indeterminate", "no-anchor-keys")
        server.zone(".", f"@ DNSKEY 257 3 13 {'A' * 88}", soa="@ SOA ns. ns. 1 1 1 1 1")
        observation = look(lab_context(server, trust_anchor=world.anchor), "good.jp")
    assert (seen(observation).status, seen(observation).reason) == ("indeterminate", "signatures-stripped")


@pytest.mark.parametrize(
    "text",
    ["", "; nothing\n", "example.jp. A 127.0.0.1\n", "example.jp. DS nonsense\n", "x..y. DS 1 13 2 ab\n"],
)
def test_a_file_that_holds_no_anchor(tmp_path: Path, text: str) -> None:
    path = tmp_path / "anchor"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PostureError) as caught:
        anchors.load(path)
    assert caught.value.code == "bad-trust-anchor"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PostureError):
        anchors.load(tmp_path / "nowhere")


def test_the_published_root_anchors() -> None:
    (records,) = anchors.load(None).values()
    assert [record.key_tag for record in records] == [20326, 38696]  # type: ignore[union-attr]


def _cds(signer: Signer, name: str, make: Callable[[str, str], str]) -> Path:
    """A zone with what `make` writes from its own CDS and DNSKEY data as CDS and CDNSKEY, signed again."""
    signer.signed(name, WEB)
    digest = signer.ds(name).partition("DS")[2].strip()
    keys = sorted((signer.folder / f"keys-{name}").glob("*.key"))
    lines = [line for path in keys for line in path.read_text(encoding="utf-8").splitlines()]
    (entry,) = [line.partition("DNSKEY")[2].strip() for line in lines if "DNSKEY 257" in line]
    return signer.resigned(name, WEB + make(digest, entry))


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (lambda ds, key: f"@ CDS {ds}\n@ CDNSKEY {key}\n", "current"),
        (lambda ds, _key: f"@ CDS {ds}\n", "current"),
        (lambda _ds, key: f"@ CDNSKEY {key}\n", "current"),
        (lambda _ds, _key: "@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n", "delete"),
        (lambda _ds, _key: f"@ CDS 12345 13 2 {'ab' * 32}\n", "unmatched"),
        (lambda _ds, _key: "", "none"),
    ],
)
def test_what_the_zone_asks_of_its_parent(
    tmp_path: Path, records: Callable[[str, str], str], said: str
) -> None:
    signer = Signer(folder=tmp_path)
    zone = _cds(signer, "ask.jp", records)
    anchor = tmp_path / "anchor"
    anchor.write_text(signer.ds("ask.jp"), encoding="utf-8")
    parent = signer.plain("jp", _delegation("ask.jp") + signer.ds("ask.jp"))
    with named(tmp_path, {"ask.jp": zone, "jp": parent}) as endpoint:
        server = DnsServer(address=endpoint[0], port=endpoint[1])
        fact = seen(look(lab_context(server, trust_anchor=anchor), "ask.jp"))
    assert (fact.status, fact.cds) == ("secure", said)
