"""Handshakes of TLS 1.0 to 1.2 carried through, and what servers do when one goes wrong on purpose."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls import hello as h
from scanners.tls import legacy
from scanners.tls.answers import Failed, Refused
from scanners.tls.client import server_hello
from scanners.tls.legacy import Keys, Protection, Shape, Spoiler, Transcript
from scanners.tls.line import Line
from scanners.tls.patience import patiently
from scanners.tls.records import CHANGE_CIPHER_SPEC, HANDSHAKE, Record
from scanners.tls.session import Alerted, Session
from scanners.tls.wire import Malformed, vector

T = TypeVar("T")

_VERIFY_LENGTH = 12
#: So many bytes of our session id in the answer mean that the session is taken up.
_TELLING = 16


@dataclass(slots=True, kw_only=True)
class Started:
    """The server's first flight is in: what it chose and sent, and the transcript so far."""

    session: Session
    hello: h.ClientHello
    chosen: h.ServerHello
    leaf: bytes
    key_exchange: bytes | None
    transcript: Transcript
    wants_certificate: bool = False

    @property
    def version(self) -> int:
        return self.chosen.version

    def shape(self) -> Shape:
        """How to go on. Raises Malformed for a suite that we cannot speak."""
        kind = legacy.shape(self.chosen.suite)
        if kind is None:
            raise Malformed("the server chose a suite that is not spoken here")
        return kind

    async def send(self, kind: int, *bodies: bytes) -> None:
        """Write handshake or other records in the negotiated version, without protection."""
        records = [Record(kind=kind, version=self.version, body=body).encode() for body in bodies]
        await self.session.stream.write(b"".join(records))


@dataclass(slots=True, kw_only=True)
class Connected:
    """A whole handshake: its session is protected in both directions."""

    started: Started
    master: bytes
    client_verify: bytes
    server_verify: bytes
    ticket: bytes | None


async def converse(
    line: Line, hello: h.ClientHello, act: Callable[[Started], Awaitable[T]], *, slipped: bytes = b""
) -> T | Refused | Failed:
    """Open a connection, take the server's first flight, and go on with `act`.

    `slipped` goes out in the clear behind a request to start TLS.
    """
    return await patiently(line, partial(_converse, line, hello, act, slipped))


async def _converse(
    line: Line, hello: h.ClientHello, act: Callable[[Started], Awaitable[T]], slipped: bytes
) -> T | Refused | Failed:
    asked = False
    try:
        async with line.opened(slipped) as stream:
            asked = True
            session = Session(stream)
            await stream.write(hello.record())
            return await act(await _first_flight(session, hello))
    except Alerted as alert:
        return Refused(description=alert.description)
    except NetFailure as failure:
        return Failed(reason=failure.reason, detail=failure.detail, asked=asked)
    except Malformed as error:
        return Failed(reason=Reason.PROTOCOL_GARBAGE, detail=str(error))


async def _first_flight(session: Session, hello: h.ClientHello) -> Started:
    transcript = Transcript()
    transcript.add(hello.message())
    _, body, whole = await server_hello(session)
    transcript.add(whole)
    chosen = h.read_server_hello(body)
    if chosen.suite not in hello.suites or chosen.version > hello.version:
        raise Malformed("the server chose what was not offered")
    found: dict[int, bytes] = {}
    own = hello.session_id[:_TELLING]
    resumed = bool(own) and chosen.session_id[:_TELLING] == own
    while not resumed and h.SERVER_HELLO_DONE not in found:
        kind, body, whole = await session.message()
        transcript.add(whole)
        found[kind] = body
    chain = h.read_certificates(found[h.CERTIFICATE]) if h.CERTIFICATE in found else ()
    return Started(
        session=session,
        hello=hello,
        chosen=chosen,
        leaf=chain[0] if chain else b"",
        key_exchange=found.get(h.SERVER_KEY_EXCHANGE),
        transcript=transcript,
        wants_certificate=h.CERTIFICATE_REQUEST in found,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Keys of both directions, the secret behind them, and the ClientKeyExchange that tells the server."""

    kind: Shape
    master: bytes
    client: Keys
    server: Keys
    key_exchange: bytes


def agree(started: Started) -> Agreed:
    """Agree on keys. Raises Malformed."""
    kind = started.shape()
    premaster, body = legacy.agree(kind, started.hello.version, started.leaf, started.key_exchange)
    return derive(started, kind, premaster, bytes([16]) + vector(3, body))


def derive(started: Started, kind: Shape, premaster: bytes, key_exchange: bytes) -> Agreed:
    """Keys from a premaster secret (RFC 5246 §8.1)."""
    ours, theirs = started.hello.random, started.chosen.random
    master = legacy.prf(started.version, kind.digest, premaster, legacy.MASTER, ours + theirs, 48)
    client, server = legacy.key_block(kind, started.version, master, theirs + ours)
    return Agreed(kind=kind, master=master, client=client, server=server, key_exchange=key_exchange)


async def send_finished(started: Started, agreed: Agreed, spoil: Spoiler | None = None) -> bytes:
    """Send ClientKeyExchange, ChangeCipherSpec and Finished at once; returns our verify_data."""
    version = started.version
    messages = [bytes([h.CERTIFICATE]) + vector(3, vector(3, b""))] if started.wants_certificate else []
    messages.append(agreed.key_exchange)
    for message in messages:
        started.transcript.add(message)
    verify = verify_data(started, agreed, legacy.CLIENT_FINISHED)
    finished = bytes([h.FINISHED]) + vector(3, verify)
    writer = Protection(agreed.kind, version, agreed.client)
    records = [Record(kind=HANDSHAKE, version=version, body=message) for message in messages]
    records.append(Record(kind=CHANGE_CIPHER_SPEC, version=version, body=b"\1"))
    records.append(writer.seal(HANDSHAKE, finished, spoil))
    started.session.reader_after_change = Protection(agreed.kind, version, agreed.server)
    started.transcript.add(finished)
    await started.session.stream.write(b"".join(record.encode() for record in records))
    started.session.writer = writer
    return verify


def verify_data(started: Started, agreed: Agreed, label: bytes) -> bytes:
    """The content of a Finished message at this point of the transcript."""
    digest = started.transcript.digest(started.version, agreed.kind.digest)
    return legacy.prf(started.version, agreed.kind.digest, agreed.master, label, digest, _VERIFY_LENGTH)


async def complete(started: Started) -> Connected:
    """Carry the handshake through to the server's Finished. Raises Alerted, NetFailure, Malformed."""
    agreed = agree(started)
    ours = await send_finished(started, agreed)
    ticket = None
    while True:
        kind, body, whole = await started.session.message()
        if kind == h.FINISHED:
            break
        if kind == h.NEW_SESSION_TICKET:
            ticket = body[6:]  # behind its lifetime and its length (RFC 5077 §3.3)
        started.transcript.add(whole)
    theirs = verify_data(started, agreed, legacy.SERVER_FINISHED)
    if body != theirs:
        raise Malformed("a Finished that does not fit the handshake")
    return Connected(
        started=started, master=agreed.master, client_verify=ours, server_verify=theirs, ticket=ticket
    )


async def reaction(started: Started) -> str:
    """What the server does next, in a word that can be compared: the kind of answer, not its content."""
    try:
        kind, _, _ = await started.session.message()
    except Alerted as alert:
        return f"alert-{alert.description}"
    except Malformed:
        return "unreadable"
    except NetFailure as failure:
        # A close and a reset differ by chance: by what lay unread in the server's buffer.
        return {Reason.TIMEOUT: "silence", Reason.RESET: "closed"}.get(failure.reason, "lost")
    return "finished" if kind == h.FINISHED else f"message-{kind}"
