"""Web servers that say exactly what a test tells them, and a context to scan them with."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from posture.core.consent import Consent, Granter, Technique
from posture.core.scope import Scope
from posture.core.targets import Network, network
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from scanners.net.routes import Route, Routes
from scanners.web.exposure import PATHS
from tests.support.free_ports import free_port

NOW = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
LOOPBACK = "127.0.0.1"

#: What a server does with one connection; it is closed afterwards.
Behaviour = Callable[[socket.socket, bytes], None]


class Server:
    """Answers on 127.0.0.1; `requests` holds the head of every request, `peers` counts connections."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def visits(self) -> list[bytes]:
        """The requests a visitor makes: not for files that should not be there, not from another site."""
        own = [head for head in self.requests if b"\r\nOrigin: " not in head]
        return [head for head in own if head.split(b" ")[1].decode() not in PATHS]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.close()
        for conn in list(self._open):
            conn.close()
        with socket.socket() as wake:
            wake.settimeout(0.1)
            wake.connect_ex((LOOPBACK, self.port))
        self._thread.join(5)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            if self._over.is_set():
                conn.close()
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: socket.socket) -> None:
        self._open.add(conn)
        try:
            secured = self._tls.wrap_socket(conn, server_side=True) if self._tls else conn
            self._open.add(secured)
            with secured:
                head = _head(secured)
                if head:
                    self.requests.append(head)
                    self._behaviour(secured, head)
                    _drain(secured)
        except OSError:
            return
        finally:
            self._open.discard(conn)


def _head(conn: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        part = conn.recv(4096)
        if not part:
            return head
        head += part
    return head


def _drain(conn: socket.socket) -> None:
    """Say goodbye, so that closing does not turn into a reset that swallows the answer."""
    if isinstance(conn, ssl.SSLSocket):
        return
    conn.shutdown(socket.SHUT_WR)


def saying(*answers: bytes) -> Behaviour:
    """The given answers by path: `/0` and `/` get the first, `/1` the second, …; others do not exist."""

    def behave(conn: socket.socket, head: bytes) -> None:
        path = head.split(b" ")[1].lstrip(b"/") or b"0"
        conn.sendall(answers[int(path)] if path.isdigit() else page(b"no", status="404 Not Found"))

    return behave


def page(body: bytes = b"<title>Home</title>", *headers: str, status: str = "200 OK") -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def redirect(location: str, *headers: str, status: str = "301 Moved Permanently") -> bytes:
    """A redirect without a body."""
    return page(b"", f"Location: {location}", *headers, status=status)


@contextmanager
def stalling(send: bytes = b"") -> Iterator[Behaviour]:
    """Sends something and then nothing more, until the test is over."""
    over = threading.Event()

    def behave(conn: socket.socket, head: bytes) -> None:
        conn.sendall(send)
        over.wait(30)

    yield behave
    over.set()


def tls_context(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a self-signed certificate for a name, or of a whole subject (RFC 4514)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name.from_rfc4514_string(name if "=" in name else f"CN={name}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def consent(
    *domains: str,
    networks: tuple[str, ...] = ("127.0.0.0/8",),
    techniques: frozenset[Technique] = frozenset(Technique),
    exclude: tuple[str, ...] = (),
) -> Consent:
    """A consent that is valid at NOW."""
    ranges: tuple[Network, ...] = tuple(network(text) for text in networks)
    return Consent(
        applicant="株式会社例",
        domains=domains,
        networks=ranges,
        excluded_names=exclude,
        excluded_networks=(),
        techniques=techniques,
        ports="default",
        valid_from=NOW - dt.timedelta(days=30),
        valid_until=NOW + dt.timedelta(days=30),
        granted_by=Granter(name="例 太郎", title="情報システム部長", email="it@example.jp"),
    )


def context(given: Consent, *routes: Route, timeout: float = 10.0, budget: float = 60.0) -> Context:
    """A context whose names are known by their routes alone: its resolver is a port where nobody listens."""
    options = Options(
        resolvers=((LOOPBACK, free_port()),),
        routes=Routes(routes=routes),
        timeout=timeout,
        budget=budget,
        host_rate=1000.0,
        user_agent="posture-underwriting/test (+mailto:scan@example.jp)",
    )
    gateway = Gateway(Scope(consent=given), options, lambda: NOW)
    resolver = Resolver(gateway, options)
    return Context(gateway=gateway, resolver=resolver, options=options, clock=lambda: NOW)


def route(name: str, port: int, server: Server) -> Route:
    """`name:port` is really this server."""
    return Route(name=name, port=port, to_address=LOOPBACK, to_port=server.port)
