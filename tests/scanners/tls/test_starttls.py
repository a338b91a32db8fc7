"""TLS after a few plain words."""

import asyncio
import ssl
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from posture.checks.runner import judge
from posture.core.findings import Owner
from posture.core.observations import Observation, Unseen
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.net.gateway import Gateway
from tests.support.tls_servers import NAME, Paper, canned, context, fact, issue, observe, rsa_key, scripted

LEAF = issue(NAME, names=[NAME])
RSA = issue(NAME, names=[NAME], key=rsa_key())


def server_context(folder: Path, leaf: Paper = LEAF) -> ssl.SSLContext:
    (folder / "pair.pem").write_bytes(leaf.pem + leaf.key_pem)
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(folder / "pair.pem")
    return settings


class Mail:
    """A mail server that remembers what it was told. `offers` are the lines after EHLO."""

    def __init__(
        self,
        folder: Path,
        offers: Sequence[str] = ("SIZE 1000", "STARTTLS"),
        says: dict[str, bytes] | None = None,
    ) -> None:
        self.settings = server_context(folder)
        self.offers = offers
        self.says = says or {}
        self.heard: list[bytes] = []

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        writer.write(self.says.get("greeting", b"220-mail.example.com hello\r\n220 ready\r\n"))
        while line := await reader.readline():
            self.heard.append(line)
            if line.startswith(b"STARTTLS"):
                writer.write(self.says.get("starttls", b"220 go on\r\n"))
                await writer.start_tls(self.settings)
                await reader.read()
                return
            writer.write(self.says.get("ehlo", self._offer()) if line.startswith(b"EHLO") else b"221 bye\r\n")
            if line.startswith(b"QUIT"):
                await writer.drain()
                return

    def _offer(self) -> bytes:
        lines = ["mail.example.com", *self.offers]
        return "".join(f"250{'-' if line != lines[-1] else ' '}{line}\r\n" for line in lines).encode()


def scan(handler: Any, folder: Path) -> Observation[Any]:
    async def run() -> Observation[Any]:
        async with canned(_quiet(handler)) as server:
            return await observe(server, context(folder=folder, timeout=0.6), starttls="smtp")

    return asyncio.run(run())


def _quiet(handler: Any) -> Callable[[Reader, Writer], Any]:
    """Handshakes that we break off are errors to the server's TLS library, and nothing to this test."""

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            await handler(reader, writer)
        except (ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
            return

    return serve


def outcomes(observation: Observation[Any]) -> dict[str, tuple[str, str, str]]:
    judged = judge([observation], subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    assert judged.faults == ()
    return {
        each.check: (each.outcome.value, each.message, each.severity.value)
        for each in judged.findings
        if each.check.startswith("tls/")
    }


def test_a_mail_server_is_seen_behind_starttls(tmp_path: Path) -> None:
    mail = Mail(tmp_path)
    seen = fact(scan(mail, tmp_path))
    assert seen.starttls == "smtp"
    assert seen.protocols["TLSv1.3"] is True
    assert seen.protocols["TLSv1.2"] is True
    assert seen.certificates is not None
    assert seen.certificates[0].der == LEAF.der
    assert {line.split()[0] for line in mail.heard} == {b"EHLO", b"STARTTLS"}
    assert b"EHLO [127.0.0.1]\r\n" in mail.heard


def test_an_untrusted_certificate_between_mail_servers_is_information(tmp_path: Path) -> None:
    found = outcomes(scan(Mail(tmp_path), tmp_path))
    assert found["tls/certificate_trusted"] == ("not_applicable", "opportunistic", "info")
    assert {severity for _, _, severity in found.values()} == {"info"}


def test_a_mail_server_without_starttls_offers_no_tls(tmp_path: Path) -> None:
    mail = Mail(tmp_path, offers=("SIZE 1000",))
    observation = scan(mail, tmp_path)
    seen = fact(observation)
    assert set(seen.protocols.values()) == {False}
    assert set(seen.refusals.values()) == {"starttls-not-offered"}
    assert mail.heard[-1] == b"QUIT\r\n"
    found = outcomes(observation)
    assert found["tls/modern_protocol"] == ("fail", "no_tls", "medium")
    assert {outcome for check, (outcome, _, _) in found.items() if check != "tls/modern_protocol"} == {
        "not_applicable"
    }


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ({"greeting": b"421 too busy\r\n"}, "rate-limited"),
        ({"greeting": b"554 go away\r\n"}, "protocol-garbage"),
        ({"greeting": b"SSH-2.0-OpenSSH\r\n"}, "protocol-garbage"),
        ({"greeting": b"220-again\r\n" * 300}, "protocol-garbage"),
        ({"greeting": b"2" * 5000}, "protocol-garbage"),
        ({"ehlo": b"502 what?\r\n"}, "protocol-garbage"),
        ({"starttls": b"454 TLS not available\r\n"}, "rate-limited"),
        ({"ehlo": b"250-half"}, "timeout"),
    ],
)
def test_mail_servers_that_misbehave_are_unseen(tmp_path: Path, says: dict[str, bytes], reason: str) -> None:
    observation = scan(Mail(tmp_path, says=says), tmp_path)
    assert isinstance(observation.result, Unseen), observation.result
    assert observation.result.reason.value == reason


def test_a_mail_server_that_asks_for_a_moment_gets_it(tmp_path: Path) -> None:
    """421 before anything else is no silence: the host gets a rest, half the pace, and a second meeting."""
    mail, greetings = Mail(tmp_path), iter([b"421 too many connections\r\n"])
    eased = 0

    async def busy_once(reader: Reader, writer: Writer) -> None:
        mail.says.pop("greeting", None)
        if greeting := next(greetings, None):
            mail.says["greeting"] = greeting
        await mail(reader, writer)

    def counting(self: Gateway, permit: Permit, since: float) -> bool:
        nonlocal eased
        eased += 1
        return ease(self, permit, since)

    ease = Gateway.ease
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "ease", counting)
        seen = fact(scan(busy_once, tmp_path))
    assert seen.protocols["TLSv1.3"] is True
    assert eased >= 1


def test_a_mail_server_gets_thirty_connections_at_most_four_at_once(tmp_path: Path) -> None:
    """The worst of them: old versions, weak suites of every class, and a library of today's kind behind."""
    suites = [0xC02F, 0x009E, 0x002F, 0x000A, 0x0005, 0x0003, 0x0014]
    tls = scripted(dict.fromkeys((0x0300, 0x0301, 0x0302, 0x0303), suites), RSA.der, kinds=[0x010080])
    at_once = most = count = 0

    async def handler(reader: Reader, writer: Writer) -> None:
        nonlocal at_once, most, count
        at_once, count = at_once + 1, count + 1
        most = max(most, at_once)
        try:
            writer.write(b"220 ready\r\n")
            await reader.readline()
            writer.write(b"250-mail\r\n250 STARTTLS\r\n")
            await reader.readuntil(b"STARTTLS\r\n")
            writer.write(b"220 go on\r\n")
            await tls(reader, writer)
        finally:
            at_once -= 1

    observation = scan(handler, tmp_path)
    seen = fact(observation)
    assert count <= 30
    assert most <= 4
    assert seen.by_class is True
    assert {name for name, state in seen.protocols.items() if state} == {
        *("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2")
    }
    found = {name for name, state in seen.vulnerabilities.items() if state == "vulnerable"}
    assert {"drown", "freak", "logjam", "rc4", "sweet32", "beast", "lucky13", "poodle_ssl"} <= found
    assert outcomes(observation)["tls/weak_cipher_suites"] == ("fail", "weak_mail", "low")
