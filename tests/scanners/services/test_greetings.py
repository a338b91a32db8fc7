"""Greetings: what they state is taken, what they do not state stays null, and nothing is ever sent."""

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from posture.core.consent import Technique
from posture.core.facts.service_product import ServiceProduct
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners import services
from scanners.context import Options
from tests.support.net_servers import (
    NAME,
    OPTIONS,
    QUICK,
    Behaviour,
    Server,
    at,
    close,
    context,
    deaf,
    drip,
    endless,
    reset,
    say,
    silent,
    unused,
    witnessed,
)
from tests.support.tools import require_tool

Stated = tuple[str, str | None, str | None, int]


def stated(raw: bytes, port: int = 1000) -> Stated:
    fact = services.recognise(raw, port)
    assert (fact.how, fact.cpe) == ("banner", None)
    return fact.protocol, fact.product, fact.version, fact.confidence


def mysql(version: bytes) -> bytes:
    """An initial handshake packet of protocol 10."""
    body = b"\x0a" + version + b"\x00" + bytes(4) + b"12345678\x00" + bytes(30)
    return len(body).to_bytes(3, "little") + b"\x00" + body


SAID: list[tuple[bytes, Stated]] = [
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", ("ssh", "OpenSSH", "9.2p1", 10)),
    (b"SSH-2.0-OpenSSH_for_Windows_8.1\r\n", ("ssh", "OpenSSH", "8.1", 10)),
    (b"SSH-1.99-OpenSSH_3.9p1\n", ("ssh", "OpenSSH", "3.9p1", 10)),
    (b"Authorised use only\r\nAll is logged\r\nSSH-2.0-OpenSSH_8.0\r\n", ("ssh", "OpenSSH", "8.0", 10)),
    (b"SSH-2.0-OpenSSH_7.5-hpn14v5\r\n", ("ssh", "OpenSSH", "7.5", 10)),
    (b"SSH-2.0-OpenSSH\r\n", ("ssh", None, None, 10)),
    (b"SSH-2.0-OpenSSH_next\r\n", ("ssh", None, None, 10)),
    (b"SSH-2.0-dropbear_2022.83\r\n", ("ssh", "Dropbear SSH", "2022.83", 10)),
    (b"SSH-2.0-dropbear\r\n", ("ssh", "Dropbear SSH", None, 10)),
    (b"SSH-2.0-libssh_0.9.6\r\n", ("ssh", "libssh", "0.9.6", 10)),
    (b"SSH-2.0-Cisco-1.25\r\n", ("ssh", None, None, 10)),
    (b"SSH-2.0-\r\n", ("unknown", None, None, 0)),
    (b"SSH-1.5-1.2.27\r\n", ("unknown", None, None, 0)),
    (b"220 (vsFTPd 3.0.3)\r\n", ("ftp", "vsftpd", "3.0.3", 10)),
    (b"220 ProFTPD 1.3.8rc2 Server (Debian) [::ffff:1]\r\n", ("ftp", "ProFTPD", "1.3.8rc2", 10)),
    (b"220 ProFTPD Server (ProFTPD) [192.0.2.1]\r\n", ("ftp", "ProFTPD", None, 10)),
    (b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n", ("ftp", "Pure-FTPd", None, 10)),
    (b"220-FileZilla Server 1.6.7\r\n220 ok\r\n", ("ftp", "FileZilla Server", "1.6.7", 10)),
    (b"220 Microsoft FTP Service\r\n", ("ftp", "Internet Information Services", None, 10)),
    (b"220 FTP server ready\r\n", ("ftp", None, None, 10)),
    (b"220 mx.example.jp ESMTP Postfix (Debian/GNU)\r\n", ("smtp", "Postfix", None, 10)),
    (b"220 mx.example.jp ESMTP PostfixIsNotMine\r\n", ("smtp", None, None, 10)),
    (b"220-mx.example.jp ESMTP Postfix\r\n220 go\r\n", ("smtp", "Postfix", None, 10)),
    (b"220 mx.example.jp ESMTP Exim 4.96 Tue, 24 Nov 2026\r\n", ("smtp", "Exim", "4.96", 10)),
    (b"220 mx.example.jp ESMTP Sendmail 8.15.2/8.15.2; Tue\r\n", ("smtp", "Sendmail", "8.15.2", 10)),
    (b"220 mx.example.jp Microsoft ESMTP MAIL Service ready\r\n", ("smtp", None, None, 10)),
    (b"220 SMTP ready\r\n", ("smtp", None, None, 10)),
    (b"220 hello\r\n", ("unknown", None, None, 0)),
    (b"554 no\r\n", ("unknown", None, None, 0)),
    (b"+OK Dovecot (Debian) ready.\r\n", ("pop3", "Dovecot", None, 10)),
    (b"+OK <1896.697@mail>\r\n", ("pop3", None, None, 10)),
    (b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n", ("imap", "Dovecot", None, 10)),
    (b"* OK [CAPABILITY IMAP4rev1] Courier-IMAP ready. Copyright\r\n", ("imap", "Courier IMAP", None, 10)),
    (b"* PREAUTH welcome\r\n", ("imap", None, None, 10)),
    (b"* OKAY\r\n", ("unknown", None, None, 0)),
    (mysql(b"8.0.35"), ("mysql", "MySQL", "8.0.35", 10)),
    (mysql(b"5.7.44-log"), ("mysql", "MySQL", "5.7.44", 10)),
    (mysql(b"8.0.35-27"), ("mysql", None, None, 10)),
    (mysql(b"5.5.5-10.11.6-MariaDB-0+deb12u1"), ("mysql", "MariaDB", "10.11.6", 10)),
    (mysql(b"11.4.2-MariaDB"), ("mysql", "MariaDB", "11.4.2", 10)),
    (
        b"\x45\x00\x00\x00\xffj\x04Host '192.0.2.1' is not allowed to connect to this MySQL server",
        ("mysql", None, None, 10),
    ),
    (b"RFB 003.008\n", ("vnc", None, None, 10)),
    (b"\xff\xfd\x18\xff\xfd\x20", ("telnet", None, None, 10)),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", ("http", None, None, 10)),
    (bytes(range(256)), ("unknown", None, None, 0)),
]


@pytest.mark.parametrize(("raw", "expected"), SAID, ids=[repr(raw[:24]) for raw, _ in SAID])
def test_what_a_greeting_states(raw: bytes, expected: Stated) -> None:
    assert stated(raw) == expected


@pytest.mark.parametrize(("port", "protocol"), [(21, "ftp"), (25, "smtp"), (587, "smtp"), (2121, "unknown")])
def test_the_port_decides_only_what_the_words_leave_open(port: int, protocol: str) -> None:
    confidence = 0 if protocol == "unknown" else 3
    assert stated(b"220 hello\r\n", port) == (protocol, None, None, confidence)
    assert stated(b"220 (vsFTPd 3.0.3)\r\n", port)[0] == "ftp"
    assert stated(b"SSH-2.0-OpenSSH_9.2p1\r\n", port)[0] == "ssh"


def test_a_greeting_is_shown_harmlessly() -> None:
    fact = services.recognise(b"\x1b[2J<b>\xe3\x81\x82\r\nsecond" + b"x" * 5000, 21)
    assert fact.banner.startswith("\\x1b[2J<b>\\xe3\\x81\\x82\\x0d\\x0asecond")
    assert fact.banner.isascii()
    assert fact.banner.isprintable()
    assert len(fact.banner) < 600


def scan(
    *targets: Target, options: Options = OPTIONS, **changes: object
) -> list[Observation[ServiceProduct]]:
    ctx = context(options, **changes)
    found = asyncio.run(services.scan(ctx, targets))
    assert ctx.faults == []
    return [obs for obs in found if obs.kind == ServiceProduct.KIND]


def fact(obs: Observation[ServiceProduct]) -> ServiceProduct:
    assert isinstance(obs.result, Seen), obs.result
    return obs.result.value


def test_servers_that_greet_are_read_side_by_side() -> None:
    with Server(say(b"SSH-2.0-OpenSSH_9.2p1\r\n")) as ssh, Server(say(mysql(b"8.0.35"))) as database:
        one, two = scan(at(ssh, NAME), at(database))
    assert (fact(one).product, fact(two).product) == ("OpenSSH", "MySQL")
    assert one.target == at(ssh, NAME)


def test_nothing_is_sent() -> None:
    heard: list[bytes] = []

    def listen(conn: object) -> None:
        heard.append(conn.recv(100))  # type: ignore[attr-defined]  # a socket

    with Server(listen) as server:
        scan(at(server))
    assert heard == [b""]


def test_a_server_that_waits_for_us_is_seen_and_unknown() -> None:
    with Server(silent) as server:
        (obs,) = scan(at(server))
    assert (fact(obs).protocol, fact(obs).banner, fact(obs).product) == ("unknown", "", None)
    assert isinstance(obs.result, Seen)
    assert obs.result.gaps == (Gap(path="product", reason=Reason.TIMEOUT),)


def _reset_later(conn: socket.socket) -> None:
    """An RST that came at once would take the greeting with it."""
    threading.Event().wait(0.2)
    reset(conn)


HOSTILE: list[tuple[Behaviour, Reason | str]] = [
    (close, Reason.RESET),
    (reset, Reason.RESET),
    (endless(b"x" * 1000), "unknown"),
    (endless(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "ssh"),
    (drip(b"+OK slowly\r\n", 0.1), "pop3"),
    (say(b"* OK ready\r\n", then=_reset_later), "imap"),
    (say(b"\x00\xff\x00"), "unknown"),
]


@pytest.mark.parametrize(("behaviour", "expected"), HOSTILE)
def test_hostile_servers(behaviour: Behaviour, expected: Reason | str) -> None:
    with Server(behaviour) as server:
        (obs,) = scan(at(server))
    if isinstance(expected, Reason):
        assert isinstance(obs.result, Unseen)
        assert obs.result.reason is expected
    else:
        assert fact(obs).protocol == expected


def test_ports_that_do_not_answer() -> None:
    with deaf() as hole:
        silent_port, shut = scan(at(hole), at(unused()), options=QUICK)
    assert isinstance(silent_port.result, Unseen)
    assert isinstance(shut.result, Unseen)
    assert (silent_port.result.reason, shut.result.reason) == (Reason.TIMEOUT, Reason.REFUSED)


def test_ports_whose_clients_speak_first_are_left_alone() -> None:
    with witnessed() as events:
        assert scan(*(Target(address="127.0.0.1", port=port) for port in (53, 80, 443, 993, 8443))) == []
    assert events == []


def test_without_the_technique_nothing_is_asked() -> None:
    with Server(say(b"SSH-2.0-OpenSSH_9.2p1\r\n")) as server, witnessed() as events:
        (obs,) = scan(at(server), techniques=frozenset({Technique.PORTS}))
        assert server.connections == 0
    assert isinstance(obs.result, Unseen)
    assert obs.result.reason is Reason.NOT_PERMITTED
    assert events == []


@contextmanager
def _sshd(folder: Path) -> Iterator[Target]:
    """The real one, as far as its greeting."""
    sshd = require_tool("sshd")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    address, port = unused("127.0.0.6")
    options = [f"ListenAddress={address}:{port}", f"HostKey={key}", "UsePAM=no", f"PidFile={folder}/pid"]
    command = [sshd, "-D", "-e", "-f", "/dev/null", *(word for one in options for word in ("-o", one))]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants it, and its service would have made it
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert "listening" in process.stderr.readline()
        yield Target(address=address, port=port)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_a_real_ssh_server(tmp_path: Path) -> None:
    says = subprocess.run([require_tool("ssh"), "-V"], capture_output=True, text=True, check=True).stderr
    with _sshd(tmp_path) as target:
        (obs,) = scan(target)
    assert fact(obs).protocol == "ssh"
    assert (fact(obs).vendor, fact(obs).product) == ("OpenBSD", "OpenSSH")
    assert says.startswith(f"OpenSSH_{fact(obs).version}")


def test_many_ports_of_one_host_are_worked_a_few_at_a_time() -> None:
    """Two at a time; two that the server has not seen end yet may stand beside them."""

    def thoughtful(conn: socket.socket) -> None:
        threading.Event().wait(0.2)
        say(b"+OK\r\n")(conn)

    with Server(thoughtful) as server:
        ctx = context(replace(OPTIONS, host_connections=2))
        found = asyncio.run(services.scan(ctx, [at(server)] * 10))
        assert [fact(obs).protocol for obs in found] == ["pop3"] * 10
        assert server.most <= 4


# -- services that ask for patience --------------------------------------------------------------------------

BUSY = b"421 Too many connections from your address\r\n"


@pytest.mark.parametrize(("again", "protocol"), [(b"220 FTP ready\r\n", "ftp"), (b"220 ESMTP\r\n", "smtp")])
def test_a_service_that_asks_for_a_moment_gets_it(again: bytes, protocol: str) -> None:
    greetings = iter([BUSY, again])
    ctx = context()
    with Server(lambda conn: conn.sendall(next(greetings))) as server:
        (obs,) = asyncio.run(services.scan(ctx, [at(server)]))
        assert server.connections == 2
    assert isinstance(obs.result, Seen), obs.result
    assert obs.result.value.protocol == protocol
    assert ctx.gateway._door.pace._host(server.address)._eased == 1


def test_a_service_that_stays_busy_is_not_asked_a_third_time() -> None:
    with Server(say(BUSY, then=close)) as server:
        (obs,) = asyncio.run(services.scan(context(), [at(server)]))
        assert server.connections == 2
    assert isinstance(obs.result, Unseen)
    assert obs.result.reason is Reason.RATE_LIMITED
