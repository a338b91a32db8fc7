"""The plain words before TLS: how each protocol is asked to start it.

RFC 3207 (SMTP), RFC 9051 §6.2.1 (IMAP), RFC 2595 §4 (POP3), RFC 4217 (FTP), RFC 4511 §4.14 (LDAP),
RFC 6120 §5 (XMPP), and the protocol documents of PostgreSQL, MySQL and RDP (MS-RDPBCGR §2.2.1).
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posture.core.observations import Reason
from scanners.net.failure import NetFailure

if TYPE_CHECKING:
    from scanners.net.gateway import Stream

_MAX_LINE = 2048
_MAX_LINES = 100
_MAX_PACKET = 65_536


class NotOffered(NetFailure):
    """The service speaks its protocol well and does not offer TLS: an answer, not a failure."""

    def __init__(self, protocol: str) -> None:
        super().__init__(Reason.NO_DATA, f"{protocol} does not offer to start TLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who we say we are, whom we want, and how many seconds a first word may take."""

    own: str
    server: str
    greeting: float


#: Talks up to the point where TLS may begin. The bytes go out with the last request, in the same segment.
Starter = Callable[["Stream", Names, bytes], Awaitable[None]]


async def _smtp(stream: "Stream", names: Names, behind: bytes) -> None:
    _expect(await _reply(stream, names.greeting), 220, "greeting")
    await stream.write(f"EHLO {names.own}\r\n".encode())
    code, lines = await _reply(stream)
    _expect((code, lines), 250, "EHLO")
    if not any(line.upper().split(" ")[0] == "STARTTLS" for line in lines[1:]):
        raise NotOffered("SMTP")
    await stream.write(b"STARTTLS\r\n" + behind)
    _expect(await _reply(stream), 220, "STARTTLS")


async def _ftp(stream: "Stream", names: Names, behind: bytes) -> None:
    _expect(await _reply(stream, names.greeting), 220, "greeting")
    await stream.write(b"AUTH TLS\r\n" + behind)
    code, lines = await _reply(stream)
    if 500 <= code < 600:
        raise NotOffered("FTP")
    _expect((code, lines), 234, "AUTH TLS")


async def _imap(stream: "Stream", names: Names, behind: bytes) -> None:
    if not (await _line(stream, names.greeting)).startswith("* OK"):
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not an IMAP greeting")
    await stream.write(b"p1 CAPABILITY\r\n")
    lines = await _tagged(stream, "p1 ")
    if not any("STARTTLS" in line.upper().split() for line in lines):
        raise NotOffered("IMAP")
    await stream.write(b"p2 STARTTLS\r\n" + behind)
    if not (await _tagged(stream, "p2 "))[-1].upper().startswith("P2 OK"):
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "STARTTLS was refused")


async def _pop3(stream: "Stream", names: Names, behind: bytes) -> None:
    if not (await _line(stream, names.greeting)).startswith("+OK"):
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not a POP3 greeting")
    await stream.write(b"STLS\r\n" + behind)
    answer = await _line(stream)
    if answer.startswith("-ERR"):
        raise NotOffered("POP3")
    if not answer.startswith("+OK"):
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "STLS was not understood")


#: An extended request with the object identifier of StartTLS, in DER: message 1, no value.
_LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"


async def _ldap(stream: "Stream", names: Names, behind: bytes) -> None:
    await stream.write(_LDAP_REQUEST + behind)
    head = await stream.readexactly(2, timeout=names.greeting)
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(await stream.readexactly(min(4, length & 0x7F)), "big")
    if head[0] != 0x30 or not 8 <= length <= _MAX_PACKET:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not an LDAP answer")
    body = await stream.readexactly(length)
    at = body.find(b"\x0a\x01")
    if body[:3] != b"\x02\x01\x01" or body[3] != 0x78 or at < 0:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not an answer to StartTLS")
    if body[at + 2 : at + 3] != b"\0":
        raise NotOffered("LDAP")


def _xmpp(namespace: str) -> Starter:
    async def start(stream: "Stream", names: Names, behind: bytes) -> None:
        header = (
            f"<?xml version='1.0'?><stream:stream to='{names.server}' version='1.0' "
            f"xmlns='jabber:{namespace}' xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        await stream.write(header.encode())
        features = await stream.readuntil(b"</stream:features>", _MAX_PACKET, timeout=names.greeting)
        if b"<starttls" not in features:
            raise NotOffered("XMPP")
        await stream.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + behind)
        if b"<proceed" not in await stream.readuntil(b">", _MAX_LINE):
            raise NetFailure(Reason.PROTOCOL_GARBAGE, "starttls was refused")

    return start


async def _postgres(stream: "Stream", names: Names, behind: bytes) -> None:
    await stream.write((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big") + behind)
    answer = await stream.readexactly(1, timeout=names.greeting)
    if answer == b"N":
        raise NotOffered("PostgreSQL")
    if answer != b"S":
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not a PostgreSQL answer")


_MYSQL_SSL = 0x0800
#: Protocol 4.1, secure connection and TLS: what a client has to claim to go on.
_MYSQL_CLIENT = 0x0000_8A00


async def _mysql(stream: "Stream", names: Names, behind: bytes) -> None:
    head = await stream.readexactly(4, timeout=names.greeting)
    length = int.from_bytes(head[:3], "little")
    if not 20 <= length <= _MAX_PACKET:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not a MySQL greeting")
    greeting = await stream.readexactly(length)
    version_end = greeting.find(b"\0")
    flags = int.from_bytes(greeting[version_end + 14 : version_end + 16], "little")
    if greeting[0] != 10 or version_end < 0:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not a MySQL greeting of protocol 10")
    if not flags & _MYSQL_SSL:
        raise NotOffered("MySQL")
    request = _MYSQL_CLIENT.to_bytes(4, "little") + (2**24).to_bytes(4, "little") + b"\x21" + bytes(23)
    await stream.write(len(request).to_bytes(3, "little") + b"\1" + request + behind)


#: An X.224 connection request that offers TLS and CredSSP (MS-RDPBCGR §2.2.1.1).
_RDP_REQUEST = bytes.fromhex("030000130ee000000000000100080003000000")


async def _rdp(stream: "Stream", names: Names, behind: bytes) -> None:
    await stream.write(_RDP_REQUEST + behind)
    head = await stream.readexactly(4, timeout=names.greeting)
    length = int.from_bytes(head[2:], "big")
    if head[0] != 3 or not 11 <= length <= 64:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not an RDP answer")
    body = await stream.readexactly(length - 4)
    if body[1] & 0xF0 != 0xD0:
        raise NetFailure(Reason.PROTOCOL_GARBAGE, "not an RDP connection confirm")
    if len(body) < 15 or body[7] != 2 or not int.from_bytes(body[11:15], "little"):
        raise NotOffered("RDP")


async def _line(stream: "Stream", seconds: float | None = None) -> str:
    raw = await stream.readuntil(b"\n", _MAX_LINE, timeout=seconds)
    return raw.decode("ascii", "replace").rstrip("\r\n")


async def _tagged(stream: "Stream", tag: str) -> list[str]:
    """IMAP lines up to and with the tagged one."""
    lines: list[str] = []
    while len(lines) < _MAX_LINES:
        lines.append(await _line(stream))
        if lines[-1].startswith(tag):
            return lines
    raise NetFailure(Reason.PROTOCOL_GARBAGE, "an IMAP answer without end")


async def _reply(stream: "Stream", seconds: float | None = None) -> tuple[int, list[str]]:
    """A reply of SMTP or FTP: (code, texts of its lines) (RFC 5321 §4.2.1)."""
    lines: list[str] = []
    while len(lines) < _MAX_LINES:
        line = await _line(stream, seconds)
        if not lines and (not line[:3].isdigit() or line[3:4] not in {"", " ", "-"}):
            raise NetFailure(Reason.PROTOCOL_GARBAGE, "not a reply of this protocol")
        lines.append(line[4:])
        if line[:3].isdigit() and line[3:4] != "-":
            return int(line[:3]), lines
    raise NetFailure(Reason.PROTOCOL_GARBAGE, "a reply without end")


def _expect(reply: tuple[int, list[str]], code: int, step: str) -> None:
    got, lines = reply
    if got == code:
        return
    reason = Reason.RATE_LIMITED if 400 <= got < 500 else Reason.PROTOCOL_GARBAGE
    raise NetFailure(reason, f"{step} was answered with {got} {lines[0][:80]}")


def _politely(start: Starter, goodbye: bytes) -> Starter:
    """Take leave of a service that answered, when it does not come to TLS (RFC 5321 §4.1.1.10)."""

    async def leave(stream: "Stream", names: Names, behind: bytes) -> None:
        try:
            await start(stream, names, behind)
        except NetFailure as failure:
            if failure.reason in _ANSWERED:
                with suppress(NetFailure):
                    await stream.write(goodbye)
            raise

    return leave


_ANSWERED = frozenset({Reason.NO_DATA, Reason.RATE_LIMITED})

#: By the name of the protocol, as `--starttls` and the observation write it.
STARTERS: Mapping[str, Starter] = {
    "smtp": _politely(_smtp, b"QUIT\r\n"),
    "imap": _politely(_imap, b"p3 LOGOUT\r\n"),
    "pop3": _politely(_pop3, b"QUIT\r\n"),
    "ftp": _politely(_ftp, b"QUIT\r\n"),
    "ldap": _ldap,
    "xmpp": _politely(_xmpp("client"), b"</stream:stream>"),
    "xmpp-server": _politely(_xmpp("server"), b"</stream:stream>"),
    "postgres": _postgres,
    "mysql": _mysql,
    "rdp": _rdp,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A harmless command to slip in before TLS, one to end with inside it, and how the first's answer looks.

    A sound server drops what came before TLS (RFC 3207 §4.2); CVE-2011-0411 answers it inside.
    """

    slipped: bytes
    farewell: bytes
    answered: Callable[[bytes], bool]


INJECTIONS: Mapping[str, Injection] = {
    "smtp": Injection(
        slipped=b"NOOP\r\n", farewell=b"QUIT\r\n", answered=lambda said: not said.startswith(b"221")
    ),
    "ftp": Injection(
        slipped=b"NOOP\r\n", farewell=b"QUIT\r\n", answered=lambda said: not said.startswith(b"221")
    ),
    "imap": Injection(
        slipped=b"p8 NOOP\r\n", farewell=b"p9 LOGOUT\r\n", answered=lambda said: b"p8 " in said
    ),
    "pop3": Injection(
        slipped=b"NOOP\r\n", farewell=b"QUIT\r\n", answered=lambda said: said.count(b"\r\n") > 1
    ),
}
