"""Key shares of TLS 1.3 groups: elliptic, finite-field, and the post-quantum hybrids.

RFC 8446 §4.2.8, RFC 7919, RFC 8734, draft-ietf-tls-ecdhe-mlkem. Raises Malformed for a peer's bad key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from secrets import randbits
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanners.tls.wire import Malformed

T = TypeVar("T")

SECP256R1, SECP384R1, SECP521R1 = 23, 24, 25
X25519, X448 = 29, 30
SECP256R1_MLKEM768, X25519_MLKEM768, SECP384R1_MLKEM1024 = 4587, 4588, 4589

_CURVES: dict[int, type[ec.EllipticCurve]] = {
    SECP256R1: ec.SECP256R1,
    SECP384R1: ec.SECP384R1,
    SECP521R1: ec.SECP521R1,
    31: ec.BrainpoolP256R1,
    32: ec.BrainpoolP384R1,
    33: ec.BrainpoolP512R1,
}
#: Bits and the last term of each safe prime of RFC 7919 appendix A.
_FFDHE = {256: (2048, 560316), 257: (3072, 2625351), 258: (4096, 5736041), 259: (6144, 15705020)}
_FFDHE |= {260: (8192, 10965728)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Our half: `public` goes on the wire, `agree` turns the server's half into the shared secret."""

    group: int
    public: bytes
    agree: Callable[[bytes], bytes]


def generate(group: int) -> Share | None:
    """A fresh share for the group; None for groups that we can name but not compute."""
    if group in _FFDHE:
        return _finite_field(group)
    maker = _MAKERS.get(group)
    try:
        return maker(group) if maker else None
    except UnsupportedAlgorithm:
        return None


def _elliptic(group: int) -> Share:
    curve = _CURVES[group]()
    private = ec.generate_private_key(curve)

    def agree(peer: bytes) -> bytes:
        public = _checked(lambda: ec.EllipticCurvePublicKey.from_encoded_point(curve, peer))
        return private.exchange(ec.ECDH(), public)

    raw = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Share(group=group, public=raw, agree=agree)


def _x25519(group: int) -> Share:
    private = x25519.X25519PrivateKey.generate()

    def agree(peer: bytes) -> bytes:
        return _checked(lambda: private.exchange(x25519.X25519PublicKey.from_public_bytes(peer)))

    return Share(group=group, public=private.public_key().public_bytes_raw(), agree=agree)


def _x448(group: int) -> Share:
    private = x448.X448PrivateKey.generate()

    def agree(peer: bytes) -> bytes:
        return _checked(lambda: private.exchange(x448.X448PublicKey.from_public_bytes(peer)))

    return Share(group=group, public=private.public_key().public_bytes_raw(), agree=agree)


def _finite_field(group: int) -> Share:
    prime = ffdhe_prime(group)
    size = prime.bit_length() // 8
    secret = randbits(256) | 1 << 255  # RFC 7919 §5.2: 225 bits and more are enough for every group

    def agree(peer: bytes) -> bytes:
        value = int.from_bytes(peer, "big")
        if len(peer) != size or not 1 < value < prime - 1:
            raise Malformed("a finite-field share out of range")
        return pow(value, secret, prime).to_bytes(size, "big")

    return Share(group=group, public=pow(2, secret, prime).to_bytes(size, "big"), agree=agree)


@cache
def ffdhe_prime(group: int) -> int:
    """The safe prime of an ffdhe group: 2^b - 2^(b-64) + (floor(2^(b-130)·e) + X)·2^64 - 1."""
    bits, last = _FFDHE[group]
    scale = bits - 130 + 64
    total, term, n = 0, 1 << scale, 1
    while term:
        total += term
        term //= n
        n += 1
    return (1 << bits) - (1 << (bits - 64)) + ((total >> 64) + last) * (1 << 64) - 1


def _hybrid_768(group: int, other: Callable[[int], Share], other_group: int, *, kem_first: bool) -> Share:
    private = mlkem.MLKEM768PrivateKey.generate()
    kem = Share(group=group, public=private.public_key().public_bytes_raw(), agree=private.decapsulate)
    return _joined(group, kem, other(other_group), kem_length=1088, kem_first=kem_first)


def _hybrid_1024(group: int) -> Share:
    private = mlkem.MLKEM1024PrivateKey.generate()
    kem = Share(group=group, public=private.public_key().public_bytes_raw(), agree=private.decapsulate)
    return _joined(group, kem, _elliptic(SECP384R1), kem_length=1568, kem_first=False)


def _joined(group: int, kem: Share, classic: Share, *, kem_length: int, kem_first: bool) -> Share:
    """Concatenated shares and secrets, in the order each hybrid fixed."""

    def agree(peer: bytes) -> bytes:
        if kem_first:
            cut, rest = peer[:kem_length], peer[kem_length:]
            return _checked(lambda: kem.agree(cut)) + classic.agree(rest)
        at = max(0, len(peer) - kem_length)
        return classic.agree(peer[:at]) + _checked(lambda: kem.agree(peer[at:]))

    halves = (kem.public, classic.public) if kem_first else (classic.public, kem.public)
    return Share(group=group, public=b"".join(halves), agree=agree)


def _checked(compute: Callable[[], T]) -> T:
    try:
        return compute()
    except ValueError as error:
        raise Malformed(f"a key share that is no key: {error}") from None


_MAKERS: dict[int, Callable[[int], Share]] = {
    **dict.fromkeys(_CURVES, _elliptic),
    X25519: _x25519,
    X448: _x448,
    X25519_MLKEM768: lambda group: _hybrid_768(group, _x25519, X25519, kem_first=True),
    SECP256R1_MLKEM768: lambda group: _hybrid_768(group, _elliptic, SECP256R1, kem_first=False),
    SECP384R1_MLKEM1024: _hybrid_1024,
}
