"""STARTTLS on our streams: nothing said before the handshake is taken for protected."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway, Stream
from tests.support.net_servers import NAME, Server, at, close, door, patience, reset, say, silent
from tests.support.tls_servers import issue


def client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
def server_context(tmp_path: Path) -> ssl.SSLContext:
    paper = issue(NAME, names=[NAME])
    (tmp_path / "both.pem").write_bytes(paper.key_pem + paper.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


async def _upgraded(gateway: Gateway, server: Server, name: str | None = NAME) -> Stream:
    stream = await gateway.connect(gateway.permit(at(server), Technique.SERVICES))
    try:
        await stream.readuntil(b"\n", 100)
        await stream.write(b"STARTTLS\n")
        await stream.start_tls(client(), name)
    except BaseException:
        await stream.aclose()
        raise
    return stream


def starttls(context: ssl.SSLContext, first: bytes = b"ready\n") -> Callable[[socket.socket], None]:
    """Says `first`, waits for the word, and echoes one line in TLS, with the server name it was given."""

    def behave(conn: socket.socket) -> None:
        names: list[str | None] = []
        context.sni_callback = lambda _sock, name, _context: names.append(name)
        conn.sendall(first)
        assert conn.recv(9) == b"STARTTLS\n"
        with context.wrap_socket(conn, server_side=True) as secured:
            line = secured.recv(100)
            secured.sendall(f"{line.decode()} from {names[0]}".encode())
            secured.recv(100)

    return behave


@pytest.mark.parametrize("name", [NAME, None])
def test_after_starttls_everything_is_protected(server_context: ssl.SSLContext, name: str | None) -> None:
    async def talk() -> tuple[bytes, str | None]:
        async with await _upgraded(door(), server, name) as stream:
            await stream.write(b"hello")
            assert stream.tls is not None
            return await stream.read(100), stream.tls.version()

    with Server(starttls(server_context)) as server:
        answered, version = asyncio.run(talk())
    assert answered == f"hello from {name}".encode()
    assert version == "TLSv1.3"


def test_what_was_said_before_is_forgotten(server_context: ssl.SSLContext) -> None:
    """Plain text behind the greeting arrives with it; a client that kept it would read it as protected."""

    async def talk() -> bytes:
        stream = await door().connect(door().permit(at(server), Technique.SERVICES))
        async with stream:
            await stream.readuntil(b"\n", 100)
            assert stream.pending == b"injected\n"
            await stream.write(b"STARTTLS\n")
            await stream.start_tls(client(), NAME)
            assert stream.pending == b""
            await stream.write(b"hello")
            return await stream.read(100)

    with Server(starttls(server_context, b"ready\ninjected\n")) as server:
        assert asyncio.run(talk()) == f"hello from {NAME}".encode()


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (silent, Reason.TIMEOUT),
        (reset, Reason.RESET),
        (close, Reason.RESET),
        (say(b"500 no\r\n" * 100), Reason.PROTOCOL_GARBAGE),
        (say(bytes.fromhex("15030300020228"), then=close), Reason.REFUSED),
    ],
    ids=["silent", "reset", "close", "garbage", "alert"],
)
def test_a_handshake_that_fails(then: Callable[[socket.socket], None], expected: Reason) -> None:
    def behave(conn: socket.socket) -> None:
        conn.sendall(b"ready\n")
        conn.recv(9)
        conn.recv(4096)
        then(conn)

    with Server(behave) as server, pytest.raises(NetFailure) as caught:
        asyncio.run(_upgraded(door(patience(expected)), server))
    assert caught.value.reason is expected


def test_a_failed_handshake_gives_the_connection_back() -> None:
    gateway = door()

    def behave(conn: socket.socket) -> None:
        conn.sendall(b"ready\n")
        conn.recv(9)

    async def often() -> None:
        for _ in range(20):  # more than a host may have at a time: a leak would wait for ever
            with pytest.raises(NetFailure):
                await _upgraded(gateway, server)

    with Server(behave) as server:
        asyncio.run(often())
        assert server.connections == 20


def test_tls_in_tls_is_our_own_mistake(server_context: ssl.SSLContext) -> None:
    async def twice() -> None:
        async with await _upgraded(door(), server) as stream:
            await stream.start_tls(client(), NAME)

    with Server(starttls(server_context)) as server, pytest.raises(TypeError):
        asyncio.run(twice())
