"""A consent is proved by what the applicant's own domain publishes, by a key, or by a paper."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from posture.app.clock import utc_now
from posture.app.proof import prove, record_text
from posture.core.consent import Consent, Proof, ProofMethod, Technique
from posture.core.errors import RefusedError
from posture.core.scope import Scope
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from scanners.net.routes import Route, Routes
from tests.support.dns_server import GARBAGE, REFUSED, SERVFAIL, SILENT, Behaviour, DnsServer
from tests.support.papers import consent
from tests.support.web import Server, page, route, tls_context


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as running:
        yield running


def context(item: Consent, server: DnsServer, *routes: Route) -> Context:
    # Silent servers are waited for; whoever answers must not be missed on a busy machine.
    options = Options(
        resolvers=(server.endpoint,), timeout=20.0 if routes else 1.0, routes=Routes(routes=routes)
    )
    gateway = Gateway(Scope(consent=item), options, utc_now)
    resolver = Resolver(gateway, options, target="example.co.jp")
    return Context(gateway=gateway, resolver=resolver, options=options, clock=utc_now)


def ask(item: Consent, server: DnsServer, *routes: Route, **keys: str) -> str:
    async def run() -> str:
        return await prove(context(item, server, *routes), item, keys)

    return asyncio.run(run())


def by(method: ProofMethod, **parts: str) -> Consent:
    return replace(consent(), proof=Proof(method=method, **parts))


def test_a_consent_without_proof_is_refused_and_nothing_is_asked(server: DnsServer) -> None:
    with pytest.raises(RefusedError, match="not proved") as caught:
        ask(replace(consent(), proof=None), server)
    assert caught.value.exit_code == 4
    assert server.asked() == 0


def test_a_document_needs_its_digest(server: DnsServer) -> None:
    assert ask(by(ProofMethod.DOCUMENT), server).startswith("countersigned document aaaa")
    with pytest.raises(RefusedError, match="no document"):
        ask(replace(by(ProofMethod.DOCUMENT), document_sha256=""), server)


def test_a_published_digest_proves(server: DnsServer) -> None:
    item = by(ProofMethod.DNS_TXT)
    server.zone("example.co.jp", f'_posture-consent TXT "other" \n_posture-consent TXT "{record_text(item)}"')
    assert "published by example.co.jp" in ask(item, server)


def test_the_digest_of_another_consent_proves_nothing(server: DnsServer) -> None:
    item = by(ProofMethod.DNS_TXT)
    wider = replace(item, ports="1-65535")
    server.zone("example.co.jp", f'_posture-consent TXT "{record_text(item)}"')
    with pytest.raises(RefusedError, match="does not publish") as caught:
        ask(wider, server)
    assert caught.value.remedy == "Publish it as a TXT record at _posture-consent.example.co.jp."


def test_every_consented_domain_must_publish(server: DnsServer) -> None:
    item = replace(by(ProofMethod.DNS_TXT), domains=("example.co.jp", "second.example"))
    server.zone("example.co.jp", f'_posture-consent TXT "{record_text(item)}"')
    server.zone("second.example")
    with pytest.raises(RefusedError, match=r"second\.example does not publish"):
        ask(item, server)


@pytest.mark.parametrize("behaviour", [SERVFAIL, REFUSED, SILENT, GARBAGE])
def test_what_cannot_be_read_is_not_proved(server: DnsServer, behaviour: Behaviour) -> None:
    item = by(ProofMethod.DNS_TXT)
    server.zone("example.co.jp", f'_posture-consent TXT "{record_text(item)}"')
    server.behave(behaviour, "_posture-consent.example.co.jp", "TXT")
    with pytest.raises(RefusedError, match="could not be read"):
        ask(item, server)


#: Stands for the consent's own record, which is as long.
_RECORD = b"posture-consent=" + b"%" * 64


def published(folder: Path, item: Consent, server: DnsServer, answer: bytes) -> tuple[str, list[bytes]]:
    """What a consent proved by HTTP comes to where the site gives this answer, and what the site heard."""
    server.zone("example.co.jp", "@ A 127.0.0.1")
    with Server(lambda conn, _head: conn.sendall(answer), tls=tls_context(folder, "example.co.jp")) as site:
        try:
            said = ask(item, server, route("example.co.jp", 443, site))
        except RefusedError as error:
            said = f"{error.code} {error.exit_code}: {error.message} {error.remedy}"
        return said, site.requests


def test_a_digest_on_the_web_site_proves(server: DnsServer, tmp_path: Path) -> None:
    item = by(ProofMethod.HTTP)
    said, requests = published(tmp_path, item, server, page(f"hello\r\n{record_text(item)}\r\n".encode()))
    assert said == "published by example.co.jp (http)"
    assert [head.split(b"\r\n")[0] for head in requests] == [b"GET /.well-known/posture-consent.txt HTTP/1.1"]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (page(b"posture-consent=" + b"0" * 64), "does not publish"),
        (page(b""), "Put that line into https://example.co.jp/.well-known/posture-consent.txt."),
        (page(_RECORD, status="404 Not Found"), "could not be read (no-data)"),
        (page(_RECORD, "Location: https://example.co.jp/", status="302 Found"), "(no-data)"),
        (page(b"\n" * 5000 + _RECORD), "does not publish"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + _RECORD, "could not be read (reset)"),
        (b"no HTTP at all\r\n\r\n", "could not be read (protocol-garbage)"),
    ],
)
def test_anything_else_on_the_web_site_proves_nothing(
    server: DnsServer, tmp_path: Path, answer: bytes, what: str
) -> None:
    item = by(ProofMethod.HTTP)
    said, _ = published(tmp_path, item, server, answer.replace(_RECORD, record_text(item).encode()))
    assert said.startswith("consent-unproved 4: The consent is not proved: ")
    assert what in said


def test_without_leave_for_the_web_nothing_is_fetched(server: DnsServer, tmp_path: Path) -> None:
    item = replace(by(ProofMethod.HTTP), techniques=frozenset({Technique.DNS}))
    said, requests = published(tmp_path, item, server, page(record_text(item).encode()))
    assert "The consent must allow it, or be proved otherwise (technique-not-granted" in said
    assert requests == []


def test_a_web_site_that_cannot_be_reached_proves_nothing(server: DnsServer) -> None:
    server.zone("example.co.jp", "@ A 127.0.0.9")
    with pytest.raises(RefusedError, match="could not be read"):
        ask(by(ProofMethod.HTTP), server)


def test_a_trusted_key_signs_one_consent_only(server: DnsServer) -> None:
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    item = consent()
    item = replace(item, proof=Proof(method=ProofMethod.SIGNATURE, key="hanko", signature=_sign(key, item)))
    assert ask(item, server, hanko=public) == "signed by hanko"
    with pytest.raises(RefusedError, match="does not match"):
        ask(replace(item, ports="22"), server, hanko=public)
    with pytest.raises(RefusedError, match="“hanko” is not trusted"):
        ask(item, server)


def _sign(key: Ed25519PrivateKey, item: Consent) -> str:
    return base64.b64encode(key.sign(item.digest.encode())).decode()
