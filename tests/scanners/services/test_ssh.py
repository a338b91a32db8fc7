"""SSH servers as they offer themselves: the real one in three settings, and those that break the protocol."""

import asyncio
import socket
from typing import Any

import pytest

from posture.core.consent import Technique
from posture.core.facts.ssh_endpoint import HostKey, SshEndpoint
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from scanners import services
from scanners.services import ssh
from tests.support import daemons
from tests.support.net_servers import Behaviour, Server, at, context, endless, say, silent

GREETING = b"SSH-2.0-OpenSSH_9.2p1\r\n"
UNASKED = Gap(path="auth_methods", reason=Reason.NOT_PERMITTED)


def offers(*found: Observation[Any]) -> list[Observation[SshEndpoint]]:
    return [obs for obs in found if obs.kind == SshEndpoint.KIND]


def look(server: Server | daemons.Place) -> Observation[SshEndpoint]:
    ctx = context(techniques=frozenset(Technique) - {Technique.AUTH_METHODS})
    found = asyncio.run(services.scan(ctx, [at(server)]))
    assert ctx.faults == []
    (offer,) = offers(*found)
    return offer


def fact(obs: Observation[SshEndpoint]) -> SshEndpoint:
    assert isinstance(obs.result, Seen), obs.result
    return obs.result.value


def test_a_server_as_delivered() -> None:
    with daemons.sshd() as place:
        seen = fact(look(place))
    assert (seen.protocol, seen.software.partition("_")[0]) == ("2.0", "OpenSSH")
    assert seen.host_key == HostKey(algorithm="ssh-ed25519", bits=256)
    assert seen.host_key_algorithms == ("ssh-ed25519",)
    assert "curve25519-sha256" in seen.key_exchange
    assert "kex-strict-s-v00@openssh.com" not in seen.key_exchange
    assert {"aes128-ctr", "hmac-sha2-256"} <= {*seen.ciphers, *seen.macs}
    assert seen.auth_methods is None


@pytest.mark.parametrize(
    "exchange", ["diffie-hellman-group14-sha256", "ecdh-sha2-nistp256", "diffie-hellman-group1-sha1"]
)
def test_the_size_of_an_rsa_key_is_seen_whatever_exchange_is_spoken(exchange: str) -> None:
    settings = (f"KexAlgorithms={exchange}", "Ciphers=3des-cbc,aes128-ctr", "MACs=hmac-md5,hmac-sha1-96")
    with daemons.sshd(*settings, key=("-t", "rsa", "-b", "2048")) as place:
        seen = fact(look(place))
    assert seen.host_key == HostKey(algorithm="ssh-rsa", bits=2048)
    assert seen.key_exchange == (exchange,)
    assert (seen.ciphers, seen.macs) == (("3des-cbc", "aes128-ctr"), ("hmac-md5", "hmac-sha1-96"))


def test_an_exchange_that_we_do_not_know_hides_the_key_alone() -> None:
    with daemons.sshd("KexAlgorithms=diffie-hellman-group-exchange-sha256") as place:
        obs = look(place)
    assert isinstance(obs.result, Seen)
    assert obs.result.value.host_key is None
    assert obs.result.gaps == (Gap(path="host_key", reason=Reason.NO_DATA), UNASKED)


def offer(*lists: str) -> bytes:
    """A server's KEXINIT packet."""
    names = lists or ("curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr")
    body = b"".join(len(text).to_bytes(4, "big") + text.encode() for text in (names + ("",) * 10)[:10])
    return ssh.packet(bytes([ssh.KEXINIT]) + bytes(16) + body + bytes(5))


DISCONNECT = ssh.packet(b"\x01\x00\x00\x00\x02" + bytes(8))

HOSTILE: list[tuple[bytes | Behaviour, Reason]] = [
    (GREETING + b"\x00" * 64, Reason.PROTOCOL_GARBAGE),
    (GREETING + b"\xff" * 64, Reason.PROTOCOL_GARBAGE),
    (GREETING + ssh.packet(b"\x15"), Reason.PROTOCOL_GARBAGE),
    (GREETING + ssh.packet(b"\x02") * 9, Reason.PROTOCOL_GARBAGE),
    (GREETING + ssh.packet(bytes([ssh.KEXINIT]) + bytes(16) + b"\x7f\xff\xff\xff"), Reason.PROTOCOL_GARBAGE),
    (GREETING + offer("evil\x1b[2J"), Reason.PROTOCOL_GARBAGE),
    (GREETING + offer("x" * 4000), Reason.PROTOCOL_GARBAGE),
    (GREETING + b"\x00\x00\x00\x0c\xff" + bytes(11), Reason.PROTOCOL_GARBAGE),
    (GREETING + DISCONNECT, Reason.REFUSED),
    (endless(GREETING), Reason.PROTOCOL_GARBAGE),
    (GREETING, Reason.TIMEOUT),
]


@pytest.mark.parametrize(("said", "reason"), HOSTILE)
def test_a_server_that_breaks_the_protocol(said: bytes | Behaviour, reason: Reason) -> None:
    with Server(say(said, then=silent) if isinstance(said, bytes) else said) as server:
        result = look(server).result
    assert isinstance(result, Unseen), result
    assert result.reason is reason


REPLIES: list[tuple[bytes, Reason]] = [
    (DISCONNECT, Reason.REFUSED),
    (ssh.packet(bytes([ssh.KEX_REPLY]) + b"\x00\x00\xff\xff"), Reason.PROTOCOL_GARBAGE),
]


@pytest.mark.parametrize(("reply", "reason"), REPLIES)
def test_a_broken_exchange_leaves_the_lists_seen(reply: bytes, reason: Reason) -> None:
    def behave(conn: socket.socket) -> None:
        conn.sendall(GREETING + offer())
        while conn.recv(4096):
            conn.sendall(reply)

    with Server(behave) as server:
        result = look(server).result
    assert isinstance(result, Seen), result
    assert result.value.ciphers == ("aes128-ctr",)
    assert result.gaps == (Gap(path="host_key", reason=reason), UNASKED)


@pytest.mark.parametrize(
    ("agent", "line"),
    [
        ("posture-underwriting/1.0", b"SSH-2.0-posture_underwriting/1.0\r\n"),
        ("posture-underwriting/1.0 (a@b.jp)", b"SSH-2.0-posture_underwriting/1.0 (a@b.jp)\r\n"),
        ("p/1 (連絡\r\nQUIT)", b"SSH-2.0-p/1 (QUIT)\r\n"),
        ("p/1 " + "x" * 400, b"SSH-2.0-p/1 " + b"x" * 241 + b"\r\n"),
    ],
)
def test_how_we_name_ourselves(agent: str, line: bytes) -> None:
    assert ssh.identify(agent) == line
    assert len(line) <= 255
