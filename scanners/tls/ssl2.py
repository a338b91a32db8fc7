"""SSL 2.0: its own hello, in its own record format (draft-hickman-netscape-ssl-00 §1.2, §2.5, §2.6)."""

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls.answers import HANDSHAKE_FAILURE, Failed, Refused
from scanners.tls.line import Line
from scanners.tls.patience import patiently
from scanners.tls.records import ALERT, read_alert
from scanners.tls.registry import SSL2, suites_of
from scanners.tls.wire import Malformed, Reader, numbers

_CLIENT_HELLO = 1
_SERVER_HELLO = 4

if TYPE_CHECKING:
    from scanners.net.gateway import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssl2Hello:
    """The server's answer: its certificate (DER) and the kinds it shares with us, in its order."""

    certificate: bytes
    kinds: tuple[int, ...]


def client_hello() -> bytes:
    """A hello with every kind."""
    kinds, challenge = numbers(3, suites_of(SSL2)), os.urandom(16)
    body = bytes([_CLIENT_HELLO]) + SSL2.to_bytes(2, "big")
    body += len(kinds).to_bytes(2, "big") + b"\0\0" + len(challenge).to_bytes(2, "big") + kinds + challenge
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def read_server_hello(body: bytes) -> Ssl2Hello:
    """Parse a SERVER-HELLO without its record header. Raises Malformed."""
    reader = Reader(body)
    if reader.number(1) != _SERVER_HELLO:
        raise Malformed("no SSL 2.0 SERVER-HELLO")
    reader.take(2)  # session id hit, certificate type
    if reader.number(2) != SSL2:
        raise Malformed("an SSL 2.0 SERVER-HELLO of another version")
    lengths = [reader.number(2) for _ in range(3)]
    certificate = reader.take(lengths[0])
    kinds = Reader(reader.take(lengths[1]))
    reader.take(lengths[2])
    if len(kinds) % 3:
        raise Malformed("SSL 2.0 kinds that are not three bytes each")
    return Ssl2Hello(certificate=certificate, kinds=tuple(kinds.number(3) for _ in range(len(kinds) // 3)))


async def _read(line: Line, stream: "Stream") -> Ssl2Hello | Refused:
    first = await stream.readexactly(2)
    if first[0] == ALERT:
        rest = await stream.readexactly(5)
        return Refused(description=read_alert(rest[3:])[1])
    if not first[0] & 0x80:
        raise Malformed("no SSL 2.0 record")
    body = await stream.readexactly(int.from_bytes(first, "big") & 0x7FFF)
    line.note(body)
    if body[:1] == b"\0":
        return Refused(description=HANDSHAKE_FAILURE)
    return read_server_hello(body)


async def ask(line: Line) -> Ssl2Hello | Refused | Failed:
    """Offer SSL 2.0 with every kind: one connection tells everything."""
    return await patiently(line, partial(_ask, line))


async def _ask(line: Line) -> Ssl2Hello | Refused | Failed:
    asked = False
    try:
        async with line.opened() as stream:
            asked = True
            await stream.write(client_hello())
            return await _read(line, stream)
    except NetFailure as failure:
        return Failed(reason=failure.reason, detail=failure.detail, asked=asked)
    except Malformed as error:
        return Failed(reason=Reason.PROTOCOL_GARBAGE, detail=str(error))
