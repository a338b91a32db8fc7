"""The order of a server's suites, found with several questions at a time and hardly one too many.

Offering all but a set of suites brings the server's favourite among the rest. Taken one after the other
(offer, note, remove, offer again) that is slow; so the next favourites are guessed, and the questions that
would follow if the guesses were right are asked at the same time. A right guess costs nothing, a wrong one
costs a question or two, and nothing is ever concluded from a guess.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import cache

from posture.core.observations import Reason
from scanners.tls.registry import suite_name

_WIDEST = 3
_AT_ONCE = 2
_HASHES = frozenset({"SHA", "SHA256", "SHA384", "SHA512", "MD5", "SM3"})
#: Parts of suites that few servers have.
_RARE = ("anon", "DSS", "EXPORT", "NULL", "RC", "DES", "SEED", "IDEA", "GOST", "ARIA", "CAMELLIA", "CCM")
#: Rare kinds that come together: where a library's defaults brought one, they mostly brought the others.
_KIN = (("CCM", "ARIA", "CAMELLIA"), ("anon",))


class Ladder:
    """What is known of one version's order. A question is the set of suites left out of the offer.

    `usual` is the order that guesses follow; `sure` that this server was seen to have it, in another version.
    Kinds that were seen `beside`, by another part of the same list, are known here too. `widest` is the
    greatest number of questions at a time. `parts` names the kinds an item is of, `rare` marks kinds that
    are guessed only once one was seen.
    """

    def __init__(
        self,
        usual: Sequence[int],
        *,
        sure: bool = False,
        parts: Callable[[int], tuple[str, ...]] | None = None,
        rare: Sequence[str] = _RARE,
        beside: "Ladder | None" = None,
        widest: int = _WIDEST,
    ) -> None:
        self._usual = usual
        self._sure = sure
        self._parts = parts or _parts
        self._rare = tuple(rare)
        self._known: list[tuple[frozenset[int], int | None]] = []
        self._guesses: dict[frozenset[int], int | None] = {}
        self._hits: Counter[str] = beside._hits if beside else Counter()  # noqa: SLF001
        self._misses: Counter[str] = beside._misses if beside else Counter()  # noqa: SLF001
        self.found: list[int] = []
        self.whole = False
        self._widest = widest
        self.width = widest if sure else 1

    @property
    def as_usual(self) -> bool:
        """Whether what was found stands in the order that guesses follow."""
        places = [self._usual.index(suite) for suite in self.found if suite in self._usual]
        return places == sorted(places) and len(places) == len(self.found)

    def learn(self, left_out: frozenset[int], chosen: int | None) -> None:
        """Note an answer: the favourite among the rest, None when nothing of it is accepted."""
        self._known.append((left_out, chosen))
        guess = self._guesses.get(left_out)
        if guess is not None:
            self.width = min(self._widest, self.width + 2) if guess == chosen else max(1, self.width // 2)
        while not self.whole and (answer := self._answer(frozenset(self.found))) is not None:
            (favourite,) = answer
            if favourite is None:
                self.whole = True
            else:
                self.found.append(favourite)
                self._count(favourite)

    def question(self, open_questions: Collection[frozenset[int]]) -> frozenset[int] | None:
        """The next question worth asking beside those that are open; None when there is none."""
        if self.whole:
            return None
        left_out = frozenset(self.found)
        for _ in range(_WIDEST):
            if left_out not in self._guesses:
                self._guesses[left_out] = self._guess(left_out)
            guess = self._guesses[left_out]
            if left_out not in open_questions:
                return None if self._answer(left_out) else left_out
            if guess is None:
                return None
            left_out |= {guess}
        return None

    def _answer(self, left_out: frozenset[int]) -> tuple[int | None] | None:
        """The answer that is known already: from a wider offer whose favourite is still among the rest."""
        for asked, chosen in self._known:
            if chosen not in left_out and asked <= left_out:
                return (chosen,)
        return None

    def _guess(self, left_out: frozenset[int]) -> int | None:
        for suite in self._usual:
            if suite not in left_out and self._likely(suite):
                return suite
        return None

    def _likely(self, suite: int) -> bool:
        """Kinds of exchange and cipher that were passed over are not guessed, rare ones only once seen."""
        if self._sure:
            return True
        return all(
            self._hits[part] or not (self._misses[part] or self._is_rare(part)) or self._has_kin(part)
            for part in self._parts(suite)
        )

    def _has_kin(self, part: str) -> bool:
        """Whether a kind was seen that libraries switch on together with this one."""
        if self._misses[part]:
            return False
        return any(
            any(mark in part for mark in kin) and any(mark in seen for mark in kin for seen in +self._hits)
            for kin in _KIN
        )

    def _count(self, suite: int) -> None:
        for part in self._parts(suite):
            self._hits[part] += 1
        if suite not in self._usual:
            return
        for passed in self._usual[: self._usual.index(suite)]:
            if passed not in self.found:
                self._blame(*self._parts(passed))

    def _is_rare(self, part: str) -> bool:
        return any(mark in part for mark in self._rare)

    def _blame(self, exchange: str, cipher: str = "") -> None:
        """Of a suite that was passed over the half that is not known to be there is at fault."""
        if self._hits[cipher] or not cipher:
            self._misses[exchange] += 1
        elif self._hits[exchange]:
            self._misses[cipher] += 1


async def climb(
    ladder: Ladder,
    candidates: Sequence[int],
    favourite: Callable[[Sequence[int]], Awaitable[int | Reason | None]],
) -> tuple[list[int], Reason | None]:
    """Ask for the favourite of ever fewer candidates until there is none; (in order, why there may be more).

    For short lists, in which a guess too many weighs more than a round trip.
    """
    while not ladder.whole:
        questions: list[frozenset[int]] = []
        while len(questions) < min(ladder.width, _AT_ONCE) and (
            (left_out := ladder.question(questions)) is not None
        ):
            questions.append(left_out)
        asked = [favourite([each for each in candidates if each not in left_out]) for left_out in questions]
        for left_out, answer in zip(questions, await asyncio.gather(*asked), strict=True):
            if isinstance(answer, Reason):
                return ladder.found, answer
            ladder.learn(left_out, answer)
    return ladder.found, None


@cache
def _parts(suite: int) -> tuple[str, ...]:
    """The kind of exchange, and the cipher with its mode but without its size."""
    exchange, mark, cipher = suite_name(suite).partition("_WITH_")
    if not mark:
        return (exchange,)
    words = [word for word in cipher.split("_") if not word.isdigit() and word not in _HASHES]
    return exchange, " ".join(words)
