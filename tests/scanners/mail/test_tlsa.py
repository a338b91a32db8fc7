"""`mail.tlsa`: DANE records that BIND's tools signed, and certificates held against them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost, TlsaRecord
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Gap, Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import tlsa
from scanners.mail.tlsa import matches
from scanners.observe import observe
from scanners.tls import certificate
from tests.support import dns_server as misbehave
from tests.support.dns_lab import NOW, ask, gaps, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer
from tests.support.mail_certificates import Authority
from tests.support.signed_zones import EXPIRED, Signer, named

DIGEST = "ab" * 32
MX = "@ MX 10 mx\nmx A 127.0.0.25\n"
RECORD = f"_25._tcp.mx TLSA 3 1 1 {DIGEST}\n"
SEEN = TlsaRecord(usage=3, selector=1, matching=1, data=DIGEST)


@dataclass(frozen=True)
class World:
    endpoint: tuple[str, int]
    anchor: Path

    def context(self) -> Context:
        server = DnsServer(address=self.endpoint[0], port=self.endpoint[1])
        return lab_context(server, trust_anchor=self.anchor)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("dane")
    signer = Signer(folder=folder)
    zones = {
        "dane.jp": signer.signed("dane.jp", MX + RECORD),
        "bare.jp": signer.signed("bare.jp", MX),
        "expired.jp": signer.signed("expired.jp", MX + RECORD, times=EXPIRED),
        "null.jp": signer.signed("null.jp", "@ MX 0 ."),
    }
    text = "".join(f"{name}. NS ns.{name}.\nns.{name}. A 127.0.0.1\n" for name in [*zones, "unsigned.jp"])
    signers = "".join(signer.ds(name) for name in zones)
    zones["unsigned.jp"] = signer.plain("unsigned.jp", MX + RECORD)
    zones["jp"] = signer.signed("jp", text + signers)
    anchor = folder / "anchor"
    anchor.write_text(signer.ds("jp"), encoding="utf-8")
    with named(folder, zones) as endpoint:
        yield World(endpoint, anchor)


def look(context: Context, domain: str) -> Observation[MailTlsa]:
    return ask(context, lambda c: observe(c, "mail.tlsa", Target(name=domain), tlsa.look(c, domain)))


@pytest.mark.parametrize(
    ("domain", "mx_status", "status", "records"),
    [
        ("dane.jp", "secure", "secure", (SEEN,)),
        ("bare.jp", "secure", "secure", ()),
        ("unsigned.jp", "insecure", "insecure", (SEEN,)),
        ("expired.jp", "bogus", "bogus", (SEEN,)),
    ],
)
def test_records_and_their_status(
    world: World, domain: str, mx_status: str, status: str, records: tuple[TlsaRecord, ...]
) -> None:
    observation = look(world.context(), domain)
    host = TlsaHost(name=f"mx.{domain}", status=status, records=records)
    assert seen(observation) == MailTlsa(mx_status=mx_status, hosts=(host,))
    assert gaps(observation) == ({"hosts.0.matches": "no-data"} if records else {})


def test_no_exchangers(world: World) -> None:
    assert seen(look(world.context(), "null.jp")) == MailTlsa(mx_status="secure", hosts=())


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_a_failing_answer_is_indeterminate(
    world: World, behaviour: misbehave.Behaviour, expected: str
) -> None:
    with DnsServer(recursive=True) as server:
        server.zone("dane.jp", MX)
        server.behave(behaviour, "_25._tcp.mx.dane.jp")
        server.behave(behaviour, "jp")
        observation = look(
            lab_context(server, trust_anchor=world.anchor, timeout=patience(expected)), "dane.jp"
        )
    (host,) = seen(observation).hosts
    assert (host.status, host.records) == ("indeterminate", ())
    assert gaps(observation) == {"mx_status": expected, "hosts.0.status": expected}


def test_without_mx_nothing_is_known() -> None:
    with DnsServer(recursive=True) as server:
        server.behave(misbehave.SERVFAIL)
        assert reason(look(lab_context(server), "dane.jp")) == "dns-failure"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    leaf, _ = authority.issue("mx.example.jp")
    return leaf.public_bytes(Encoding.DER), authority.x509.public_bytes(Encoding.DER)


def record(usage: int, selector: int, matching: int, data: bytes) -> TlsaRecord:
    return TlsaRecord(usage=usage, selector=selector, matching=matching, data=data.hex())


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def key_of(der: bytes) -> bytes:
    public = x509.load_der_x509_certificate(der).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_certificates_against_records(chain: tuple[bytes, bytes]) -> None:
    leaf, root = chain
    assert matches([record(3, 0, 0, leaf)], chain) is True
    assert matches([record(3, 0, 1, sha256(leaf))], chain) is True
    assert matches([record(3, 1, 1, sha256(key_of(leaf)))], chain) is True
    assert matches([record(3, 1, 2, sha512(key_of(leaf)))], chain) is True
    assert matches([record(2, 0, 1, sha256(root))], chain) is True
    assert matches([record(2, 1, 1, sha256(key_of(root)))], chain) is True
    assert matches([record(3, 0, 1, sha256(root))], chain) is False
    assert matches([record(3, 1, 1, sha256(leaf))], chain) is False
    assert matches([record(3, 1, 9, sha256(key_of(leaf)))], chain) is False
    assert matches([record(3, 1, 1, b"x"), record(3, 0, 1, sha256(leaf))], chain) is True
    assert matches([record(0, 0, 1, sha256(leaf)), record(1, 0, 1, sha256(leaf))], chain) is None
    assert matches([], chain) is None
    assert matches([record(3, 1, 1, b"x")], ()) is None
    assert matches([record(3, 1, 1, b"x")], (b"no certificate",)) is False


def endpoint(name: str, chain: tuple[bytes, ...] | None, port: int = 25) -> Observation[TlsEndpoint]:
    shown = (
        None
        if chain is None
        else tuple(certificate.fact(x509.load_der_x509_certificate(der), der) for der in chain)
    )
    fact = TlsEndpoint(
        host=name,
        address="192.0.2.25",
        port=port,
        starttls="smtp",
        server_name=name,
        at=NOW,
        protocols={},
        cipher_suites={},
        server_preference={},
        groups=None,
        certificates=shown,
        trust=None,
        hostname_matches=None,
        vulnerabilities={},
        connections=1,
    )
    target = Target(name=name, address="192.0.2.25", port=port)
    return Observation(kind="tls.endpoint", target=target, at=NOW, result=Seen(value=fact))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (["right"], True),
        (["wrong"], False),
        (["right", "wrong"], False),
        ([None], None),
        ([], None),
    ],
)
def test_what_was_served_is_held_against_the_records(
    chain: tuple[bytes, bytes], shown: list[str | None], *, expected: bool | None
) -> None:
    host = TlsaHost(name="mx.example.jp", status="secure", records=(record(3, 0, 0, chain[0]),))
    chains = {"right": chain, "wrong": chain[1:], None: None}
    endpoints = [endpoint("mx.example.jp", chains[word]) for word in shown]
    others = [endpoint("mx.example.jp", chain[1:], port=443), endpoint("other.example.jp", chain[1:])]
    gap = Gap(path="hosts.0.matches", reason=Reason.NO_DATA)
    tlsa_seen: Observation[MailTlsa] = Observation(
        kind="mail.tlsa",
        target=Target(name="example.jp"),
        at=NOW,
        result=Seen(value=MailTlsa(mx_status="secure", hosts=(host,)), gaps=(gap,)),
    )
    compared = tlsa.compare([*endpoints, *others, tlsa_seen])
    assert compared[:-1] == [*endpoints, *others]
    assert seen(compared[-1]).hosts[0].matches is expected
    assert gaps(compared[-1]) == ({"hosts.0.matches": "no-data"} if expected is None else {})
