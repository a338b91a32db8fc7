"""ClientHello, written byte by byte, and the server's messages of the first flight, read likewise.

RFC 8446 §4.1 (TLS 1.3), RFC 5246 §7.4 (TLS 1.2 and before), RFC 6101 §5.6 (SSL 3.0).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from scanners.tls import registry
from scanners.tls.records import HANDSHAKE, Record
from scanners.tls.wire import Malformed, Reader, numbers, vector

CLIENT_HELLO = 1
SERVER_HELLO = 2
NEW_SESSION_TICKET = 4
ENCRYPTED_EXTENSIONS = 8
CERTIFICATE = 11
SERVER_KEY_EXCHANGE = 12
CERTIFICATE_REQUEST = 13
SERVER_HELLO_DONE = 14
CERTIFICATE_VERIFY = 15
FINISHED = 20
CERTIFICATE_STATUS = 22
MESSAGE_HASH = 254

EXT_SERVER_NAME = 0
EXT_STATUS_REQUEST = 5
EXT_GROUPS = 10
EXT_POINT_FORMATS = 11
EXT_SIGNATURE_ALGORITHMS = 13
EXT_HEARTBEAT = 15
EXT_ALPN = 16
EXT_SCT = 18
EXT_PADDING = 21
EXT_ENCRYPT_THEN_MAC = 22
EXT_EXTENDED_MASTER_SECRET = 23
EXT_SESSION_TICKET = 35
EXT_PRE_SHARED_KEY = 41
EXT_EARLY_DATA = 42
EXT_SUPPORTED_VERSIONS = 43
EXT_COOKIE = 44
EXT_PSK_MODES = 45
EXT_KEY_SHARE = 51
EXT_RENEGOTIATION_INFO = 0xFF01

#: The random of a HelloRetryRequest: SHA-256 of those very words (RFC 8446 §4.1.3).
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
#: Ends of a random by which a TLS 1.3 server shows that it was pushed down (RFC 8446 §4.1.3).
DOWNGRADE_SENTINELS = (b"DOWNGRD\x01", b"DOWNGRD\x00")

#: Old F5 devices never answer hellos of 256 to 511 bytes (RFC 7685 §1).
_PADDED = range(256, 512)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """What we offer. `version` is the legacy field; `versions` the supported_versions extension, if any.

    `shares` are (group, public key) pairs; an empty tuple with `versions` asks for a HelloRetryRequest.
    `extra` holds further extensions as (type, body), written last but for padding.
    """

    version: int
    suites: tuple[int, ...]
    server_name: str | None = None
    versions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    schemes: tuple[int, ...] = ()
    shares: tuple[tuple[int, bytes], ...] = ()
    extra: tuple[tuple[int, bytes], ...] = ()
    compressions: tuple[int, ...] = (0,)
    session_id: bytes = b""
    random: bytes = field(default_factory=lambda: os.urandom(32))

    def message(self) -> bytes:
        """The handshake message, without a record round it."""
        body = self.version.to_bytes(2, "big") + self.random + vector(1, self.session_id)
        body += vector(2, numbers(2, self.suites)) + vector(1, bytes(self.compressions))
        if self.version > registry.SSL3:
            body += vector(2, self._padded(self._extensions(), len(body) + 6))
        return bytes([CLIENT_HELLO]) + vector(3, body)

    def record(self) -> bytes:
        """The message in one record of the oldest version that its protocol allows (RFC 8446 §5.1)."""
        version = min(self.version, registry.TLS10)
        return Record(kind=HANDSHAKE, version=version, body=self.message()).encode()

    def _extensions(self) -> bytes:
        out = b""
        if self.server_name is not None:
            out += _extension(EXT_SERVER_NAME, vector(2, b"\0" + vector(2, self.server_name.encode())))
        if self.groups:
            out += _extension(EXT_GROUPS, vector(2, numbers(2, self.groups)))
            out += _extension(EXT_POINT_FORMATS, vector(1, b"\0"))
        if self.schemes:
            out += _extension(EXT_SIGNATURE_ALGORITHMS, vector(2, numbers(2, self.schemes)))
        if self.versions:
            out += _extension(EXT_SUPPORTED_VERSIONS, vector(1, numbers(2, self.versions)))
            shares = b"".join(group.to_bytes(2, "big") + vector(2, key) for group, key in self.shares)
            out += _extension(EXT_KEY_SHARE, vector(2, shares))
        return out + b"".join(_extension(kind, body) for kind, body in self.extra)

    def _padded(self, extensions: bytes, before: int) -> bytes:
        length = before + len(extensions)
        # A pre-shared key has to stand last (RFC 8446 §4.2.11), so such a hello is left as it is.
        if length not in _PADDED or any(kind == EXT_PRE_SHARED_KEY for kind, _ in self.extra):
            return extensions
        return extensions + _extension(EXT_PADDING, bytes(max(0, 512 - length - 4)))


def _extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHello:
    """What the server chose. `version` is the negotiated one, wherever it stood."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: Mapping[int, bytes]

    @property
    def is_retry(self) -> bool:
        """Whether this is a HelloRetryRequest."""
        return self.random == RETRY_RANDOM

    @property
    def share(self) -> tuple[int, bytes] | None:
        """The server's key share as (group, public key); of a HelloRetryRequest the group alone."""
        body = self.extensions.get(EXT_KEY_SHARE)
        if body is None:
            return None
        reader = Reader(body)
        group = reader.number(2)
        return group, b"" if self.is_retry else reader.vector(2)


def read_server_hello(body: bytes) -> ServerHello:
    """Parse a ServerHello or HelloRetryRequest. Raises Malformed."""
    reader = Reader(body)
    version = reader.number(2)
    random = reader.take(32)
    session_id = reader.vector(1)
    suite = reader.number(2)
    compression = reader.number(1)
    extensions = read_extensions(Reader(reader.vector(2))) if len(reader) else {}
    selected = extensions.get(EXT_SUPPORTED_VERSIONS)
    if selected is not None:
        version = Reader(selected).number(2)
    if version not in registry.PROTOCOL_NAMES:
        raise Malformed(f"the server chose version 0x{version:04x}")
    return ServerHello(
        version=version,
        random=random,
        session_id=session_id,
        suite=suite,
        compression=compression,
        extensions=extensions,
    )


def read_extensions(reader: Reader) -> dict[int, bytes]:
    """Extensions by type. Raises Malformed, also for one that comes twice (RFC 8446 §4.2)."""
    found: dict[int, bytes] = {}
    while len(reader):
        kind = reader.number(2)
        if kind in found:
            raise Malformed(f"extension {kind} comes twice")
        found[kind] = reader.vector(2)
    return found


def read_certificates(body: bytes) -> tuple[bytes, ...]:
    """The chain (DER) of a Certificate message of TLS 1.2 and before. Raises Malformed."""
    reader = Reader(Reader(body).vector(3))
    chain = []
    while len(reader):
        chain.append(reader.vector(3))
    return tuple(chain)


def read_certificates_13(body: bytes) -> tuple[tuple[bytes, Mapping[int, bytes]], ...]:
    """The chain of a TLS 1.3 Certificate message, each with its extensions. Raises Malformed."""
    outer = Reader(body)
    outer.vector(1)
    reader = Reader(outer.vector(3))
    chain = []
    while len(reader):
        certificate = reader.vector(3)
        chain.append((certificate, read_extensions(Reader(reader.vector(2)))))
    return tuple(chain)


def read_status(body: bytes) -> bytes:
    """The OCSP response of a CertificateStatus (RFC 6066 §8). Raises Malformed."""
    reader = Reader(body)
    if reader.number(1) != 1:
        raise Malformed("a certificate status that is no OCSP response")
    return reader.vector(3)
