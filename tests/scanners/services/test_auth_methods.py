"""How one may log in by SSH: asked once, without a credential, and only where the consent grants it."""

import asyncio
from typing import Any

import pytest

from posture.core.consent import Technique
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import Target
from scanners import services
from scanners.context import Context, Options
from scanners.net.failure import NetFailure
from scanners.services import auth_methods, ssh, ssh_session
from scanners.services.ssh import string
from tests.support import daemons
from tests.support.net_servers import OPTIONS, QUICK, Behaviour, Server, at, context, endless, say, silent
from tests.support.ssh_server import ACCEPT, FAILURE, LISTS, SshServer

WITHOUT = frozenset(Technique) - {Technique.AUTH_METHODS}


def look(place: Server | daemons.Place, **changes: Any) -> tuple[Seen[SshEndpoint], Context]:
    ctx = context(**changes)
    found = asyncio.run(services.scan(ctx, [at(place)]))
    assert ctx.faults == []
    (result,) = [obs.result for obs in found if obs.kind == SshEndpoint.KIND]
    assert isinstance(result, Seen), result
    return result, ctx


def ask(server: Server, options: Options = OPTIONS) -> tuple[str, ...]:
    return asyncio.run(auth_methods.ask(context(options), at(server)))


# -- OpenSSH -------------------------------------------------------------------------------------------------

REAL: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    ((), ("publickey", "password", "keyboard-interactive")),
    (("PasswordAuthentication=no",), ("publickey", "keyboard-interactive")),
    (("PasswordAuthentication=no", "PubkeyAuthentication=no"), ("keyboard-interactive",)),
    (("PasswordAuthentication=no", "KbdInteractiveAuthentication=no"), ("publickey",)),
    (("AuthenticationMethods=publickey,password",), ("publickey",)),
]


@pytest.mark.parametrize(("settings", "methods"), REAL, ids=lambda words: " ".join(words) or "as delivered")
def test_a_real_server(settings: tuple[str, ...], methods: tuple[str, ...]) -> None:
    with daemons.sshd(*settings) as place:
        seen, ctx = look(place)
    assert (seen.value.auth_methods, seen.gaps) == (methods, ())
    lines = [(line.technique, line.connections) for line in ctx.gateway.ledger.contacts()]
    assert lines == [("auth-methods", 1), ("services", 1)]


@pytest.mark.parametrize("cipher", [*ssh_session.CIPHERS])
@pytest.mark.parametrize("exchange", [*ssh_session.EXCHANGES])
def test_every_exchange_and_cipher_of_ours_with_a_real_server(cipher: str, exchange: str) -> None:
    mac = [*ssh_session.MACS][len(cipher + exchange) % len(ssh_session.MACS)]
    with daemons.sshd(f"KexAlgorithms={exchange}", f"Ciphers={cipher}", f"MACs={mac}") as place:
        seen, _ = look(place)
    assert seen.value.auth_methods == REAL[0][1]


def test_a_server_that_shares_no_cipher_with_us_is_not_asked_further() -> None:
    with daemons.sshd("Ciphers=chacha20-poly1305@openssh.com") as place:
        seen, _ = look(place)
    assert seen.value.ciphers == ("chacha20-poly1305@openssh.com",)
    assert (seen.value.auth_methods, seen.gaps) == (None, (Gap(path="auth_methods", reason=Reason.NO_DATA),))


# -- what is sent, and when ----------------------------------------------------------------------------------


def test_without_the_technique_nobody_asks_to_log_in() -> None:
    hears = SshServer()
    with Server(hears) as server:
        seen, ctx = look(server, techniques=WITHOUT)
        assert server.connections == 1
    assert (seen.value.auth_methods, seen.gaps) == (
        None,
        (Gap(path="auth_methods", reason=Reason.NOT_PERMITTED),),
    )
    assert [payload[0] for payload in hears.heard] == [ssh.KEXINIT, ssh.KEX_REQUEST]
    assert [line.technique for line in ctx.gateway.ledger.contacts()] == ["services"]


def test_without_the_technique_the_client_itself_is_refused() -> None:
    with Server(SshServer()) as server, pytest.raises(NetFailure) as caught:
        asyncio.run(auth_methods.ask(context(techniques=WITHOUT), at(server)))
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert server.connections == 0


def test_an_address_that_is_excluded_is_not_asked() -> None:
    with Server(SshServer(), address="127.66.0.1") as server, pytest.raises(NetFailure) as caught:
        asyncio.run(auth_methods.ask(context(), Target(address=server.address, port=server.port)))
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert server.connections == 0


def test_every_message_of_ours() -> None:
    """The whole vocabulary: a message added here has to be added by somebody who asked what it may do."""
    hears = SshServer()
    with Server(hears) as server:
        assert ask(server) == ("publickey", "password")
        assert hears.over.wait(30)
        assert server.connections == 1
    lists, request, *rest = hears.heard
    names = b"".join(string(name.encode()) for name in (*LISTS, "none", "none", "", ""))
    assert lists == b"\x14" + bytes(16) + names + bytes(5)
    assert (request[:5], len(request)) == (b"\x1e\x00\x00\x00\x20", 37)
    assert rest == [
        b"\x15",
        b"\x05\x00\x00\x00\x0cssh-userauth",
        b"\x32\x00\x00\x00\x0fposture@invalid\x00\x00\x00\x0essh-connection\x00\x00\x00\x04none",
        b"\x01\x00\x00\x00\x0b" + bytes(8),
    ]


@pytest.mark.parametrize("exchange", ["curve25519-sha256", "ecdh-sha2-nistp256"])
def test_our_half_of_an_exchange_is_new_every_time(exchange: str) -> None:
    halves = {ssh_session.secret(exchange).public for _ in range(3)}
    assert len(halves) == 3


# -- servers that break the protocol -------------------------------------------------------------------------

BANNER = bytes([53]) + string("ようこそ\x1b[2J".encode()) + string(b"")
GOOD: list[tuple[tuple[bytes | tuple[bytes, ...], ...], tuple[str, ...]]] = [
    ((ACCEPT, FAILURE), ("publickey", "password")),
    ((ACCEPT, (BANNER, FAILURE)), ("publickey", "password")),
    (((b"\x02" + string(b"x"), ACCEPT), FAILURE), ("publickey", "password")),
    ((ACCEPT, b"\x33" + string(b"") + b"\x00"), ()),
    ((ACCEPT, b"\x34"), ("none",)),
]


@pytest.mark.parametrize(("says", "methods"), GOOD)
def test_what_a_sound_server_may_say(
    says: tuple[bytes | tuple[bytes, ...], ...], methods: tuple[str, ...]
) -> None:
    with Server(SshServer(says=says)) as server:
        assert ask(server) == methods


BAD: list[tuple[Behaviour, Reason]] = [
    (SshServer(says=(b"\x01" + bytes(12),)), Reason.REFUSED),
    (SshServer(says=(b"\x3c",)), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(ACCEPT, b"\x33\x00\x00\xff\xff")), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(ACCEPT, b"\x33" + string(b"\xff\xfe"))), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(ACCEPT, b"\x33" + string(b"evil\x1b[2J"))), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(ACCEPT, b"\x33" + string(b"x" * 65))), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(ACCEPT, b"\x33" + string(b"a," * 17))), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(), raw=b"\x00" * 64), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(), raw=b"\xff" * 64), Reason.PROTOCOL_GARBAGE),
    (SshServer(says=(), raw=b"\x00" * 3), Reason.TIMEOUT),
    (
        SshServer(
            says=(),
            lists=(*LISTS[:2], *["aes128-gcm@openssh.com"] * 2, *LISTS[4:]),
            raw=b"\x00\x00\x00\x20" + bytes(48),
        ),
        Reason.PROTOCOL_GARBAGE,
    ),
    (SshServer(public=bytes(32)), Reason.PROTOCOL_GARBAGE),
    (SshServer(public=b"short"), Reason.PROTOCOL_GARBAGE),
    (
        SshServer(lists=("ecdh-sha2-nistp256", *LISTS[1:]), public=b"\x04" + bytes(64)),
        Reason.PROTOCOL_GARBAGE,
    ),
    (SshServer(lists=("diffie-hellman-group1-sha1", *LISTS[1:])), Reason.NO_DATA),
    (SshServer(lists=(*LISTS[:2], "3des-cbc", "3des-cbc", *LISTS[4:])), Reason.NO_DATA),
    (SshServer(lists=(*LISTS[:4], "hmac-md5", "hmac-md5")), Reason.NO_DATA),
    (SshServer(lists=(*LISTS, "zlib", "zlib", "", "")), Reason.NO_DATA),
    (endless(b"x" * 4096), Reason.PROTOCOL_GARBAGE),
    (endless(b"talk\r\n"), Reason.PROTOCOL_GARBAGE),
    (say(b"SSH-2.0-x\r\n", then=silent), Reason.TIMEOUT),
    (silent, Reason.TIMEOUT),
]


@pytest.mark.parametrize(("behaviour", "reason"), BAD)
def test_a_server_that_breaks_the_protocol(behaviour: Behaviour, reason: Reason) -> None:
    options = QUICK if reason is Reason.TIMEOUT else OPTIONS
    with Server(behaviour) as server, pytest.raises(NetFailure) as caught:
        ask(server, options)
    assert caught.value.reason is reason
    assert server.connections == 1


def test_a_broken_log_in_leaves_the_lists_seen() -> None:
    with Server(SshServer(says=(ACCEPT, b"\x33\x00\x00\xff\xff"))) as server:
        seen, _ = look(server)
    assert seen.value.ciphers == ("aes128-ctr",)
    assert seen.gaps == (Gap(path="auth_methods", reason=Reason.PROTOCOL_GARBAGE),)


def test_a_server_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanners.services.auth_methods._PATIENCE", 0.5)
    with Server(SshServer(says=())) as server:
        seen, _ = look(server)
    assert seen.gaps == (Gap(path="auth_methods", reason=Reason.BUDGET),)
