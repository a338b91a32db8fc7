"""A server under load says no with resets, silence or errors: it is given a rest and asked once more.

An answer of that kind is believed when it comes again while the host is hardly worked at all; from then on
it is this server's way of saying no, which costs nothing more. Otherwise it was load: the pace stays low, and
no reset or silence is taken for a no any more (DESIGN §3).
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from posture.core.findings import Owner
from posture.core.observations import Reason
from scanners.tls.answers import INTERNAL_ERROR, Failed, Refused
from scanners.tls.line import Line

T = TypeVar("T")

#: Failures that a host under load shows, and how often each is asked again before it is believed.
_TRIES = {Reason.RESET: 3, Reason.REFUSED: 3, Reason.RATE_LIMITED: 2, Reason.TIMEOUT: 1}
_ALERTS = 2


async def patiently(
    line: Line, ask: Callable[[], Awaitable[T | Refused | Failed]], *, sure: bool = False
) -> T | Refused | Failed:
    """Ask, and ask again where the answer may come from load. `sure`: this very offer was accepted before.

    The alert that ends an enumeration is not load: a refusal counts, but for a host that showed load before,
    where it has to come twice. A host that never answered is not under our load.
    """
    begun, tally = line.now(), line.tally
    answer = await ask()
    if _asks_for_patience(answer) and not tally.answered:
        answer = await _gently(line, ask, answer, begun)
    if not _strained(answer, sure=sure) or not tally.answered:
        tally.answered |= not isinstance(answer, Failed)
        return await _twice(ask, answer) if tally.loaded and isinstance(answer, Refused) else answer
    async with tally.doubt:
        if _word(answer) in tally.ways and not sure:
            return answer
        found = await _confirmed(line, ask, answer, begun)
        if not tally.loaded and not sure:
            tally.ways.add(_word(answer))
        return found


async def _gently(
    line: Line, ask: Callable[[], Awaitable[T | Refused | Failed]], answer: T | Refused | Failed, begun: float
) -> T | Refused | Failed:
    """A server that says with its first word that it is asked too much (RFC 5321 §3.8: 421) gets a rest.

    It is asked once more, but for a third party's: that was the one contact we have there.
    """
    line.ease(begun)
    if line.permit.owner is Owner.PROVIDER:
        return answer
    async with line.tally.doubt:
        return await ask()


def is_no(line: Line, answer: object) -> bool:
    """Whether this is a refusal: an alert, or what was seen to be this server's way of saying no."""
    if isinstance(answer, Failed):
        return answer.asked and answer.reason in line.tally.ways and not line.tally.loaded
    return isinstance(answer, Refused)


async def _confirmed(
    line: Line, ask: Callable[[], Awaitable[T | Refused | Failed]], first: T | Refused | Failed, begun: float
) -> T | Refused | Failed:
    """Ask again more and more gently; one alone of a host's questions is at this at a time."""
    answer, eased = first, 0
    for _ in range(_tries(first)):
        eased += line.ease(begun)
        begun = line.now()
        again = await ask()
        if isinstance(again, Failed) and again.reason is Reason.BUDGET:
            return answer
        if _word(again) != _word(first):
            line.tally.loaded = True
            return again
        answer = again
    if not line.tally.loaded and not _asks_for_patience(first):
        line.restore(eased)
    return answer


async def _twice(
    ask: Callable[[], Awaitable[T | Refused | Failed]], answer: T | Refused | Failed
) -> T | Refused | Failed:
    again = await ask()
    return answer if isinstance(again, Failed) else again


def _asks_for_patience(answer: object) -> bool:
    """Whether the server says so itself; other signs of load may be its way of saying no."""
    return isinstance(answer, Failed) and answer.reason is Reason.RATE_LIMITED


def _strained(answer: object, *, sure: bool) -> bool:
    if isinstance(answer, Refused):
        return sure or answer.description == INTERNAL_ERROR
    return isinstance(answer, Failed) and answer.reason in _TRIES


def _word(answer: object) -> object:
    """What can be compared of an answer, and is None for an acceptance."""
    if isinstance(answer, Refused):
        return answer.description
    return answer.reason if isinstance(answer, Failed) else None


def _tries(answer: object) -> int:
    return _TRIES[answer.reason] if isinstance(answer, Failed) else _ALERTS
