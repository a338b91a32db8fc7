"""How mail servers are treated: who we say we are, how long we wait, how many we ask, how we leave."""

import asyncio
import ssl
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Unseen
from posture.core.targets import Target
from scanners import tls
from scanners.context import Context, Options
from tests.support.tls_servers import NAME, canned, context, fact, issue, observe, rsa_key, scripted

LEAF = issue(NAME, names=[NAME], key=rsa_key())
Handler = Callable[[Reader, Writer], Awaitable[None]]


@dataclass(slots=True)
class Mail:
    """A mail server that keeps apart what it hears in the clear and inside TLS. It greets after `delay` s."""

    folder: Path
    delay: float = 0.0
    clear: list[bytes] = field(default_factory=list)
    inside: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(self.delay)
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            self.clear.append(line)
            if line == b"STARTTLS\r\n":
                writer.write(b"220 go on\r\n")
                await self._protected(reader, writer)
                return
            writer.write(b"250-mail\r\n250 STARTTLS\r\n")

    async def _protected(self, reader: Reader, writer: Writer) -> None:
        pair = self.folder / "pair.pem"
        pair.write_bytes(LEAF.pem + LEAF.key_pem)
        settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        settings.load_cert_chain(pair)
        try:
            await writer.start_tls(settings)
            while line := await reader.readline():
                self.inside.append(line)
                writer.write(b"221 bye\r\n" if line == b"QUIT\r\n" else b"250 fine\r\n")
        except (ssl.SSLError, OSError):
            return  # most of our handshakes are broken off, which is an error to the server's library


def scan(handler: Handler, chosen: Context, *, ordinary: bool = False) -> Observation[TlsEndpoint]:
    """One look at the server through STARTTLS; `ordinary` makes it one handshake."""

    async def run() -> Observation[TlsEndpoint]:
        async with canned(handler) as server:
            if not ordinary:
                return await observe(server, chosen, starttls="smtp")
            target = Target(name=NAME, address=server.address, port=server.port)
            (seen,) = await tls.scan(chosen, [tls.TlsTarget(target=target, starttls="smtp", ordinary=True)])
            return seen

    seen = asyncio.run(run())
    assert chosen.faults == []
    return seen


def test_a_configured_name_is_said_and_leave_is_taken_inside_tls(tmp_path: Path) -> None:
    """Whole handshakes are those that look at renegotiation and at a command slipped in before TLS.

    asyncio's servers keep what arrived before TLS and read it as protected: CVE-2011-0411, seen here.
    """
    mail = Mail(tmp_path)
    seen = fact(scan(mail, context(folder=tmp_path, ehlo_name="scanner.insurer.example")))
    assert seen.connections > 1
    assert sorted(mail.clear) == sorted(
        [b"EHLO scanner.insurer.example\r\n", b"STARTTLS\r\n"] * seen.connections
    )
    assert sorted(mail.inside) == [b"NOOP\r\n", b"QUIT\r\n", b"QUIT\r\n"]
    assert seen.vulnerabilities["starttls_injection"] == "vulnerable"


def test_a_greeting_may_take_ten_seconds() -> None:
    assert Options().greeting >= 10


def test_a_server_that_greets_late_but_in_time_is_seen(tmp_path: Path) -> None:
    """It greets after longer than anything else may take."""
    late = Mail(tmp_path, delay=1.5)
    seen = fact(scan(late, context(folder=tmp_path, timeout=1.0, greeting=30.0), ordinary=True))
    assert (seen.protocols["TLSv1.3"], seen.connections) == (True, 1)


def test_a_server_that_greets_too_late_is_unseen(tmp_path: Path) -> None:
    late = Mail(tmp_path, delay=60)
    observation = scan(late, context(folder=tmp_path, timeout=0.2, greeting=0.4), ordinary=True)
    assert isinstance(observation.result, Unseen)
    assert observation.result.reason.value == "timeout"
    assert late.clear == []


#: Two classes of TLS 1.2 suites: forward secrecy with an AEAD, and a bare RSA exchange with CBC.
SUITES = [0xC030, 0xC02F, 0xC028, 0xC027, 0x009D, 0x009C, 0x0035, 0x002F]


def behind_starttls(then: Any) -> tuple[Handler, Callable[[], int]]:
    """The handler behind STARTTLS, and how many of its connections there were at most at once."""
    at_once = most = 0

    async def handler(reader: Reader, writer: Writer) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            writer.write(b"220 ready\r\n")
            await reader.readline()
            writer.write(b"250-mail\r\n250 STARTTLS\r\n")
            await reader.readuntil(b"STARTTLS\r\n")
            writer.write(b"220 go on\r\n")
            await then(reader, writer)
        except asyncio.IncompleteReadError:
            return  # a command slipped in before TLS is no hello
        finally:
            at_once -= 1

    return handler, lambda: most


@pytest.mark.parametrize("full", [False, True])
def test_full_asks_mail_servers_for_every_suite_and_no_more_at_once(tmp_path: Path, *, full: bool) -> None:
    handler, most = behind_starttls(scripted({0x0303: SUITES}, LEAF.der))
    seen = fact(scan(handler, context(folder=tmp_path, timeout=1.0, full=full)))
    found = seen.cipher_suites["TLSv1.2"]
    assert seen.by_class is not full
    assert (len(found) == len(SUITES)) is full
    assert ("sni_required" in seen.behaviour) is full
    assert full or seen.connections <= 30
    assert most() <= 4
    assert found[0] == "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
