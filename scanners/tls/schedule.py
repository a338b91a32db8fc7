"""The TLS 1.3 key schedule and record protection (RFC 8446 §5.2, §7.1), primitives from `cryptography`."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from scanners.tls.hello import MESSAGE_HASH
from scanners.tls.records import APPLICATION_DATA, Record
from scanners.tls.registry import TLS12
from scanners.tls.wire import Malformed, vector


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    digest: str
    key_length: int
    aead: Callable[[bytes], _Aead]


_SUITES = {
    0x1301: _Suite(digest="sha256", key_length=16, aead=AESGCM),
    0x1302: _Suite(digest="sha384", key_length=32, aead=AESGCM),
    0x1303: _Suite(digest="sha256", key_length=32, aead=ChaCha20Poly1305),
    0x1304: _Suite(digest="sha256", key_length=16, aead=AESCCM),
    0x1305: _Suite(digest="sha256", key_length=16, aead=lambda key: AESCCM(key, tag_length=8)),
}


def computable(suite: int) -> bool:
    """Whether we can speak the suite, not only name it."""
    return suite in _SUITES


class Protector:
    """One direction's record protection with its sequence number."""

    __slots__ = ("_aead", "_iv", "_sequence")

    def __init__(self, aead: _Aead, iv: bytes) -> None:
        self._aead = aead
        self._iv = iv
        self._sequence = 0

    def open(self, record: Record) -> Record:
        """The record inside a protected one. Raises Malformed when it does not authenticate."""
        header = record.encode()[:5]
        try:
            plain = self._aead.decrypt(self._nonce(), record.body, header)
        except (InvalidTag, ValueError):
            raise Malformed("a protected record that does not authenticate") from None
        inner = plain.rstrip(b"\0")
        if not inner:
            raise Malformed("a protected record without content")
        return Record(kind=inner[-1], version=record.version, body=inner[:-1])

    def seal(self, kind: int, body: bytes) -> Record:
        """A protected record holding `body`."""
        inner = body + bytes([kind])
        header = bytes([APPLICATION_DATA, 3, 3]) + (len(inner) + 16).to_bytes(2, "big")
        sealed = self._aead.encrypt(self._nonce(), inner, header)
        return Record(kind=APPLICATION_DATA, version=TLS12, body=sealed)

    def _nonce(self) -> bytes:
        number = int.from_bytes(self._iv, "big") ^ self._sequence
        self._sequence += 1
        return number.to_bytes(len(self._iv), "big")


class Schedule:
    """Secrets of one TLS 1.3 handshake; `transcript` collects its messages as they pass."""

    def __init__(self, suite: int) -> None:
        self._suite = _SUITES[suite]
        self._transcript = hashlib.new(self._suite.digest)
        self._secret = self._extract(bytes(self._length), bytes(self._length))

    @property
    def _length(self) -> int:
        return hashlib.new(self._suite.digest).digest_size

    def add(self, message: bytes) -> None:
        """Add a handshake message to the transcript."""
        self._transcript.update(message)

    def retry(self) -> None:
        """Put the hash of the first hello in its place, as a HelloRetryRequest asks (RFC 8446 §4.4.1)."""
        digest = self._transcript.digest()
        self._transcript = hashlib.new(self._suite.digest)
        self.add(bytes([MESSAGE_HASH]) + vector(3, digest))

    def transcript(self) -> bytes:
        """Hash of all messages so far."""
        return self._transcript.copy().digest()

    def agreed(self, shared: bytes) -> tuple[bytes, bytes]:
        """(client, server) handshake traffic secrets, after the ServerHello was added."""
        empty = hashlib.new(self._suite.digest).digest()
        self._secret = self._extract(self._expand(self._secret, b"derived", empty), shared)
        here = self.transcript()
        return self._expand(self._secret, b"c hs traffic", here), self._expand(
            self._secret, b"s hs traffic", here
        )

    def application(self) -> bytes:
        """The server's first application traffic secret, after its Finished was added."""
        empty = hashlib.new(self._suite.digest).digest()
        master = self._extract(self._expand(self._secret, b"derived", empty), bytes(self._length))
        return self._expand(master, b"s ap traffic", self.transcript())

    def protector(self, secret: bytes) -> Protector:
        """Record protection under a traffic secret."""
        key = self._expand(secret, b"key", b"", self._suite.key_length)
        return Protector(self._suite.aead(key), self._expand(secret, b"iv", b"", 12))

    def finished(self, secret: bytes) -> bytes:
        """The verify_data of a Finished message at this point of the transcript."""
        key = self._expand(secret, b"finished", b"")
        return hmac.digest(key, self.transcript(), self._suite.digest)

    def _extract(self, salt: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt, secret, self._suite.digest)

    def _expand(self, secret: bytes, label: bytes, context: bytes, length: int | None = None) -> bytes:
        wanted = self._length if length is None else length
        info = wanted.to_bytes(2, "big") + vector(1, b"tls13 " + label) + vector(1, context)
        # One block is enough: nothing here is longer than the hash (RFC 5869 §2.3).
        return hmac.digest(secret, info + b"\1", self._suite.digest)[:wanted]
