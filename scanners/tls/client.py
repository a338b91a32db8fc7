"""Asks one question of an endpoint: sends a ClientHello and reads what comes back, as far as wanted."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls import hello as h
from scanners.tls.answers import Accepted, Answer, Failed, Refused
from scanners.tls.line import Line
from scanners.tls.patience import patiently
from scanners.tls.records import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE
from scanners.tls.registry import TLS12, TLS13
from scanners.tls.schedule import Schedule, computable
from scanners.tls.session import Alerted, Session
from scanners.tls.shares import Share, generate
from scanners.tls.starttls import NotOffered
from scanners.tls.wire import Malformed, Reader, vector

#: The first ticket tells what all of them tell.
_ENOUGH_TICKETS = 1


async def choice(line: Line, hello: h.ClientHello, *, sure: bool = False) -> Answer:
    """What the server chooses: reads its ServerHello (or HelloRetryRequest) and hangs up.

    `sure`: the server is known to accept this offer, so a refusal is a sign of load.
    """
    return await patiently(line, partial(_ask, line, hello, shares=None), sure=sure)


async def flight(line: Line, hello: h.ClientHello, shares: Sequence[Share] = ()) -> Answer:
    """The server's whole first flight; for TLS 1.3 decrypted, after a second hello where it asks for one."""
    return await patiently(line, partial(_ask, line, hello, shares=shares))


async def tickets(line: Line, hello: h.ClientHello, shares: Sequence[Share]) -> Answer:
    """A whole TLS 1.3 handshake, for the session tickets that the server hands out after it."""
    return await patiently(line, partial(_ask, line, hello, shares=shares, whole_handshake=True))


async def _ask(
    line: Line, hello: h.ClientHello, *, shares: Sequence[Share] | None, whole_handshake: bool = False
) -> Answer:
    asked = False
    try:
        async with line.opened() as stream:
            asked = True
            session = Session(stream)
            await stream.write(hello.record())
            return await _answer(line, session, hello, shares, whole_handshake=whole_handshake)
    except Alerted as alert:
        return Refused(description=alert.description)
    except NotOffered as failure:
        return Failed(reason=failure.reason, detail=failure.detail, asked=False, plain=True)
    except NetFailure as failure:
        return Failed(reason=failure.reason, detail=failure.detail, asked=asked)
    except Malformed as error:
        return Failed(reason=Reason.PROTOCOL_GARBAGE, detail=str(error))


async def _answer(
    line: Line,
    session: Session,
    hello: h.ClientHello,
    shares: Sequence[Share] | None,
    *,
    whole_handshake: bool,
) -> Accepted:
    message = await server_hello(session)
    chosen = h.read_server_hello(message[1])
    _offered(hello, chosen)
    line.note(message[2])
    if shares is None:
        return Accepted(hello=chosen, extensions=chosen.extensions)
    try:
        if chosen.version != TLS13:
            return await _plain(line, session, chosen)
        return await _protected(
            line, session, hello, chosen, message[2], shares, whole_handshake=whole_handshake
        )
    except Alerted:
        return Accepted(hello=chosen, extensions=chosen.extensions, gap=Reason.NO_DATA)
    except NetFailure as failure:
        return Accepted(hello=chosen, extensions=chosen.extensions, gap=failure.reason)
    except Malformed:
        return Accepted(hello=chosen, extensions=chosen.extensions, gap=Reason.PROTOCOL_GARBAGE)


async def server_hello(session: Session) -> tuple[int, bytes, bytes]:
    """The first message of the server, which has to be a ServerHello."""
    message = await session.message()
    if message[0] != h.SERVER_HELLO:
        raise Malformed(f"handshake message {message[0]} in place of a ServerHello")
    return message


def _offered(hello: h.ClientHello, chosen: h.ServerHello) -> None:
    """A server that picks what nobody offered tells nothing about what it supports."""
    if chosen.suite not in hello.suites:
        raise Malformed(f"the server chose suite 0x{chosen.suite:04x}, which was not offered")
    allowed = max((*hello.versions, hello.version))
    if chosen.version > allowed or (hello.versions and chosen.version == TLS13 != max(hello.versions)):
        raise Malformed(f"the server chose version 0x{chosen.version:04x}, which was not offered")


async def _plain(line: Line, session: Session, chosen: h.ServerHello) -> Accepted:
    """The rest of a flight of TLS 1.2 and before, up to ServerHelloDone."""
    found: dict[int, bytes] = {}
    while True:
        kind, body, whole = await session.message()
        if kind == h.SERVER_HELLO_DONE:
            break
        if kind in found:
            raise Malformed(f"handshake message {kind} comes twice")
        found[kind] = body
        line.note(whole)
    certificate = found.get(h.CERTIFICATE)
    status = found.get(h.CERTIFICATE_STATUS)
    return Accepted(
        hello=chosen,
        certificates=None if certificate is None else h.read_certificates(certificate),
        extensions=chosen.extensions,
        stapled=None if status is None else h.read_status(status),
        key_exchange=found.get(h.SERVER_KEY_EXCHANGE),
        certificate_requested=h.CERTIFICATE_REQUEST in found,
    )


async def _protected(
    line: Line,
    session: Session,
    hello: h.ClientHello,
    chosen: h.ServerHello,
    whole: bytes,
    shares: Sequence[Share],
    *,
    whole_handshake: bool,
) -> Accepted:
    """The rest of a TLS 1.3 flight: agree on keys, decrypt up to Finished, say goodbye properly."""
    if not computable(chosen.suite):
        return Accepted(hello=chosen, extensions=chosen.extensions, gap=Reason.NO_DATA)
    schedule = Schedule(chosen.suite)
    schedule.add(hello.message())
    usable = list(shares)
    if chosen.is_retry:
        schedule.retry()
        schedule.add(whole)
        again, share = _second(hello, chosen)
        usable = [share]
        await session.stream.write(again.record())
        schedule.add(again.message())
        message = await server_hello(session)
        whole, chosen = message[2], h.read_server_hello(message[1])
    schedule.add(whole)
    client, server = schedule.agreed(_shared(chosen, usable))
    session.reader, session.writer = schedule.protector(server), schedule.protector(client)
    accepted = await _encrypted(line, session, chosen, schedule, server)
    if whole_handshake:
        return await _tickets(session, schedule, client, accepted)
    await session.send(CHANGE_CIPHER_SPEC, b"\1", TLS12)
    await session.send(ALERT, b"\1\x5a", TLS12)  # user_canceled, then close_notify (RFC 8446 §6.1)
    await session.send(ALERT, b"\1\0", TLS12)
    return accepted


async def _tickets(session: Session, schedule: Schedule, client: bytes, accepted: Accepted) -> Accepted:
    """Finish the handshake and read what the server hands out after it."""
    opener = schedule.protector(schedule.application())
    certificate = bytes([h.CERTIFICATE]) + vector(3, b"\0" + vector(3, b""))
    await session.send(CHANGE_CIPHER_SPEC, b"\1", TLS12)
    if accepted.certificate_requested:
        await session.send(HANDSHAKE, certificate, TLS12)
        schedule.add(certificate)
    await session.send(HANDSHAKE, bytes([h.FINISHED]) + vector(3, schedule.finished(client)), TLS12)
    session.reader = opener
    found: list[bytes] = []
    try:
        while len(found) < _ENOUGH_TICKETS:
            kind, body, _ = await session.message()
            if kind == h.NEW_SESSION_TICKET:
                found.append(body)
    except (Alerted, NetFailure, Malformed):
        return replace(accepted, tickets=tuple(found))
    return replace(accepted, tickets=tuple(found))


def _second(hello: h.ClientHello, retry: h.ServerHello) -> tuple[h.ClientHello, Share]:
    """The hello that answers a HelloRetryRequest. Raises Malformed for a group we cannot serve."""
    wanted = retry.share
    if wanted is None or wanted[0] not in hello.groups:
        raise Malformed("a HelloRetryRequest for a group that was not offered")
    share = generate(wanted[0])
    if share is None:
        raise Malformed(f"group {wanted[0]} cannot be computed here")
    extra = hello.extra
    if h.EXT_COOKIE in retry.extensions:
        extra = (*extra, (h.EXT_COOKIE, retry.extensions[h.EXT_COOKIE]))
    return replace(hello, shares=((share.group, share.public),), extra=extra), share


def _shared(chosen: h.ServerHello, shares: Sequence[Share]) -> bytes:
    theirs = chosen.share
    if theirs is None or chosen.is_retry:
        raise Malformed("a TLS 1.3 ServerHello without a key share")
    for share in shares:
        if share.group == theirs[0]:
            return share.agree(theirs[1])
    raise Malformed(f"a key share of group {theirs[0]}, for which none was sent")


async def _encrypted(
    line: Line, session: Session, chosen: h.ServerHello, schedule: Schedule, server: bytes
) -> Accepted:
    accepted = Accepted(hello=chosen, extensions=chosen.extensions)
    while True:
        kind, body, whole = await session.message()
        if kind == h.FINISHED:
            if body != schedule.finished(server):
                raise Malformed("a Finished that does not fit the handshake")
            schedule.add(whole)
            return accepted
        schedule.add(whole)
        accepted = _added(accepted, kind, body)
        if kind == h.CERTIFICATE:
            line.note(body)


def _added(accepted: Accepted, kind: int, body: bytes) -> Accepted:
    if kind == h.ENCRYPTED_EXTENSIONS:
        inner = h.read_extensions(Reader(Reader(body).vector(2)))
        return replace(accepted, extensions={**accepted.extensions, **inner})
    if kind == h.CERTIFICATE_REQUEST:
        return replace(accepted, certificate_requested=True)
    if kind == h.CERTIFICATE:
        return _certificate(accepted, body)
    if kind == h.CERTIFICATE_VERIFY:
        return replace(accepted, signature_scheme=Reader(body).number(2))
    raise Malformed(f"handshake message {kind} within a TLS 1.3 flight")


def _certificate(accepted: Accepted, body: bytes) -> Accepted:
    chain = h.read_certificates_13(body)
    extensions = dict(accepted.extensions)
    stapled = None
    if chain:
        first = chain[0][1]
        if h.EXT_STATUS_REQUEST in first:
            stapled = h.read_status(first[h.EXT_STATUS_REQUEST])
        if h.EXT_SCT in first:
            extensions[h.EXT_SCT] = first[h.EXT_SCT]
    return replace(
        accepted, certificates=tuple(der for der, _ in chain), stapled=stapled, extensions=extensions
    )
