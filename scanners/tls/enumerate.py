"""Which protocol versions and cipher suites: offer, note, remove, offer again.

A version is refused only while another one is accepted; silence and resets count as a no only when a control
hello is answered after them (DESIGN §3).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from posture.core.cipher_suites import Weakness, weakness
from posture.core.observations import Reason
from scanners.tls import registry, ssl2
from scanners.tls.answers import HANDSHAKE_FAILURE, Accepted, Answer, Failed, Refused
from scanners.tls.client import choice
from scanners.tls.hello import ServerHello
from scanners.tls.ladder import Ladder
from scanners.tls.line import Line
from scanners.tls.offers import offer

#: Versions asked with a hello of the common format, newest first.
VERSIONS = (registry.TLS13, registry.TLS12, registry.TLS11, registry.TLS10, registry.SSL3)
#: Suites of TLS 1.2 after which its order is known well enough to begin with the versions before it.
_FOR_A_WHILE = 12
#: Questions at a time for a version that is asked beside TLS 1.2.
_BESIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One version's suites, in the server's order where it has one.

    `end` is the answer that ended the list: the refusal of the rest, or of everything.
    `hellos` are the ServerHellos of this version.
    `server_decides` is null with less than two suites, or when it could not be asked.
    """

    version: int
    suites: tuple[int, ...]
    end: Answer
    server_decides: bool | None = None
    lower: int | None = None
    hellos: tuple[ServerHello, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """All versions by number; `ssl2` apart, for it answers everything at once."""

    listings: dict[int, Listing]
    ssl2: ssl2.Ssl2Hello | Refused | Failed


async def survey(
    line: Line, server_name: str | None, *, by_class: bool = False, spoken: int | None = None
) -> Surveyed:
    """Ask every version, side by side; `by_class` asks for one suite of each kind of weakness only.

    `spoken` is the version that an ordinary client was seen to get.
    """
    surveyor = _Surveyor(line, server_name, by_class=by_class, spoken=spoken)
    old, listings = await asyncio.gather(
        ssl2.ask(line), asyncio.gather(*(surveyor.version(version) for version in VERSIONS))
    )
    return Surveyed(listings={each.version: each for each in listings}, ssl2=old)


class _Surveyor:
    """One endpoint's survey. What TLS 1.2 prefers is a good guess for the versions before it."""

    def __init__(self, line: Line, server_name: str | None, *, by_class: bool, spoken: int | None) -> None:
        self._spoken = spoken
        self._by_class = by_class
        self._line = line
        self._name = server_name
        self._hellos: dict[int, list[ServerHello]] = {}
        loop = asyncio.get_running_loop()
        self._order_12: asyncio.Future[Sequence[int]] = loop.create_future()
        self._ladders_12: list[Ladder] = []
        self._stumbled: set[int] = set()
        self._told = {version: asyncio.Event() for version in VERSIONS}
        self._kinds = list(_KINDS)

    async def version(self, version: int) -> Listing:
        try:
            listing = await self._listing(version)
        finally:
            self._told[version].set()
            if version == registry.TLS12:
                self._tell_order([])
        return listing

    async def _listing(self, version: int) -> Listing:
        everything = _ordered(version)
        first = await self._first(version, everything)
        if not isinstance(first, Accepted):
            return Listing(version=version, suites=(), end=first)
        if first.hello.version != version:
            return Listing(version=version, suites=(), end=first, lower=first.hello.version)
        if self._by_class:
            return await self._classes(version, first.hello.suite)
        (found, end), decides = await asyncio.gather(
            self._found(version, everything, first.hello.suite),
            self._who_decides(version, everything, first.hello.suite),
        )
        if version == registry.TLS12:
            self._tell_order(found)
        if decides is None and version in self._stumbled:
            decides = await self._who_decides(version, _without_field(everything), first.hello.suite)
        decides = decides if len(found) > 1 else None
        suites = tuple(sorted(found)) if decides is False else tuple(found)
        return Listing(
            version=version,
            suites=suites,
            end=end,
            server_decides=decides,
            hellos=tuple(self._hellos[version]),
        )

    async def _first(self, version: int, everything: Sequence[int]) -> Answer:
        """The answer to everything; of a server that hangs up, the one it has without a finite field.

        A server whose favourite it cannot do itself (Dovecot without parameters for DHE) hangs up, too.
        """
        answer = await self._ask(version, everything, sure=version == self._spoken)
        rest = _without_field(everything)
        if not _hung_up(answer) or len(rest) == len(everything):
            return answer
        again = await self._ask(version, rest)
        if not isinstance(again, Accepted):
            return answer
        self._stumbled.add(version)
        return again

    async def _classes(self, version: int, favourite: int) -> Listing:
        """One suite of each kind of weakness that no newer version has, and one with CBC."""
        (weak, end), (cbc, cbc_end) = await asyncio.gather(self._weak(version), self._cbc(version, favourite))
        ends = [each for each in (end, cbc_end) if not isinstance(each, Accepted | Refused)]
        return Listing(
            version=version,
            suites=tuple(dict.fromkeys([favourite, *weak, *cbc])),
            end=ends[0] if ends else Refused(description=HANDSHAKE_FAILURE),
            hellos=tuple(self._hellos[version]),
        )

    async def _weak(self, version: int) -> tuple[list[int], Answer]:
        """All kinds at once, then all but those that were chosen, until the rest is refused."""
        newer = VERSIONS[: VERSIONS.index(version)]
        await asyncio.gather(*(self._told[each].wait() for each in newer))
        found: list[int] = []
        while self._kinds:
            suite, answer = await self._one(version, self._kinds)
            if suite is None:
                return found, answer
            found.append(suite)
            self._kinds = [kind for kind in self._kinds if not kind(registry.suite_name(suite))]
        return found, Refused(description=HANDSHAKE_FAILURE)

    async def _cbc(self, version: int, favourite: int) -> tuple[list[int], Answer]:
        if _cbc(registry.suite_name(favourite)):
            return [], Refused(description=HANDSHAKE_FAILURE)
        suite, answer = await self._one(version, [_cbc])
        return [] if suite is None else [suite], answer

    async def _one(self, version: int, kinds: Sequence[Callable[[str], bool]]) -> tuple[int | None, Answer]:
        """A suite of one of the kinds; of a server that hangs up, one without a finite field."""
        suites = [
            each for each in _ordered(version) if any(kind(registry.suite_name(each)) for kind in kinds)
        ]
        answer = await self._ask(version, suites)
        rest = _without_field(suites)
        if _hung_up(answer) and len(rest) < len(suites):
            answer = await self._ask(version, rest)
        if isinstance(answer, Accepted) and answer.hello.version == version:
            return answer.hello.suite, answer
        return None, answer

    async def _found(self, version: int, everything: Sequence[int], first: int) -> tuple[list[int], Answer]:
        """The suites in the server's order as far as they could be told, and the answer that ended them."""
        if version != registry.TLS12:
            ladder = await self._ladder(version)
            ladder.learn(frozenset(), first)
            end = await self._climb(version, everything, ladder)
            return ladder.found, end
        halves = [[suite for suite in everything if _is_ephemeral(suite) is which] for which in (True, False)]
        usual = [[each for each in registry.usual_order(version) if each in half] for half in halves]
        one = Ladder(usual[0])
        ladders = [one, Ladder(usual[1], beside=one)]
        ladders[not _is_ephemeral(first)].learn(frozenset(), first)
        self._ladders_12 = ladders
        climbs = [self._climb(version, *pair) for pair in zip(halves, ladders, strict=True)]
        ends = await asyncio.gather(*climbs)
        merged = await self._merged(version, ladders[0].found, ladders[1].found)
        return merged, next((end for end in ends if not isinstance(end, Refused)), ends[0])

    async def _merged(self, version: int, one: list[int], other: list[int]) -> list[int]:
        """Both halves in one order: guessed by the usual one, proved at every change from half to half."""
        usual = {suite: place for place, suite in enumerate(registry.usual_order(version))}
        guess = list(_zipped(one, other, lambda a, b: usual.get(a, 0) < usual.get(b, 0)))
        proofs = []
        for place, (suite, after) in enumerate(pairwise(guess)):
            if (suite in one) is not (after in one):
                others = other if suite in one else one
                proofs.append(
                    self._prefers(version, suite, [each for each in guess[place + 1 :] if each in others])
                )
        if all(await asyncio.gather(*proofs)):
            return guess
        return await self._merged_singly(version, one, other)

    async def _merged_singly(self, version: int, one: list[int], other: list[int]) -> list[int]:
        merged: list[int] = []
        while one and other:
            chosen = one if await self._prefers(version, one[0], other[:1]) else other
            merged.append(chosen[0])
            one, other = (one[1:], other) if chosen is one else (one, other[1:])
        return merged + one + other

    async def _prefers(self, version: int, suite: int, others: Sequence[int]) -> bool:
        answer = await self._ask(version, [suite, *others], sure=True)
        return isinstance(answer, Accepted) and answer.hello.suite == suite

    async def _ladder(self, version: int) -> Ladder:
        usual = registry.usual_order(version)
        if version > registry.TLS12:
            return Ladder(usual)
        order = [suite for suite in await self._order_12 if suite in registry.suites_of(version)]
        if order:
            return Ladder(order, sure=True)
        # TLS 1.2 goes on beside: its list is the longest, and what it finds helps the others.
        beside = next(iter(self._ladders_12), None)
        return Ladder(usual, beside=beside, widest=_BESIDE) if beside else Ladder(usual)

    def _tell_order(self, order: Sequence[int]) -> None:
        """Let older versions begin, with the order that they probably have; empty for the usual one."""
        if not self._order_12.done():
            self._order_12.set_result(order)

    def _compare_order(self) -> None:
        """A server that was seen to follow the usual order for a while is taken to go on so."""
        found = sum(len(ladder.found) for ladder in self._ladders_12)
        if found >= _FOR_A_WHILE and all(ladder.as_usual for ladder in self._ladders_12):
            self._tell_order([])

    async def _climb(self, version: int, everything: Sequence[int], ladder: Ladder) -> Answer:
        """Ask until the order is whole, several questions at a time; returns the answer that ended it."""
        refusal: Answer = Refused(description=HANDSHAKE_FAILURE)
        open_questions: dict[asyncio.Task[Answer], frozenset[int]] = {}
        try:
            while True:
                self._begin(version, everything, ladder, open_questions)
                done, _ = await asyncio.wait(open_questions, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    left_out, answer = open_questions.pop(task), task.result()
                    if isinstance(answer, Accepted) and answer.hello.version == version:
                        ladder.learn(left_out, answer.hello.suite)
                    elif isinstance(answer, Refused):
                        ladder.learn(left_out, None)
                        refusal = answer
                    elif left_out == frozenset(ladder.found):
                        rest = _without_field(everything)
                        if not _hung_up(answer) or len(rest) == len(everything):
                            return answer
                        everything = rest
                        self._stumbled.add(version)
                if version == registry.TLS12:
                    self._compare_order()
                if ladder.whole:
                    return refusal
        finally:
            for task in open_questions:
                task.cancel()

    def _begin(
        self,
        version: int,
        everything: Sequence[int],
        ladder: Ladder,
        open_questions: dict[asyncio.Task[Answer], frozenset[int]],
    ) -> None:
        while len(open_questions) < ladder.width:
            left_out = ladder.question(open_questions.values())
            if left_out is None:
                return
            rest = [suite for suite in everything if suite not in left_out]
            open_questions[asyncio.create_task(self._ask(version, rest))] = left_out

    async def _ask(self, version: int, suites: Sequence[int], *, sure: bool = False) -> Answer:
        """An answer; `sure` where some of the suites were accepted before."""
        if not suites:
            return Refused(description=HANDSHAKE_FAILURE)
        answer = await choice(self._line, offer(version, self._name, suites), sure=sure)
        if isinstance(answer, Accepted) and answer.hello.version == version:
            self._hellos.setdefault(version, []).append(answer.hello)
        return answer

    async def _who_decides(self, version: int, everything: Sequence[int], favourite: int) -> bool | None:
        """Offer the server's favourite last: true when it takes it all the same."""
        others = [suite for suite in everything if suite != favourite]
        answer = await self._ask(version, [*others, favourite], sure=True)
        if not isinstance(answer, Accepted) or answer.hello.version != version:
            return None
        if answer.hello.suite == favourite:
            return True
        # Taking ChaCha20 because the client put it first is a courtesy of servers that decide, too.
        return None if _is_chacha(answer.hello.suite) else False


def _broken(name: str) -> bool:
    weak = weakness(name)
    return weak is not None and weak.breaks_encryption


def _of(weak: Weakness) -> Callable[[str], bool]:
    return lambda name: weakness(name) is weak


def _cbc(name: str) -> bool:
    return "_CBC" in name and weakness(name) is None


_EXPORTS: tuple[Callable[[str], bool], ...] = (
    lambda name: name.startswith("TLS_RSA_EXPORT"),
    lambda name: "_DHE_" in name and "EXPORT" in name,
)
#: Kinds of weakness, no suite of two: what breaks encryption in other ways than export suites, then the rest.
_KINDS: tuple[Callable[[str], bool], ...] = (
    lambda name: _broken(name) and not any(each(name) for each in _EXPORTS),
    *_EXPORTS,
    _of(Weakness.RC4),
    _of(Weakness.SMALL_BLOCK),
)


def _zipped(one: list[int], other: list[int], before: Callable[[int, int], bool]) -> Iterator[int]:
    """Two lists as one, each in its own order."""
    left, right = deque(one), deque(other)
    while left and right:
        yield left.popleft() if before(left[0], right[0]) else right.popleft()
    yield from (*left, *right)


def _is_ephemeral(suite: int) -> bool:
    name = registry.suite_name(suite)
    return "DHE_" in name or "_anon_" in name


def _without_field(suites: Sequence[int]) -> list[int]:
    """Those that need no finite-field parameters of the server."""
    names = [(suite, registry.suite_name(suite)) for suite in suites]
    return [suite for suite, name in names if "_DHE_" not in name and "_DH_" not in name]


def _hung_up(answer: Answer) -> bool:
    return isinstance(answer, Failed) and answer.asked and answer.reason is Reason.RESET


def _is_chacha(suite: int) -> bool:
    return "CHACHA20" in registry.suite_name(suite)


def _ordered(version: int) -> list[int]:
    """Every suite, the usual ones first, so that guesses hold for servers that let the client decide.

    Servers that decide may lift ChaCha20 when the client names it first, so it stands last.
    """
    usual = registry.usual_order(version)
    place = {suite: at for at, suite in enumerate(usual)}
    return sorted(
        registry.suites_of(version),
        key=lambda suite: (_is_chacha(suite), place.get(suite, len(place)), suite),
    )
