"""Keys and records of a TLS 1.0 to 1.2 client, as far as looking needs one (RFC 5246, RFC 4346, RFC 2246).

It exists to be precise about bytes that no TLS library lets a caller choose. Primitives are `cryptography`'s.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from scanners.tls.records import Record
from scanners.tls.registry import TLS10, TLS12, suite_name
from scanners.tls.shares import generate
from scanners.tls.wire import Malformed, Reader, vector

MASTER = b"master secret"
EXPANSION = b"key expansion"
CLIENT_FINISHED = b"client finished"
SERVER_FINISHED = b"server finished"
_NAMED_CURVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a suite asks of us. `mac` is empty for authenticated encryption; `digest` is that of the PRF."""

    exchange: str
    cipher: str
    key_length: int
    iv_length: int
    mac: str
    digest: str

    @property
    def is_cbc(self) -> bool:
        return bool(self.mac)


def shape(suite: int) -> Shape | None:
    """How to speak the suite; None for one that we only name."""
    exchange, mark, rest = suite_name(suite).removeprefix("TLS_").partition("_WITH_")
    cipher, _, digest = rest.rpartition("_")
    known = _CIPHERS.get(cipher)
    if not mark or known is None or exchange not in _EXCHANGES:
        return None
    key_length, iv_length, cbc = known
    name = {"SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}.get(digest, "")
    prf = "sha384" if name == "sha384" else "sha256"
    return Shape(
        exchange=exchange,
        cipher=cipher,
        key_length=key_length,
        iv_length=iv_length,
        mac=name if cbc else "",
        digest=prf,
    )


_EXCHANGES = frozenset({"RSA", "ECDHE_RSA", "ECDHE_ECDSA", "DHE_RSA", "DHE_DSS"})
_CIPHERS = {
    "AES_128_CBC": (16, 16, True),
    "AES_256_CBC": (32, 16, True),
    "3DES_EDE_CBC": (24, 8, True),
    "AES_128_GCM": (16, 4, False),
    "AES_256_GCM": (32, 4, False),
    "CHACHA20_POLY1305": (32, 12, False),
}


def prf(version: int, digest: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudo-random function: P_hash for TLS 1.2, MD5 and SHA-1 side by side before (RFC 2246 §5)."""
    if version >= TLS12:
        return _p_hash(digest, secret, label + seed, length)
    half = (len(secret) + 1) // 2
    one = _p_hash("md5", secret[:half], label + seed, length)
    two = _p_hash("sha1", secret[-half:], label + seed, length)
    return bytes(a ^ b for a, b in zip(one, two, strict=True))


def _p_hash(digest: str, secret: bytes, seed: bytes, length: int) -> bytes:
    out, step = b"", seed
    while len(out) < length:
        step = hmac.digest(secret, step, digest)
        out += hmac.digest(secret, step + seed, digest)
    return out[:length]


class Transcript:
    """Handshake messages so far, hashed as the version wants it for Finished."""

    def __init__(self) -> None:
        self._messages = b""

    def add(self, message: bytes) -> None:
        self._messages += message

    def digest(self, version: int, name: str) -> bytes:
        if version >= TLS12:
            return hashlib.new(name, self._messages).digest()
        md5 = hashlib.md5(self._messages, usedforsecurity=False).digest()
        return md5 + hashlib.sha1(self._messages, usedforsecurity=False).digest()


def agree(kind: Shape, offered: int, leaf: bytes, key_exchange: bytes | None) -> tuple[bytes, bytes]:
    """(premaster secret, body of our ClientKeyExchange). Raises Malformed for a server's bad parameters."""
    if kind.exchange == "RSA":
        premaster = offered.to_bytes(2, "big") + os.urandom(46)
        sealed = rsa_key(leaf).encrypt(premaster, padding.PKCS1v15())
        return premaster, vector(2, sealed)
    if key_exchange is None:
        raise Malformed("no ServerKeyExchange where the suite needs one")
    reader = Reader(key_exchange)
    if kind.exchange.startswith("ECDHE"):
        return _elliptic(reader)
    return _finite_field(reader)


def rsa_key(leaf: bytes) -> rsa.RSAPublicKey:
    """The RSA key of a certificate. Raises Malformed for any other."""
    try:
        key = x509.load_der_x509_certificate(leaf).public_key()
    except ValueError:
        raise Malformed("a certificate without a readable key") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Malformed("an RSA exchange with another kind of key")
    return key


def named_group(key_exchange: bytes) -> int | None:
    """The named curve of an elliptic ServerKeyExchange; None for explicit parameters."""
    reader = Reader(key_exchange)
    return reader.number(2) if reader.number(1) == _NAMED_CURVE else None


def signed_with(kind: str, key_exchange: bytes) -> int:
    """The signature scheme of a TLS 1.2 ServerKeyExchange of a `kind` of exchange (RFC 5246 §7.4.3)."""
    reader = Reader(key_exchange)
    if kind.startswith("ECDHE"):
        if reader.number(1) != _NAMED_CURVE:
            raise Malformed("explicit curve parameters")
        reader.take(2)
        reader.vector(1)
    else:
        for _ in range(3):
            reader.vector(2)
    return reader.number(2)


def dh_parameters(key_exchange: bytes) -> tuple[int, int]:
    """(prime, generator) of a finite-field ServerKeyExchange. Raises Malformed."""
    reader = Reader(key_exchange)
    return int.from_bytes(reader.vector(2), "big"), int.from_bytes(reader.vector(2), "big")


def _elliptic(reader: Reader) -> tuple[bytes, bytes]:
    if reader.number(1) != _NAMED_CURVE:
        raise Malformed("explicit curve parameters")
    group = reader.number(2)
    share = generate(group)
    if share is None:
        raise Malformed(f"group {group} cannot be computed here")
    return share.agree(reader.vector(1)), vector(1, share.public)


def _finite_field(reader: Reader) -> tuple[bytes, bytes]:
    prime, generator, theirs = (int.from_bytes(reader.vector(2), "big") for _ in range(3))
    if not 1 < theirs < prime - 1 or prime.bit_length() > 16384:
        raise Malformed("finite-field parameters out of range")
    secret = int.from_bytes(os.urandom(32), "big")
    shared = pow(theirs, secret, prime)
    own = pow(generator, secret, prime)
    # Leading zeros are stripped before TLS 1.3 (RFC 5246 §8.1.2).
    return shared.to_bytes((shared.bit_length() + 7) // 8, "big"), vector(
        2, own.to_bytes((prime.bit_length() + 7) // 8, "big")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """One direction's keys."""

    mac: bytes
    key: bytes
    iv: bytes


def key_block(kind: Shape, version: int, master: bytes, randoms: bytes) -> tuple[Keys, Keys]:
    """(client's keys, server's keys). `randoms` is the server's random, then the client's."""
    mac_length = hashlib.new(kind.mac).digest_size if kind.mac else 0
    # From TLS 1.1 on the IV of a CBC record travels with it.
    iv_length = 0 if kind.is_cbc and version > TLS10 else kind.iv_length
    sizes = [mac_length, mac_length, kind.key_length, kind.key_length, iv_length, iv_length]
    reader = Reader(prf(version, kind.digest, master, EXPANSION, randoms, sum(sizes)))
    macs, keys, ivs = (
        [reader.take(size) for size in pair] for pair in zip(sizes[::2], sizes[1::2], strict=True)
    )
    client, server = (Keys(mac=m, key=k, iv=i) for m, k, i in zip(macs, keys, ivs, strict=True))
    return client, server


#: Spoils a record on purpose: gets content with MAC, and the padding that belongs to it; returns both.
Spoiler = Callable[[bytes, bytes], tuple[bytes, bytes]]


class Protection:
    """Record protection in one direction. `spoil` of `seal` is for asking how a server treats bad records."""

    def __init__(self, kind: Shape, version: int, keys: Keys) -> None:
        self._kind = kind
        self._version = version
        self._keys = keys
        self._sequence = 0
        self._last = keys.iv

    def seal(self, record_kind: int, body: bytes, spoil: Spoiler | None = None) -> Record:
        header = self._header(record_kind)
        sealed = self._seal_cbc(header, body, spoil) if self._kind.is_cbc else self._seal_aead(header, body)
        return Record(kind=record_kind, version=self._version, body=sealed)

    def open(self, record: Record) -> Record:
        """Raises Malformed for a record that does not authenticate."""
        header = self._header(record.kind)
        body = (
            self._open_cbc(header, record.body) if self._kind.is_cbc else self._open_aead(header, record.body)
        )
        return Record(kind=record.kind, version=record.version, body=body)

    def _header(self, kind: int) -> bytes:
        header = self._sequence.to_bytes(8, "big") + bytes([kind]) + self._version.to_bytes(2, "big")
        self._sequence += 1
        return header

    def _mac(self, header: bytes, body: bytes) -> bytes:
        return hmac.digest(self._keys.mac, header + vector(2, body), self._kind.mac)

    def _cbc(self, iv: bytes) -> "Cipher[CBC]":
        algorithm: CipherAlgorithm = (
            TripleDES(self._keys.key) if self._kind.cipher.startswith("3DES") else AES(self._keys.key)
        )
        return Cipher(algorithm, CBC(iv))

    def _seal_cbc(self, header: bytes, body: bytes, spoil: Spoiler | None) -> bytes:
        block = self._kind.iv_length
        content = body + self._mac(header, body)
        # Two blocks of padding, so that there are padding bytes beside the length to be spoilt.
        count = block * 2 - 1 - len(content) % block
        pad = bytes([count]) * (count + 1)
        if spoil is not None:
            content, pad = spoil(content, pad)
        iv = self._last if self._version <= TLS10 else os.urandom(block)
        encryptor = self._cbc(iv).encryptor()
        sealed = encryptor.update(content + pad) + encryptor.finalize()
        self._last = sealed[-block:]
        return sealed if self._version <= TLS10 else iv + sealed

    def _open_cbc(self, header: bytes, body: bytes) -> bytes:
        block = self._kind.iv_length
        iv, sealed = (self._last, body) if self._version <= TLS10 else (body[:block], body[block:])
        if not sealed or len(sealed) % block or len(iv) != block:
            raise Malformed("a record that is no whole number of blocks")
        self._last = sealed[-block:]
        decryptor = self._cbc(iv).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        size = hashlib.new(self._kind.mac).digest_size
        content = plain[: max(0, len(plain) - plain[-1] - 1)]
        text, mac = content[:-size], content[-size:]
        if not hmac.compare_digest(mac, self._mac(header, text)):
            raise Malformed("a protected record that does not authenticate")
        return text

    def _seal_aead(self, header: bytes, body: bytes) -> bytes:
        explicit = header[:8] if self._kind.iv_length == 4 else b""
        return explicit + self._aead().encrypt(self._nonce(header, explicit), body, header + _length(body))

    def _open_aead(self, header: bytes, body: bytes) -> bytes:
        cut = 8 if self._kind.iv_length == 4 else 0
        sealed = body[cut:]
        nonce = self._nonce(header, body[:cut])
        try:
            return self._aead().decrypt(nonce, sealed, header + max(0, len(sealed) - 16).to_bytes(2, "big"))
        except (InvalidTag, ValueError):
            raise Malformed("a protected record that does not authenticate") from None

    def _aead(self) -> AESGCM | ChaCha20Poly1305:
        return AESGCM(self._keys.key) if self._kind.iv_length == 4 else ChaCha20Poly1305(self._keys.key)

    def _nonce(self, header: bytes, explicit: bytes) -> bytes:
        if explicit:
            return self._keys.iv + explicit
        number = int.from_bytes(self._keys.iv, "big") ^ int.from_bytes(header[:8], "big")
        return number.to_bytes(12, "big")


def _length(body: bytes) -> bytes:
    return len(body).to_bytes(2, "big")
