"""Vulnerabilities that only a server's reaction shows: each is told from answers, none is exploited.

No memory is read and no secret touched (field/underwriting.md §8): heartbeats claim only bytes of ours,
and wrong records, paddings and messages are our own, sent where a sound server must refuse them.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls import hello as h
from scanners.tls import legacy
from scanners.tls.answers import Failed, Refused
from scanners.tls.enumerate import Surveyed
from scanners.tls.handshake import (
    Connected,
    Started,
    agree,
    complete,
    converse,
    derive,
    reaction,
    send_finished,
)
from scanners.tls.injection import starttls_injection
from scanners.tls.legacy import Spoiler
from scanners.tls.line import Line
from scanners.tls.offers import handshake
from scanners.tls.protocols import Offered
from scanners.tls.records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEARTBEAT
from scanners.tls.registry import PROTOCOL_NAMES, SSL3, TLS10, TLS11, TLS12, TLS13, suite_name, usual_order
from scanners.tls.starttls import INJECTIONS
from scanners.tls.verdicts import FINE, REFUSED, Verdict
from scanners.tls.weaknesses import UNKNOWN, VULNERABLE, is_cbc
from scanners.tls.wire import Malformed, Reader, vector

_BEAT = 18
_PADDING = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the probes stand on; they do not wait for the survey, they offer whatever we can speak."""

    line: Line
    server_name: str | None

    def hello(
        self, wanted: Callable[[str], bool] = lambda _: True, *extra: tuple[int, bytes]
    ) -> h.ClientHello:
        """A hello with every wanted suite that we can speak; the server may choose an older version."""
        spoken = [each for each in usual_order(TLS12) if legacy.shape(each) and wanted(suite_name(each))]
        return handshake(TLS12, self.server_name, spoken, *extra)


async def heartbleed(ground: Ground, surveyed: Surveyed) -> Verdict:
    """CVE-2014-0160: a beat whose claimed length covers only bytes that we sent (RFC 6520 §4).

    A sound server drops it and answers the well-formed beat behind it; a vulnerable one answers the first.
    """
    said = [hello for listing in surveyed.listings.values() for hello in listing.hellos]
    if not any(h.EXT_HEARTBEAT in hello.extensions for hello in said):
        return FINE
    return await _asked(ground, _beats, ground.hello(lambda _: True, (h.EXT_HEARTBEAT, b"\1")))


async def _asked(
    ground: Ground, act: Callable[[Started], Awaitable[Verdict]], hello: h.ClientHello
) -> Verdict:
    answer = await converse(ground.line, hello, act)
    if isinstance(answer, Refused):
        return REFUSED
    return (UNKNOWN, answer.reason) if isinstance(answer, Failed) else answer


async def _beats(started: Started) -> Verdict:
    bad = b"\1" + vector(2, b"A" * _BEAT)
    good = b"\1" + vector(2, b"B" * _BEAT) + os.urandom(_PADDING)
    await started.send(HEARTBEAT, bad, good)
    record = await started.session.record()
    if record.kind != HEARTBEAT:
        raise Malformed("no heartbeat where one was due")
    reader = Reader(record.body)
    reader.take(1)
    return (VULNERABLE, None) if reader.vector(2) == b"A" * _BEAT else FINE


async def ccs_injection(ground: Ground) -> Verdict:
    """CVE-2014-0224: a ChangeCipherSpec before any key. A sound server refuses it then and there.

    One that goes along decrypts what follows with keys that do not exist, and says so.
    """
    return await _asked(ground, _early_change, ground.hello())


async def _early_change(started: Started) -> Verdict:
    await started.send(CHANGE_CIPHER_SPEC, b"\1")
    await started.send(HANDSHAKE, os.urandom(64))
    seen = await reaction(started)
    if seen in {"alert-20", "alert-21", "alert-50", "alert-51"}:
        return VULNERABLE, None
    if seen.startswith("alert") or seen == "closed":
        return FINE
    return UNKNOWN, Reason.TIMEOUT if seen == "silence" else Reason.PROTOCOL_GARBAGE


def _bad_padding(content: bytes, pad: bytes) -> tuple[bytes, bytes]:
    return content, bytes([pad[0] ^ 0x80]) + pad[1:]


def _bad_mac(content: bytes, pad: bytes) -> tuple[bytes, bytes]:
    return content[:-1] + bytes([content[-1] ^ 1]), pad


def _bad_both(content: bytes, pad: bytes) -> tuple[bytes, bytes]:
    return _bad_mac(content, pad)[0], _bad_padding(content, pad)[1]


_SPOILERS: tuple[Spoiler, ...] = (_bad_padding, _bad_mac, _bad_both)


async def padding(ground: Ground) -> Mapping[str, Verdict]:
    """POODLE against TLS, Zombie POODLE and GOLDENDOODLE, from how three spoilt records are answered.

    The first accepts wrong padding; the second answers wrong padding under a right MAC otherwise than under
    a wrong one; the third shows whether padding under a wrong MAC is right.
    """
    hello = ground.hello(is_cbc)
    first = await _reactions(ground, hello)
    if isinstance(first, Refused | Reason):
        return dict.fromkeys(_DOODLES, _without(first))
    again = first if len(set(first)) == 1 else await _reactions(ground, hello)
    return _compared(first, again)


_DOODLES = ("poodle_tls", "zombie_poodle", "goldendoodle")
_Seen = tuple[str, ...] | Refused | Reason


def _without(answer: Refused | Reason) -> Verdict:
    return REFUSED if isinstance(answer, Refused) else (UNKNOWN, answer)


def _compared(first: tuple[str, ...], again: _Seen) -> Mapping[str, Verdict]:
    bad_padding, bad_mac, bad_both = first
    accepted = bad_padding == "finished" or bad_padding.startswith("message")
    if accepted:
        return {
            "poodle_tls": (VULNERABLE, None),
            "zombie_poodle": FINE,
            "goldendoodle": _differ(bad_mac != bad_both, first, again),
        }
    if "silence" in first or "lost" in first:
        return dict.fromkeys(_DOODLES, (UNKNOWN, Reason.TIMEOUT))
    return {
        "poodle_tls": FINE,
        "zombie_poodle": _differ(bad_padding != bad_both, first, again),
        "goldendoodle": _differ(bad_mac != bad_both, first, again),
    }


def _differ(differs: bool, first: tuple[str, ...], again: _Seen) -> Verdict:  # noqa: FBT001
    """A difference counts when it comes twice in the same shape; once it may be chance."""
    if not differs:
        return FINE
    if isinstance(again, Refused | Reason):
        return UNKNOWN, again if isinstance(again, Reason) else Reason.NO_DATA
    return (VULNERABLE, None) if first == again else (UNKNOWN, Reason.NO_DATA)


async def _reactions(ground: Ground, hello: h.ClientHello) -> _Seen:
    return await _side_by_side(ground, hello, [partial(_spoilt, spoil=spoil) for spoil in _SPOILERS])


async def _side_by_side(
    ground: Ground, hello: h.ClientHello, acts: Sequence[Callable[[Started], Awaitable[str]]]
) -> _Seen:
    """What the server does in each case; the first case goes ahead, for it tells whether there is ground."""
    first = await converse(ground.line, hello, acts[0])
    others = () if isinstance(first, Refused | Failed) else acts[1:]
    return _shape([first, *await asyncio.gather(*(converse(ground.line, hello, act) for act in others))])


async def _in_turn(
    ground: Ground, hello: h.ClientHello, acts: Sequence[Callable[[Started], Awaitable[str]]]
) -> _Seen:
    """The same one after the other: a server that is kept busy by several may seem silent to some of them."""
    return _shape([await converse(ground.line, hello, act) for act in acts])


def _shape(answers: Sequence[str | Refused | Failed]) -> _Seen:
    seen = []
    for answer in answers:
        if isinstance(answer, Refused | Failed):
            return answer if isinstance(answer, Refused) else answer.reason
        seen.append(answer)
    return tuple(seen)


async def _spoilt(started: Started, spoil: Spoiler) -> str:
    await send_finished(started, agree(started), spoil)
    return await reaction(started)


async def robot(ground: Ground) -> Verdict:
    """Bleichenbacher's oracle: five ways to pad a premaster secret, which a sound server treats alike."""
    hello = ground.hello(_is_rsa_exchange)
    acts = [partial(_padded, variant=variant) for variant in range(_VARIANTS)]
    first = await _side_by_side(ground, hello, acts)
    if isinstance(first, Refused | Reason):
        return _without(first)
    if len(set(first)) == 1:
        return (UNKNOWN, Reason.TIMEOUT) if first[0] in _SILENT else FINE
    again = await _in_turn(ground, hello, acts)
    if again == (first[0],) * _VARIANTS and set(first) <= {first[0], *_SILENT}:
        return FINE  # only the crowd was answered otherwise, and with nothing
    return _differ(True, first, again)


_SILENT = frozenset({"silence", "lost"})


def _is_rsa_exchange(suite: str) -> bool:
    return suite.startswith("TLS_RSA_WITH_")


_VARIANTS = 5


async def _padded(started: Started, variant: int) -> str:
    """Send one padding. The Finished behind it is under other keys, so that no variant can succeed."""
    key = legacy.rsa_key(started.leaf)
    size = (key.key_size + 7) // 8
    secret = os.urandom(48)
    block = _block(variant, size, started.hello.version.to_bytes(2, "big"), secret[2:])
    numbers = key.public_numbers()
    sealed = pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(size, "big")
    message = bytes([16]) + vector(3, vector(2, sealed))
    await send_finished(started, derive(started, started.shape(), os.urandom(48), message))
    return await reaction(started)


def _block(variant: int, size: int, version: bytes, secret: bytes) -> bytes:
    """PKCS #1 v1.5 blocks, the first right, the others each wrong in one way (RFC 8017 §7.2.1)."""
    filler = bytes(1 + byte % 255 for byte in os.urandom(size - 51))
    return (
        b"\0\2" + filler + b"\0" + version + secret,
        b"\x41\x17" + filler + b"\0" + version + secret,
        b"\0\2" + filler + b"\x11" + version + bytes(1 + byte % 255 for byte in secret),
        b"\0\2" + filler[:8] + b"\0" + filler[9:] + b"\0" + version + secret,
        b"\0\2" + filler + b"\0\2\2" + secret,
    )[variant]


async def session(ground: Ground) -> "Sessions":
    """One whole handshake, and a second one that tries to take it up again."""
    hello = ground.hello(lambda _: True, (h.EXT_SESSION_TICKET, b""))
    way = INJECTIONS.get(ground.line.starttls or "")
    act = partial(_renegotiated, farewell=way.farewell if way else b"")
    first = await converse(ground.line, hello, act)
    if isinstance(first, Refused):
        return Sessions(ticketbleed=REFUSED)
    if isinstance(first, Failed):
        return Sessions(ticketbleed=(UNKNOWN, first.reason), gap=first.reason)
    if not first.ticket:
        kept = await _kept(ground, first.session_id)
        return Sessions(
            ticketbleed=FINE, renegotiation=first.renegotiates, tickets=False, resumption=kept, ids=kept
        )
    bled, resumed = await _resume(ground, first.ticket)
    return Sessions(ticketbleed=bled, renegotiation=first.renegotiates, tickets=True, resumption=resumed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What whole handshakes showed: Ticketbleed, renegotiation begun by the client, tickets, resumption.

    `ids` is resumption by the server's own session id, asked only of servers without tickets.
    """

    ticketbleed: Verdict
    renegotiation: bool | None = None
    tickets: bool | None = None
    resumption: bool | None = None
    ids: bool | None = None
    gap: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """`session_id` is None unless both sides took leave properly: what is broken off is not kept."""

    ticket: bytes | None
    session_id: bytes | None
    renegotiates: bool | None


async def _renegotiated(started: Started, farewell: bytes) -> _Whole:
    """Complete the handshake, then ask for another one inside it (RFC 5746 §3.5), and take leave."""
    connected = await complete(started)
    seen = await _again(connected)
    if left := seen == _NO_RENEGOTIATION:
        with suppress(NetFailure):
            if farewell:
                await started.session.send(APPLICATION_DATA, farewell, started.version)
            await started.session.send(ALERT, b"\1\0", started.version)
    refused = seen.startswith("alert") or seen == "closed"
    return _Whole(
        ticket=connected.ticket,
        session_id=started.chosen.session_id if left else None,
        renegotiates=True if seen == f"message-{h.SERVER_HELLO}" else (False if refused else None),
    )


_NO_RENEGOTIATION = "alert-100"


async def _again(connected: Connected) -> str:
    """What the server does with a hello inside the connection (`reaction`)."""
    binding = (h.EXT_RENEGOTIATION_INFO, vector(1, connected.client_verify))
    first = connected.started.hello
    hello = replace(first, suites=first.suites[:-1], extra=(binding,), random=os.urandom(32))
    try:
        await connected.started.session.send(HANDSHAKE, hello.message(), connected.started.version)
    except NetFailure:
        return "closed"
    return await reaction(connected.started)


async def _resume(ground: Ground, ticket: bytes) -> tuple[Verdict, bool | None]:
    """(CVE-2016-9244, whether the ticket was taken): resume with a session id of the greatest length.

    The flaw answers a shorter id with what lay behind it in memory. An id of 32 bytes leaves no room for
    that: the flaw itself is never provoked, and a right echo does not prove its absence (docs/adr/0010).
    """
    hello = ground.hello(lambda _: True, (h.EXT_SESSION_TICKET, ticket))
    answer = await converse(ground.line, replace(hello, session_id=os.urandom(_WHOLE_ID)), _taken_up)
    if isinstance(answer, Failed):
        return (UNKNOWN, answer.reason), None
    if isinstance(answer, Refused) or answer is None:
        return FINE, False
    return (_ECHOED if answer else (VULNERABLE, None)), True


async def _kept(ground: Ground, session_id: bytes | None) -> bool | None:
    """Whether the session is taken up again by its id (RFC 5246 §7.4.1.3); null where it was not asked."""
    if session_id is None or ground.line.limit is not None:
        return None
    if not session_id:
        return False
    hello = ground.hello(lambda _: True, (h.EXT_SESSION_TICKET, b""))
    answer = await converse(ground.line, replace(hello, session_id=session_id), _taken_up)
    return None if isinstance(answer, Failed) else answer is True


_WHOLE_ID = 32
#: The server echoes session ids: it has no Ticketbleed if it is none of the flawed kind (`of_another_kind`).
_ECHOED: Verdict = ("echoed", None)


async def _taken_up(started: Started) -> bool | None:
    """Whether the id that came back is ours; false where ours goes over into bytes that nobody sent.

    None for a session of the server's own.
    """
    own, theirs = started.hello.session_id, started.chosen.session_id
    return theirs == own if theirs[: len(own) // 2] == own[: len(own) // 2] else None


#: What the flawed BIG-IP 11.4.0 to 12.1.2 did not have, by parts of suites and groups (docs/adr/0010).
_LATER_SUITES = ("CHACHA20", "_CCM", "_ARIA_")
_LATER_GROUPS = frozenset({25, 29, 30, 4587, 4588, 4589})
_LATER_EXTENSIONS = frozenset({h.EXT_ENCRYPT_THEN_MAC, h.EXT_HEARTBEAT})


def of_another_kind(verdict: Verdict, surveyed: Surveyed, groups: Sequence[int]) -> Verdict:
    """Ticketbleed of a server that echoes: absent where it offers what no flawed version had."""
    if verdict != _ECHOED:
        return verdict
    listings = surveyed.listings.values()
    suites = [suite_name(suite) for each in listings for suite in each.suites]
    said = {extension for each in listings for hello in each.hellos for extension in hello.extensions}
    later = any(mark in name for name in suites for mark in _LATER_SUITES) or bool(said & _LATER_EXTENSIONS)
    if later or surveyed.listings[TLS13].suites or _LATER_GROUPS & set(groups):
        return FINE
    return UNKNOWN, Reason.NOT_PERMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Every probe's verdict by name, and what whole handshakes showed beside."""

    verdicts: Mapping[str, Verdict]
    sessions: Sessions


async def examine(ground: Ground, *, gentle: bool = False) -> Probed:
    """All probes that do not wait for the survey, side by side; `gentle` leaves the long ones out.

    Connections may run out: the flaw of mail servers' own is asked first.
    """
    long = asyncio.gather(padding(ground), robot(ground)) if not gentle else _nothing()
    injection, change, sessions, paddings = await asyncio.gather(
        starttls_injection(ground.line, ground.hello), ccs_injection(ground), session(ground), long
    )
    verdicts = {
        "ccs_injection": change,
        "ticketbleed": sessions.ticketbleed,
        "starttls_injection": injection,
    }
    if paddings:
        verdicts |= {**paddings[0], "robot": paddings[1]}
    return Probed(verdicts=verdicts, sessions=sessions)


async def _nothing() -> None:
    return None


async def as_far_as(ground: Ground, connections: int) -> Mapping[str, Verdict]:
    """The long probes, one after the other, as far as the connections last; the rest is unknown (budget)."""
    spent: Verdict = (UNKNOWN, Reason.BUDGET)
    before = ground.line.connections
    paddings = await padding(ground) if connections >= len(_SPOILERS) else dict.fromkeys(_DOODLES, spent)
    left = connections - (ground.line.connections - before)
    bleichenbacher = await robot(ground) if left >= _VARIANTS else spent
    return {**paddings, "robot": bleichenbacher}


def settled(verdict: Verdict, name: str, offered: Offered) -> Verdict:
    """A refusal read against what is offered: fine if surely no suite of the kind is, else unknown."""
    if verdict != REFUSED:
        return verdict
    wanted = {"robot": _is_rsa_exchange}.get(name, is_cbc if name in _DOODLES else _any)
    names = [PROTOCOL_NAMES[version] for version in (TLS12, TLS11, TLS10, SSL3)]
    if any(offered.protocols[each] is None or each in offered.partial for each in names):
        return UNKNOWN, Reason.NO_DATA
    spoken = {suite for each in names for suite in offered.suites.get(each, ())}
    return (UNKNOWN, Reason.NO_DATA) if any(map(wanted, spoken)) else FINE


def _any(_suite: str) -> bool:
    return True


async def withheld() -> Probed:
    """Nothing malformed is sent to a host that others share."""
    verdict: Verdict = (UNKNOWN, Reason.NOT_PERMITTED)
    names = ("heartbleed", "ccs_injection", "ticketbleed", "robot", "starttls_injection")
    doodles = ("poodle_tls", "zombie_poodle", "goldendoodle")
    return Probed(verdicts=dict.fromkeys((*names, *doodles), verdict), sessions=Sessions(ticketbleed=verdict))
