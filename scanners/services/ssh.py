"""`ssh.endpoint`: an SSH server's identification, its algorithms, and the key it proves itself with.

One connection, no user, nothing secret: after the lists (RFC 4253 §7.1) one key exchange is begun with a
public value that anybody knows, so that the server shows its host key (§8), and the connection is closed.
What we send is the same for every server that offers the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from posture.core.facts.ssh_endpoint import HostKey, SshEndpoint
from posture.core.observations import Gap, Reason, Seen
from scanners.net.failure import NetFailure
from scanners.net.gateway import Stream

#: RFC 4253 §12 and RFC 5656 §7.1.
KEXINIT, KEX_REQUEST, KEX_REPLY = 20, 30, 31
_DISCONNECT, _IGNORE, _DEBUG = 1, 2, 4
#: RFC 4253 §6.1: what an implementation must accept; larger packets are not read.
LARGEST: Final = 35_000
_MOST_PACKETS: Final = 8
_PATIENCE: Final = 3.0
_IDENTIFICATION_LIMIT: Final = 255
_COOKIE: Final = bytes(16)  # hinders guessing the session key; there is no session to come

#: A public value that lies in every group of RFC 3526 and RFC 2409: OpenSSH takes none with few bits set.
_PUBLIC: Final = (64).to_bytes(4, "big") + bytes.fromhex("0123456789abcdef") * 8
#: The base point of P-256, uncompressed (SEC 2 §2.4.2), and of Curve25519 (RFC 7748 §4.1).
_P256: Final = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_X25519: Final = b"\x09" + bytes(31)


def string(data: bytes) -> bytes:
    """A string on the wire (RFC 4251 §5)."""
    return len(data).to_bytes(4, "big") + data


#: Exchanges that show the host key after one message of ours, with that message's payload.
_EXCHANGES: Final = {
    "curve25519-sha256": string(_X25519),
    "curve25519-sha256@libssh.org": string(_X25519),
    "ecdh-sha2-nistp256": string(_P256),
    "diffie-hellman-group14-sha256": _PUBLIC,
    "diffie-hellman-group16-sha512": _PUBLIC,
    "diffie-hellman-group18-sha512": _PUBLIC,
    "diffie-hellman-group14-sha1": _PUBLIC,
    "diffie-hellman-group1-sha1": _PUBLIC,
}
#: RSA first: it is the kind whose size varies.
_KEY_ORDER: Final = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-dss")
_STRICT: Final = "kex-strict-s-v00@openssh.com"
#: Names in the list that are no key exchange (RFC 8308 §2.1, OpenSSH's strict mode).
_MARKERS: Final = frozenset({"ext-info-s", _STRICT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A KEXINIT: its ten name lists in their order (RFC 4253 §7.1)."""

    lists: tuple[tuple[str, ...], ...]

    @property
    def exchanges(self) -> tuple[str, ...]:
        return tuple(name for name in self.lists[0] if name not in _MARKERS)

    @property
    def host_keys(self) -> tuple[str, ...]:
        return self.lists[1]

    def both(self, first: int) -> tuple[str, ...]:
        """The names of two lists that differ by direction only."""
        return tuple(dict.fromkeys((*self.lists[first], *self.lists[first + 1])))


async def examine(stream: Stream, greeting: bytes, *, software: str) -> Seen[SshEndpoint]:
    """Read the server that `greeting` (all that came so far, not taken from the stream any more) is of.

    `software` is how we name ourselves. Raises NetFailure; protocol-garbage for lists that make no sense.
    """
    line, rest = _identification(greeting)
    reader = Packets(stream, rest)
    await stream.write(identify(software))
    offer = read_offer(await reader.payload(KEXINIT))
    host_key = await _host_key(stream, reader, offer)
    fact = SshEndpoint(
        protocol=line.split("-", 2)[1],
        software=line.split("-", 2)[2],
        key_exchange=offer.exchanges,
        host_key_algorithms=offer.host_keys,
        ciphers=offer.both(2),
        macs=offer.both(4),
        host_key=host_key if isinstance(host_key, HostKey) else None,
        strict=_STRICT in offer.lists[0],
    )
    gaps = () if isinstance(host_key, HostKey) else (Gap(path="host_key", reason=host_key),)
    return Seen(value=fact, gaps=gaps)


def identify(software: str) -> bytes:
    """Our identification: printable, without the blanks and hyphens that RFC 4253 §4.2 gives a meaning."""
    name, _, comment = software.replace("-", "_").partition(" ")
    plain = "".join(char for char in f"SSH-2.0-{name} {comment}".strip() if " " <= char <= "~")
    return plain[: _IDENTIFICATION_LIMIT - 2].encode("ascii") + b"\r\n"


async def _host_key(stream: Stream, reader: "Packets", offer: Offer) -> HostKey | Reason:
    """The key the server signs with, or why it was not shown."""
    exchange = next((name for name in _EXCHANGES if name in offer.exchanges), None)
    algorithm = next((name for name in (*_KEY_ORDER, *offer.host_keys) if name in offer.host_keys), None)
    if exchange is None or algorithm is None:
        return Reason.NO_DATA
    try:
        await stream.write(packet(answer(offer, exchange, algorithm)))
        await stream.write(packet(bytes([KEX_REQUEST]) + _EXCHANGES[exchange]))
        return read_host_key(await reader.payload(KEX_REPLY))
    except NetFailure as failure:
        return failure.reason


def answer(offer: Offer, exchange: str, algorithm: str) -> bytes:
    """Our KEXINIT: of every list the server's own first name, so that both agree (RFC 4253 §7.1)."""
    return proposal(((exchange,), (algorithm,), *(names[:1] for names in offer.lists[2:])))


def proposal(lists: Iterable[Sequence[str]]) -> bytes:
    """A KEXINIT of ours with these ten name lists; no guessed packet follows it."""
    texts = b"".join(string(",".join(names).encode("ascii")) for names in lists)
    return bytes([KEXINIT]) + _COOKIE + texts + b"\x00" + bytes(4)


def packet(payload: bytes) -> bytes:
    """A packet before keys are agreed: blocks of 8 bytes, at least 4 of padding (RFC 4253 §6)."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


def read_offer(payload: bytes) -> Offer:
    """A server's KEXINIT. Raises NetFailure(protocol-garbage)."""
    found = fields(payload[17:], 10)
    try:
        lists = tuple(tuple(filter(None, field.decode("ascii").split(","))) for field in found)
    except UnicodeDecodeError:
        raise garbage("a name list is not ASCII") from None
    if any(not name.isprintable() or len(name) > 128 for names in lists for name in names):
        raise garbage("a name of an algorithm is none")
    return Offer(lists=lists)


def read_host_key(payload: bytes) -> HostKey:
    """The host key in the server's answer to our exchange (RFC 4253 §8, §6.6; RFC 5656 §3.1)."""
    blob = next(fields(payload[1:], 1))
    algorithm = next(fields(blob, 1)).decode("ascii", "replace")
    if algorithm == "ssh-rsa":
        _, _, modulus = fields(blob, 3)
        return HostKey(algorithm=algorithm, bits=int.from_bytes(modulus, "big").bit_length())
    if algorithm == "ssh-dss":
        _, prime = fields(blob, 2)
        return HostKey(algorithm=algorithm, bits=int.from_bytes(prime, "big").bit_length())
    known = {"ssh-ed25519": 256, "ssh-ed448": 448}
    curve = algorithm.removeprefix("ecdsa-sha2-nistp")
    return HostKey(algorithm=algorithm, bits=int(curve) if curve.isdecimal() else known.get(algorithm))


def fields(data: bytes, count: int) -> Iterator[bytes]:
    """The first strings of `data` (RFC 4251 §5). Raises NetFailure(protocol-garbage)."""
    place = 0
    for _ in range(count):
        size = int.from_bytes(data[place : place + 4], "big")
        if place + 4 + size > len(data):
            raise garbage("a string is longer than its packet")
        yield data[place + 4 : place + 4 + size]
        place += 4 + size


def _identification(greeting: bytes) -> tuple[str, bytes]:
    """The identification line and what follows it; lines before it are the server's talk (RFC 4253 §4.2)."""
    lines = greeting.split(b"\n")
    for number, line in enumerate(lines[:-1]):
        if line.startswith((b"SSH-2.0-", b"SSH-1.99-")):
            text = line.rstrip(b"\r")[:_IDENTIFICATION_LIMIT].decode("ascii", "replace")
            return "".join(c if c.isprintable() else "?" for c in text), b"\n".join(lines[number + 1 :])
    raise garbage("no identification")


class Packets:
    """Packets of the stream, beginning with bytes that were read before; `taken` counts them."""

    def __init__(self, stream: Stream, early: bytes) -> None:
        self.taken = 0
        self._stream = stream
        self._early = early

    async def payload(self, wanted: int) -> bytes:
        """The next message of a kind; what may come between is passed over (RFC 4253 §11)."""
        for _ in range(_MOST_PACKETS):
            payload = await self._next()
            if payload[:1] == bytes([wanted]):
                return payload
            if payload[:1] == bytes([_DISCONNECT]):
                raise NetFailure(Reason.REFUSED, "the SSH server ended the connection")
            if payload[:1] not in (bytes([_IGNORE]), bytes([_DEBUG])):
                break
        raise garbage(f"message {wanted} did not come")

    async def _next(self) -> bytes:
        size = int.from_bytes(await self._take(4), "big")
        if not 2 <= size <= LARGEST:
            raise garbage("a packet of a size that none has")
        body = await self._take(size)
        if body[0] >= size:
            raise garbage("a packet that is all padding")
        self.taken += 1
        return body[1 : size - body[0]]

    async def _take(self, count: int) -> bytes:
        early, self._early = self._early[:count], self._early[count:]
        if len(early) == count:
            return early
        return early + await self._stream.readexactly(count - len(early), timeout=_PATIENCE)


def garbage(what: str) -> NetFailure:
    """What is thrown where a server breaks the protocol."""
    return NetFailure(Reason.PROTOCOL_GARBAGE, f"not SSH: {what}")
