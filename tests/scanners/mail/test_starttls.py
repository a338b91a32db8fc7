"""`mail.starttls`: a real Postfix met by one handshake, its certificate held against DANE; and silence."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from posture.core.facts.mail_exchangers import Exchanger, MailExchangers
from posture.core.facts.mail_starttls import MailStarttls, StarttlsHost
from posture.core.facts.mail_tlsa import MailTlsa
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners import mail
from scanners.mail import starttls
from tests.support.dns_lab import NOW, ask, lab_consent, lab_context
from tests.support.dns_server import DnsServer
from tests.support.mail_certificates import Authority
from tests.support.net_servers import unused
from tests.support.postfix import postfix
from tests.support.signed_zones import Signer, named

NAME = "mx.example.jp"
ZONE = "@ MX 10 mx\nmx A 127.0.0.1\n"
HOST = StarttlsHost(
    name=NAME, address="127.0.0.1", offered=True, protocol="TLSv1.3", trusted=True, name_matches=True
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> tuple[x509.Certificate, Path]:
    return authority.issue(NAME)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, issued: tuple[x509.Certificate, Path]) -> Iterator[int]:
    with postfix(NAME, issued[1]) as port:
        yield port


def of(found: list[Observation[Any]], kind: str) -> list[Any]:
    return [obs.result for obs in found if obs.kind == kind]


def probe(zone: str, port: int, **options: object) -> list[Observation[Any]]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", zone)
        at = datetime.now(UTC)  # what the certificate's authority goes by
        consent = lab_consent(until=at + timedelta(days=1))
        routes = [f"{NAME}:25=127.0.0.1:{port}"]
        context = lab_context(server, routes=routes, at=at, consent=consent, **options)  # type: ignore[arg-type]
        found = ask(context, lambda c: mail.probe(c, "example.jp"))
    assert context.faults == []
    return found


def test_postfix_is_met_once(authority: Authority, port: int) -> None:
    found = probe(ZONE, port, trust_store=authority.certificate)
    assert {obs.kind for obs in found} == {*mail.KINDS, "tls.endpoint"}
    assert of(found, MailStarttls.KIND) == [Seen(value=MailStarttls(hosts=(HOST,)))]
    (endpoint,) = of(found, "tls.endpoint")
    assert (endpoint.value.connections, endpoint.value.depth) == (1, "contact")


def test_a_certificate_nobody_vouches_for(port: int) -> None:
    (result,) = of(probe(ZONE, port), MailStarttls.KIND)
    (host,) = result.value.hosts
    assert (host.offered, host.trusted, host.name_matches) == (True, False, True)


def test_postfix_without_tls(issued: tuple[x509.Certificate, Path]) -> None:
    with postfix(NAME, issued[1], level="none") as port:
        (result,) = of(probe(ZONE, port), MailStarttls.KIND)
    assert result == Seen(
        value=MailStarttls(hosts=(StarttlsHost(name=NAME, address="127.0.0.1", offered=False),))
    )


def test_a_closed_port_tells_nothing(port: int) -> None:
    del port
    _, closed = unused()
    (result,) = of(probe(ZONE, closed), MailStarttls.KIND)
    assert [host.offered for host in result.value.hosts] == [None]
    assert result.gaps == (Gap(path="hosts.0.offered", reason=Reason.REFUSED),)


def test_a_domain_that_takes_no_mail_is_not_met() -> None:
    found = probe("@ MX 0 .", 9)
    assert of(found, MailStarttls.KIND) == [Seen(value=MailStarttls(hosts=()))]
    assert of(found, "tls.endpoint") == []


def test_what_dane_promises_is_held_against_postfix(
    tmp_path: Path, issued: tuple[x509.Certificate, Path], port: int
) -> None:
    public = issued[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signer = Signer(folder=tmp_path)
    records = {"good": hashlib.sha256(public).hexdigest(), "wrong": "ab" * 32}
    matches = {}
    for label, digest in records.items():
        zone = signer.signed("example.jp", f"{ZONE}_25._tcp.mx TLSA 3 1 1 {digest}\n")
        anchor = tmp_path / f"anchor-{label}"
        anchor.write_text(signer.ds("example.jp"), encoding="utf-8")
        with named(tmp_path, {"example.jp": zone}) as endpoint:
            server = DnsServer(address=endpoint[0], port=endpoint[1])
            context = lab_context(server, trust_anchor=anchor, routes=[f"{NAME}:25=127.0.0.1:{port}"])
            found = ask(context, lambda c: mail.probe(c, "example.jp"))
        (result,) = of(found, MailTlsa.KIND)
        matches[label] = [(host.status, host.matches) for host in result.value.hosts]
    assert matches == {"good": [("secure", True)], "wrong": [("secure", False)]}


TARGET = Target(name="example.jp")


def exchangers(result: Seen[MailExchangers] | Unseen) -> Observation[Any]:
    return Observation(kind=MailExchangers.KIND, target=TARGET, at=NOW, result=result)


def test_exchangers_that_nobody_was_allowed_to_meet() -> None:
    host = Exchanger(preference=10, name=NAME, addresses=("192.0.2.1",))
    known = exchangers(Seen(value=MailExchangers(null_mx=False, hosts=(host,))))
    *_, made = starttls.conclude([known])
    assert made.result == Seen(
        value=MailStarttls(hosts=()), gaps=(Gap(path="hosts", reason=Reason.NOT_PERMITTED),)
    )


def test_unseen_exchangers_leave_starttls_unseen_and_it_is_said_once() -> None:
    lost = exchangers(Unseen(reason=Reason.TIMEOUT))
    found = starttls.conclude([lost])
    assert [(obs.kind, obs.result) for obs in found[1:]] == [(MailStarttls.KIND, lost.result)]
    assert starttls.conclude(found) == found
