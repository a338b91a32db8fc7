"""An SSH session as far as its protected packets: key exchange and keys (RFC 4253 §6–8, RFC 8731, RFC 5656).

The server's signature over the exchange is not checked: nothing that follows is secret, and whom we talk to
is told by the address, as for every other question. One exchange and one cipher that both sides know are
offered; a server that knows none of ours is not asked further.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_p256
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.services import ssh
from scanners.services.ssh import LARGEST, Offer, garbage, string

NEWKEYS: Final = 21
_BLOCK: Final = 16
_TAG: Final = 16
#: Exchanges of ours in the order we prefer them, ciphers with the length of their keys, MACs with their hash.
EXCHANGES: Final = ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")
CIPHERS: Final = {
    "aes128-gcm@openssh.com": 16,
    "aes256-gcm@openssh.com": 32,
    "aes128-ctr": 16,
    "aes256-ctr": 32,
}
MACS: Final = {"hmac-sha2-256": "sha256", "hmac-sha2-512": "sha512", "hmac-sha1": "sha1"}
_AEAD: Final = "gcm@"

Take = Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What both sides know: exchange, host key algorithm, cipher and MAC, the same in both directions."""

    exchange: str
    host_key: str
    cipher: str
    mac: str


def choose(offer: Offer) -> Choice | None:
    """Our first choice of what the server offers; None where it offers nothing that we know."""
    exchange = next((name for name in EXCHANGES if name in offer.exchanges), None)
    cipher = _common(CIPHERS, offer.lists[2:4])
    mac = _common(MACS, offer.lists[4:6])
    plain = all("none" in names for names in offer.lists[6:8])
    if exchange is None or cipher is None or not offer.host_keys or not plain:
        return None
    if mac is None and _AEAD not in cipher:
        return None
    named = mac or next(
        iter(offer.lists[4]), ""
    )  # the cipher authenticates by itself; a name is wanted all the same
    return Choice(exchange=exchange, host_key=offer.host_keys[0], cipher=cipher, mac=named)


def _common(
    ours: Sequence[str] | dict[str, int] | dict[str, str], theirs: Sequence[Sequence[str]]
) -> str | None:
    return next((name for name in ours if all(name in names for names in theirs)), None)


def proposal(choice: Choice) -> bytes:
    """Our KEXINIT, which leaves no choice."""
    both = [(choice.cipher,)] * 2 + [(choice.mac,)] * 2 + [("none",)] * 2
    return ssh.proposal([(choice.exchange,), (choice.host_key,), *both, (), ()])


class Secret(Protocol):
    """Our half of a key exchange."""

    public: bytes

    def shared(self, theirs: bytes) -> int:
        """The common secret. Raises ValueError for a public value that is none."""


class _Curve25519:
    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def shared(self, theirs: bytes) -> int:
        return int.from_bytes(self._key.exchange(X25519PublicKey.from_public_bytes(theirs)), "big")


class _P256:
    def __init__(self) -> None:
        self._key = generate_p256(SECP256R1())
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def shared(self, theirs: bytes) -> int:
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs)
        return int.from_bytes(self._key.exchange(ECDH(), point), "big")


def secret(exchange: str) -> Secret:
    """A new half of the exchange; all of ours hash with SHA-256."""
    return _P256() if exchange == "ecdh-sha2-nistp256" else _Curve25519()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The secret, as an mpint (RFC 4251 §5), and the hash over the exchange."""

    mpint: bytes
    digest: bytes

    def derive(self, letter: str, length: int) -> bytes:
        """Key material (RFC 4253 §7.2); the session is the exchange's own."""
        found = b""
        while len(found) < length:
            rest = found or letter.encode("ascii") + self.digest
            found += hashlib.sha256(self.mpint + self.digest + rest).digest()
        return found[:length]


def agree(said: Sequence[bytes], shared: int) -> Agreed:
    """The result of an exchange, of which `said` are the eight strings' first seven (RFC 5656 §4)."""
    mpint = string(shared.to_bytes(shared.bit_length() // 8 + 1, "big") if shared else b"")
    return Agreed(mpint=mpint, digest=hashlib.sha256(b"".join(map(string, said)) + mpint).digest())


class Direction(Protocol):
    """Protected packets of one direction."""

    def seal(self, payload: bytes) -> bytes:
        """The packet on the wire."""

    async def open(self, take: Take) -> bytes:
        """The payload of the next packet. Raises NetFailure(protocol-garbage) for one that is not sound."""


def direction(choice: Choice, agreed: Agreed, letters: str, sequence: int) -> Direction:
    """Packets from number `sequence` on; `letters` name IV, key and MAC key (ACE from us, BDF to us)."""
    key = agreed.derive(letters[1], CIPHERS[choice.cipher])
    if _AEAD in choice.cipher:
        return _Gcm(key, agreed.derive(letters[0], 12))
    name = MACS[choice.mac]
    mac_key = agreed.derive(letters[2], hashlib.new(name).digest_size)
    return _Ctr(key, agreed.derive(letters[0], _BLOCK), name, mac_key, sequence)


class _Gcm:
    """RFC 5647 as OpenSSH does it: the length is in the clear and authenticated."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._cipher = AESGCM(key)
        self._fixed, self._count = nonce[:4], int.from_bytes(nonce[4:], "big")

    def seal(self, payload: bytes) -> bytes:
        body = _padded(payload, counted=0)
        length = len(body).to_bytes(4, "big")
        return length + self._cipher.encrypt(self._nonce(), body, length)

    async def open(self, take: Take) -> bytes:
        length = await take(4)
        body = await take(_sound(length) + _TAG)
        try:
            return _payload(self._cipher.decrypt(self._nonce(), body, length))
        except InvalidTag:
            raise garbage("a packet that was not made with our keys") from None

    def _nonce(self) -> bytes:
        nonce = self._fixed + self._count.to_bytes(8, "big")
        self._count = (self._count + 1) % 2**64
        return nonce


class _Ctr:
    """RFC 4344 §4 with a MAC over the plain packet (RFC 4253 §6.4)."""

    def __init__(self, key: bytes, start: bytes, mac: str, mac_key: bytes, sequence: int) -> None:
        self._stream = Cipher(AES(key), CTR(start)).encryptor()  # counter mode undoes itself
        self._mac, self._mac_key, self._sequence = mac, mac_key, sequence

    def seal(self, payload: bytes) -> bytes:
        body = _padded(payload, counted=4)
        packet = len(body).to_bytes(4, "big") + body
        return self._stream.update(packet) + self._tag(packet)

    async def open(self, take: Take) -> bytes:
        start = self._stream.update(await take(_BLOCK))
        rest = self._stream.update(await take(_sound(start[:4]) + 4 - _BLOCK))
        sent = await take(hashlib.new(self._mac).digest_size)
        if not hmac.compare_digest(self._tag(start + rest), sent):
            raise garbage("a packet that was not made with our keys")
        return _payload((start + rest)[4:])

    def _tag(self, packet: bytes) -> bytes:
        number = self._sequence.to_bytes(4, "big")
        self._sequence = (self._sequence + 1) % 2**32
        return hmac.digest(self._mac_key, number + packet, self._mac)


def _padded(payload: bytes, *, counted: int) -> bytes:
    """Padding length, payload, at least four of padding (RFC 4253 §6), after `counted` bytes of length."""
    padding = _BLOCK - (counted + 1 + len(payload)) % _BLOCK
    padding += _BLOCK if padding < 4 else 0
    return bytes([padding]) + payload + bytes(padding)


def _sound(length: bytes) -> int:
    size = int.from_bytes(length, "big")
    if not _BLOCK - 4 <= size <= LARGEST:
        raise garbage("a packet of a size that none has")
    return size


def _payload(body: bytes) -> bytes:
    if body[0] >= len(body) - 1:
        raise garbage("a packet that is all padding")
    return body[1 : len(body) - body[0]]
