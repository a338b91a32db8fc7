"""How a server behaves beyond what it offers: each answer true, false, or null where it could not be told."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from posture.core.observations import Reason
from scanners.tls import hello as h
from scanners.tls.answers import Accepted, Answer, Failed, Refused
from scanners.tls.client import choice, flight, tickets
from scanners.tls.enumerate import Surveyed
from scanners.tls.exchange import Exchange
from scanners.tls.line import Line
from scanners.tls.offers import offer, ordinary
from scanners.tls.oracles import Sessions
from scanners.tls.registry import FALLBACK_SCSV, SSL3, TLS12, TLS13, suite_name, usual_order
from scanners.tls.shares import Share, generate
from scanners.tls.weaknesses import is_cbc
from scanners.tls.wire import Malformed, Reader, vector

_INAPPROPRIATE_FALLBACK = 86
_ALPN_OFFERED = (b"h2", b"http/1.1", b"smtp", b"imap", b"xmpp-client", b"postgresql")
_ALPN = (h.EXT_ALPN, vector(2, b"".join(vector(1, name) for name in _ALPN_OFFERED)))


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """Answers by name; `gaps` says why an answer is null.

    `bare_leaf` is the certificate (DER) shown to a client that names nobody.
    """

    answers: dict[str, bool | None] = field(default_factory=dict)
    gaps: dict[str, Reason] = field(default_factory=dict)
    alpn: str | None = None
    bare_leaf: bytes | None = None

    def unseen(self, name: str, reason: Reason) -> None:
        self.answers[name] = None
        self.gaps[name] = reason


async def begin(line: Line, server_name: str | None, first: Answer) -> Behaviour:
    """What takes a connection of its own and need not wait for the survey."""
    found = Behaviour()
    await asyncio.gather(
        _without_name(found, line, server_name, first),
        _another_name(found, line, server_name, first),
        _after_handshake(found, line, server_name, first),
        _fallback(found, line, server_name, first),
    )
    return found


def finish(found: Behaviour, first: Answer, surveyed: Surveyed) -> None:
    """What the first answer and the survey's hellos tell."""
    _from_hellos(found, surveyed)
    _from_first(found, first, surveyed)


def _from_hellos(found: Behaviour, surveyed: Surveyed) -> None:
    """What servers of TLS 1.2 and before say in their hellos for the asking."""
    old = [hello for hello in _hellos(surveyed) if SSL3 < hello.version < TLS13]
    cbc = [hello for hello in old if is_cbc(suite_name(hello.suite))]
    answers = found.answers
    answers["secure_renegotiation"] = _any(old, h.EXT_RENEGOTIATION_INFO)
    answers["extended_master_secret"] = _any(old, h.EXT_EXTENDED_MASTER_SECRET)
    answers["encrypt_then_mac"] = _any(cbc, h.EXT_ENCRYPT_THEN_MAC)
    answers["heartbeat"] = _any(old, h.EXT_HEARTBEAT)
    answers["compression"] = any(hello.compression for hello in _hellos(surveyed)) if old else None
    if surveyed.listings[TLS13].suites:
        newest = [hello for hello in old if hello.version == TLS12]
        marked = any(hello.random[-8:] in h.DOWNGRADE_SENTINELS for hello in newest)
        answers["downgrade_sentinel"] = marked if newest else None


def _hellos(surveyed: Surveyed) -> list[h.ServerHello]:
    return [hello for listing in surveyed.listings.values() for hello in listing.hellos]


def _any(hellos: Iterable[h.ServerHello], extension: int) -> bool | None:
    """Whether any hello has the extension; null, with nothing to be asked, where there is none."""
    states = [extension in hello.extensions for hello in hellos]
    return any(states) if states else None


def _from_first(found: Behaviour, first: Answer, surveyed: Surveyed) -> None:
    if isinstance(first, Accepted) and first.gap is None:
        found.answers["ocsp_stapling"] = first.stapled is not None
        found.answers["client_certificate_requested"] = first.certificate_requested
    speaks = bool(surveyed.listings[TLS12].suites)
    silent = isinstance(first, Failed) and first.asked and first.reason in {Reason.TIMEOUT, Reason.RESET}
    found.answers["version_intolerant"] = silent and speaks


async def _fallback(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> None:
    """RFC 7507: a hello of less than the best version that says so is to be refused, with an alert for it."""
    if not isinstance(first, Accepted) or first.hello.version not in {TLS12, TLS13}:
        return
    lower = first.hello.version - 1
    suites = (*usual_order(lower), FALLBACK_SCSV)
    answer = await choice(line, offer(lower, server_name, suites))
    if isinstance(answer, Failed):
        found.unseen("fallback_scsv", answer.reason)
    elif answer == Refused(description=_INAPPROPRIATE_FALLBACK):
        found.answers["fallback_scsv"] = True
    elif isinstance(answer, Accepted) and answer.hello.version == lower:
        found.answers["fallback_scsv"] = False


async def _without_name(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> None:
    """What is shown to a client that names nobody (RFC 6066 §3)."""
    if server_name is None or not isinstance(first, Accepted):
        return
    shares = _shares()
    answer = await flight(line, ordinary(None, shares), shares)
    if isinstance(answer, Failed):
        found.unseen("sni_required", answer.reason)
        return
    found.answers["sni_required"] = isinstance(answer, Refused)
    if isinstance(answer, Accepted) and answer.certificates:
        found.bare_leaf = answer.certificates[0]
    if isinstance(answer, Accepted) and answer.certificates and first.certificates:
        found.answers["same_certificate_without_sni"] = answer.certificates[0] == first.certificates[0]


async def _another_name(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> None:
    """Whether a name that the server cannot know ends the handshake (RFC 6066 §3, RFC 2606 §2)."""
    if server_name is None or not isinstance(first, Accepted):
        return
    answer = await choice(line, ordinary("unknown.invalid", _shares()))
    if isinstance(answer, Failed):
        found.unseen("unknown_name_fatal", answer.reason)
    else:
        found.answers["unknown_name_fatal"] = isinstance(answer, Refused)


async def _after_handshake(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> None:
    """ALPN and the tickets of TLS 1.3 in one handshake where that brings both."""
    if not await _tickets_13(found, line, server_name, first):
        await _alpn(found, line, server_name, first)


def _shares() -> list[Share]:
    return [share for group in (29, 23) if (share := generate(group)) is not None]


async def _alpn(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> None:
    """RFC 7301: which application protocol is agreed on."""
    if not isinstance(first, Accepted):
        return
    shares = _shares()
    hello = ordinary(server_name, shares)
    answer = await flight(line, replace(hello, extra=(*hello.extra, _ALPN)), shares)
    if not isinstance(answer, Accepted) or (answer.gap and h.EXT_ALPN not in answer.extensions):
        found.unseen("alpn", answer.reason if isinstance(answer, Failed) else Reason.NO_DATA)
        return
    _agreed(found, answer)


def _agreed(found: Behaviour, answer: Accepted) -> None:
    chosen = answer.extensions.get(h.EXT_ALPN)
    found.answers["alpn"] = chosen is not None
    if chosen is not None:
        try:
            found.alpn = Reader(Reader(chosen).vector(2)).vector(1).decode("ascii", "replace")
        except Malformed:
            found.unseen("alpn", Reason.PROTOCOL_GARBAGE)


async def _tickets_13(found: Behaviour, line: Line, server_name: str | None, first: Answer) -> bool:
    """Session tickets of TLS 1.3, and whether they allow data before the handshake (RFC 8446 §4.6.1).

    ALPN comes along; returns whether it was answered.
    """
    if not isinstance(first, Accepted) or first.hello.version != TLS13:
        return False
    shares = _shares()
    hello = offer(TLS13, server_name, [first.hello.suite], shares=shares)
    answer = await tickets(line, replace(hello, extra=(*hello.extra, _ALPN)), shares)
    if isinstance(answer, Refused):  # no application protocol in common, perhaps
        answer = await tickets(line, offer(TLS13, server_name, [first.hello.suite], shares=shares), shares)
    if not isinstance(answer, Accepted) or answer.tickets is None:
        found.unseen("early_data", answer.reason if isinstance(answer, Failed) else Reason.NO_DATA)
        return False
    _agreed(found, answer)
    found.answers["session_tickets_13"] = bool(answer.tickets)
    try:
        found.answers["early_data"] = any(_allows_early(ticket) for ticket in answer.tickets)
    except Malformed:
        found.unseen("early_data", Reason.PROTOCOL_GARBAGE)
    return True


def _allows_early(ticket: bytes) -> bool:
    reader = Reader(ticket)
    reader.take(8)
    reader.vector(1)
    reader.vector(2)
    return h.EXT_EARLY_DATA in h.read_extensions(Reader(reader.vector(2)))


def add_sessions(found: Behaviour, sessions: Sessions) -> None:
    """What whole handshakes of TLS 1.2 and before showed."""
    states = {
        "client_renegotiation": sessions.renegotiation,
        "session_tickets": sessions.tickets,
        "session_resumption": sessions.resumption,
        "session_ids": sessions.ids,
    }
    for name, state in states.items():
        if state is not None:
            found.answers[name] = state
        elif sessions.gap is not None and name != "session_ids":
            found.unseen(name, sessions.gap)


def add_exchange(found: Behaviour, exchange: Exchange) -> None:
    """Whether a HelloRetryRequest was seen."""
    if exchange.retried:
        found.answers["hello_retry_request"] = True
