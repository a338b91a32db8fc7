"""Annual and shared limits: what of the expected payments of a year they leave.

Payments are put on a lattice that keeps their mean (Klugman, Panjer, Willmot, Loss Models, local moment
matching); a year of Poisson claims is added up by Panjer's recursion. Plain Python: scoring needs no numpy.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: Steps of the lattice up to the largest limit.
STEPS = 60

#: E[min(payment, y)] of one claim as a function of y.
Limited = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Claims of one peril a year, and what each pays: (probability, limited payment) by cover or part of one.

    Payments of one claim are independent of each other, given that it came.
    """

    rate: float
    parts: tuple[tuple[float, Limited], ...]

    def mean(self) -> float:
        """Expected payments a year without any further limit."""
        return self.rate * math.fsum(chance * limited(math.inf) for chance, limited in self.parts)


def left(causes: Sequence[Cause], *, claim: float = math.inf, year: float = math.inf) -> float:
    """Share of the expected payments that a limit for each claim and one for the year leave."""
    top = min(claim, year) if math.isinf(year) else year
    total = math.fsum(cause.mean() for cause in causes)
    if math.isinf(top) or total == 0:
        return 1.0
    # The limit of a claim lies on the lattice; that of the year need not.
    each = max(1, round(STEPS * claim / top)) if claim < top else STEPS
    step = min(claim, top) / each
    size = math.ceil(top / step - 1e-9)
    events = [(cause.rate, _capped(_event(cause.parts, step, size), each)) for cause in causes]
    paid = [min(place * step, top) for place in range(size + 1)]
    if math.isinf(year):
        kept = math.fsum(rate * _mean(paid, chances) for rate, chances in events)
    else:
        kept = _mean(paid, _year(events, size))
    return min(1.0, kept / total)


def _event(parts: Iterable[tuple[float, Limited]], step: float, size: int) -> list[float]:
    """Chances of 0, 1, … `size` steps for all payments of one claim together; the last is that and more."""
    chances = [1.0, *([0.0] * size)]
    for chance, limited in parts:
        one = [chance * value for value in _lattice(limited, step, size)]
        one[0] += 1 - chance
        chances = _added(chances, one)
    return chances


def _lattice(limited: Limited, step: float, size: int) -> list[float]:
    """Chances on the lattice with the mean of min(payment, top)."""
    at = [limited(step * place) / step for place in range(size + 1)]
    middle = [2 * at[place] - at[place - 1] - at[place + 1] for place in range(1, size)]
    return [1 - at[1], *middle, at[size] - at[size - 1]]


def _added(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """The distribution of the sum, cut at the top."""
    size = len(one) - 1
    summed = [math.fsum(one[i] * other[total - i] for i in range(total + 1)) for total in range(size)]
    return [*summed, max(0.0, 1 - math.fsum(summed))]


def _capped(chances: list[float], most: int) -> list[float]:
    """What lies above `most` steps is paid as that."""
    if most >= len(chances) - 1:
        return chances
    kept = [*chances[:most], math.fsum(chances[most:])]
    return [*kept, *([0.0] * (len(chances) - len(kept)))]


def _mean(values: Sequence[float], chances: Sequence[float]) -> float:
    return math.fsum(value * chance for value, chance in zip(values, chances, strict=True))


def _year(events: Sequence[tuple[float, Sequence[float]]], size: int) -> list[float]:
    """Panjer's recursion for Poisson numbers of claims; the last chance is of the top and more."""
    rates = [math.fsum(rate * chances[place] for rate, chances in events) for place in range(size + 1)]
    year = [math.exp(-math.fsum(rates[1:]))]
    for total in range(1, size):
        year.append(
            math.fsum(place * rates[place] * year[total - place] for place in range(1, total + 1)) / total
        )
    return [*year, max(0.0, 1 - math.fsum(year))]
