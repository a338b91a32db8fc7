"""TLS servers for tests: real ones (openssl, nginx), ones that answer with canned bytes, their papers."""

import asyncio
import re
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from posture.core.consent import Consent, Granter, Technique
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Seen
from posture.core.scope import Provider, Scope
from posture.core.targets import Target
from scanners import tls
from scanners.context import Context, Options
from scanners.net.gateway import Gateway
from scanners.tls.hello import read_extensions
from scanners.tls.wire import Reader, vector
from tests.support.free_ports import free_port
from tests.support.tools import require_tool

NAME = "www.example.com"
NOW = datetime.now(UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(
    common_name: str,
    issuer: Paper | None = None,
    *,
    names: Sequence[str] = (),
    key: Key | None = None,
    authority: bool = False,
    organisation: str | None = None,
    starts: timedelta = timedelta(days=-10),
    ends: timedelta = timedelta(days=80),
    digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
    usages: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.SERVER_AUTH,),
    fetchable: bool = False,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Paper:
    """A certificate; without an issuer it signs itself. `names` may be DNS names and addresses."""
    own: Key = key or ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name, organisation)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + starts)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        )
    if usages and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
    if fetchable:
        place = x509.UniformResourceIdentifier("http://ca.example/issuer.der")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    signed = builder.sign(issuer.key if issuer else own, digest or hashes.SHA256())
    return Paper(certificate=signed, key=own)


def _name(common_name: str, organisation: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server on loopback, and the folder its papers lie in."""

    address: str
    port: int
    folder: Path


@contextmanager
def openssl(
    leaf: Paper, *arguments: str, chain: Sequence[Paper] = (), bare: bool = False
) -> Iterator[Server]:
    """`openssl s_server` with these arguments. `bare` leaves out `-www`, so that it only shakes hands."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "leaf.pem").write_bytes(leaf.pem)
        (folder / "key.pem").write_bytes(leaf.key_pem)
        (folder / "chain.pem").write_bytes(b"".join(each.pem for each in chain))
        command = [require_tool("openssl"), "s_server", "-accept", "127.0.0.1:0"]
        command += ["-cert", "leaf.pem", "-key", "key.pem"]
        command += ["-cert_chain", "chain.pem"] if chain else []
        command += [*(() if bare else ("-www",)), *arguments]
        with running(command, folder, re.compile(rb"ACCEPT [^\n]*:(\d+)")) as port:
            yield Server(address="127.0.0.1", port=port, folder=folder)


@contextmanager
def running(command: Sequence[str], folder: Path, ready: "re.Pattern[bytes]") -> Iterator[int]:
    """The process, once it has printed the port it listens on."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        said = b""
        while not (match := ready.search(said)):
            said += _read(process, said)
        drain = threading.Thread(target=process.stdout.read if process.stdout else said.strip, daemon=True)
        drain.start()
        yield int(match[1])
        process.kill()
        drain.join(10)
    finally:
        process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _read(process: "subprocess.Popen[bytes]", said: bytes) -> bytes:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], 20)
    data = process.stdout.read1(4096) if readable else b""  # type: ignore[attr-defined]
    assert data, f"the server did not start: {said.decode(errors='replace')}"
    return bytes(data)


@contextmanager
def nginx(leaf: Paper, *directives: str, chain: Sequence[Paper] = ()) -> Iterator[Server]:
    """nginx with these directives in its server block."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "leaf.pem").write_bytes(leaf.pem + b"".join(each.pem for each in chain))
        (folder / "key.pem").write_bytes(leaf.key_pem)
        port = free_port()
        (folder / "nginx.conf").write_text(
            _NGINX.format(folder=folder, port=port, more="\n".join(directives))
        )
        command = [require_tool("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
        process = subprocess.Popen(command, cwd=folder)
        try:
            _wait_for(port)
            yield Server(address="127.0.0.1", port=port, folder=folder)
        finally:
            process.terminate()
            process.wait(10)


_NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fast;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} ssl; server_name www.example.com;
    ssl_certificate leaf.pem; ssl_certificate_key key.pem;
    {more}
    location / {{ return 204; }}
  }}
}}
"""


def _wait_for(port: int) -> None:
    import socket

    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        else:
            return


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def canned(handler: Handler) -> Any:
    """A server on loopback that treats each connection as the handler says."""
    folder = Path()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (own := asyncio.current_task()) is not None:
            serving.add(own)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # asyncio's own callback of 3.11 trips over a cancelled task and leaks its socket
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Server(address="127.0.0.1", port=server.sockets[0].getsockname()[1], folder=folder)
    finally:
        # What was sent last is still read, and what was accepted last still becomes a transport.
        await asyncio.sleep(0.02)
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close their sockets in the loop's next round


def context(
    *,
    trusted: Sequence[Paper] = (),
    folder: Path | None = None,
    providers: tuple[Provider, ...] = (),
    networks: Sequence[str] = ("127.0.0.0/8",),
    **options: Any,
) -> Context:
    """A scan context that may look at everything on loopback."""
    if folder is not None:
        store = folder / "store.pem"
        store.write_bytes(b"".join(each.pem for each in trusted) or _NOBODY.pem)
        options["trust_store"] = store
    chosen = Options(
        **{"timeout": 2.0, "host_rate": 5000.0, "greeting": options.get("timeout", 2.0) * 2, **options}
    )
    consent = Consent(
        applicant="Example",
        domains=("example.com",),
        networks=tuple(ip_network(each) for each in networks),
        excluded_names=(),
        excluded_networks=(),
        techniques=frozenset(Technique),
        ports="1-65535",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=1),
        granted_by=Granter(name="A", title="B", email="a@example.com"),
    )

    def clock() -> datetime:
        return datetime.now(UTC)

    gateway = Gateway(Scope(consent=consent, providers=providers), chosen, clock)
    return Context(gateway=gateway, resolver=None, options=chosen, clock=clock)  # type: ignore[arg-type]


_NOBODY = issue("Nobody's Authority", authority=True)


async def observe(
    server: Server,
    scan: Context,
    *,
    name: str | None = NAME,
    starttls: str | None = None,
    contact_why: str | None = None,
) -> Observation[TlsEndpoint]:
    """Scan one server."""
    target = Target(name=name, address=server.address, port=server.port)
    endpoint = tls.TlsTarget(target=target, starttls=starttls, contact_why=contact_why)
    (seen,) = await tls.scan(scan, [endpoint])
    assert not scan.faults, scan.faults
    return seen


def fact(observation: Observation[TlsEndpoint]) -> TlsEndpoint:
    """The value of a seen observation."""
    assert isinstance(observation.result, Seen), observation.result
    return observation.result.value


def gaps(observation: Observation[TlsEndpoint]) -> dict[str, str]:
    """Reasons by path."""
    assert isinstance(observation.result, Seen), observation.result
    return {gap.path: gap.reason.value for gap in observation.result.gaps}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a client's hello holds, as far as the scripted server reads it."""

    version: int
    suites: tuple[int, ...]
    extensions: dict[int, bytes]


async def read_hello(reader: asyncio.StreamReader) -> Offer | None:
    """The client's hello from one record; None for an SSL 2.0 hello, whose bytes are consumed."""
    head = await reader.readexactly(5)
    if head[0] & 0x80:
        await reader.readexactly(int.from_bytes(head[:2], "big") - 0x8000 - 3)
        return None
    body = Reader(await reader.readexactly(int.from_bytes(head[3:], "big")))
    body.take(4)
    version = body.number(2)
    body.take(32)
    body.vector(1)
    raw = Reader(body.vector(2))
    suites = tuple(raw.number(2) for _ in range(len(raw) // 2))
    body.vector(1)
    return Offer(
        version=version,
        suites=suites,
        extensions=read_extensions(Reader(body.vector(2))) if len(body) else {},
    )


def server_flight(version: int, suite: int, ders: Sequence[bytes], *, more: bytes = b"") -> bytes:
    """ServerHello, Certificate, what `more` holds, and ServerHelloDone (SSL 3.0 to TLS 1.2) in one record."""
    hello = version.to_bytes(2, "big") + bytes(32) + b"\0" + suite.to_bytes(2, "big") + b"\0"
    chain = vector(3, b"".join(vector(3, der) for der in ders))
    messages = message(2, hello) + message(11, chain) + more + message(14, b"")
    return record(22, version, messages)


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def record(kind: int, version: int, body: bytes) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + vector(2, body)


def alert(description: int, version: int = 0x0301, level: int = 2) -> bytes:
    return record(21, version, bytes([level, description]))


def scripted(
    suites: Mapping[int, Sequence[int]],
    der: bytes,
    *,
    more: bytes = b"",
    kinds: Sequence[int] = (),
    refuse: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None,
    client_decides: bool = False,
) -> Handler:
    """A server that speaks what no library will: suites by version in its order, and SSL 2.0 kinds.

    It follows hellos up to ServerHelloDone, before which stands `more`. `refuse` says no in its own way
    instead of with an alert.
    """

    async def say_no(writer: asyncio.StreamWriter) -> None:
        if refuse is None:
            writer.write(alert(40))
            await writer.drain()
        else:
            await refuse(writer)

    def answer(offer: Offer | None) -> bytes | None:
        if offer is None:
            return ssl2_hello(kinds, der) if kinds else None
        version = max((each for each in suites if each <= offer.version), default=0)
        own = suites.get(version, ())
        order = [suite for suite in offer.suites if suite in own] if client_decides else own
        chosen = next((suite for suite in order if suite in offer.suites), None)
        return None if chosen is None else server_flight(version, chosen, [der], more=more)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = answer(await read_hello(reader))
        if said is None:
            await say_no(writer)
        else:
            writer.write(said)
            await writer.drain()
            await reader.read()

    return handler


def ssl2_hello(kinds: Sequence[int], der: bytes) -> bytes:
    """An SSL 2.0 SERVER-HELLO in its record."""
    raw = b"".join(kind.to_bytes(3, "big") for kind in kinds)
    lengths = b"".join(len(part).to_bytes(2, "big") for part in (der, raw, bytes(16)))
    body = b"\4\0\1\0\2" + lengths + der + raw + bytes(16)
    return (0x8000 | len(body)).to_bytes(2, "big") + body
