"""What a policy pays of a loss: piecewise linear curves, and their limited expected values.

Deductible, limit, sub-limits, coinsurance and defence costs are all of this shape, so that one formula prices
them: the expected value of a payment is the sum over its pieces of slope x (LEV(end) - LEV(start)).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from models.severity import Lognormal


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as a function of the loss, 0 at 0: `pieces` are (start, slope), starts rising from 0."""

    pieces: tuple[tuple[float, float], ...]

    def of(self, loss: float) -> float:
        """What is paid of a loss."""
        return math.fsum(
            slope * (min(loss, end) - start) for start, slope, end in self._spans() if loss > start
        )

    def reached(self, paid: float) -> float:
        """The smallest loss of which so much is paid; infinite where it never is."""
        total = 0.0
        for start, slope, end in self._spans():
            if slope > 0 and total + slope * (end - start) >= paid:
                return start + (paid - total) / slope
            total += slope * (end - start) if slope > 0 else 0.0
        return math.inf

    def expected(self, loss: Lognormal, most: float = math.inf) -> float:
        """E[min(payment, most)]."""
        stop = self.reached(most) if math.isfinite(most) else math.inf
        return math.fsum(
            slope * (loss.limited(min(end, stop)) - loss.limited(start))
            for start, slope, end in self._spans()
            if slope > 0 and start < stop
        )

    def layer(self, deductible: float, limit: float) -> "Payment":
        """Of this payment, at most `limit` above `deductible`."""
        low, high = self.reached(deductible), self.reached(deductible + limit)
        inside = [
            (max(start, low), slope) for start, slope, end in self._spans() if end > low and start < high
        ]
        head = [] if low == 0 else [(0.0, 0.0)]
        return Payment((*head, *inside, *([(high, 0.0)] if math.isfinite(high) else [])))

    def _spans(self) -> Iterable[tuple[float, float, float]]:
        ends = (*(start for start, _ in self.pieces[1:]), math.inf)
        return ((start, slope, end) for (start, slope), end in zip(self.pieces, ends, strict=True))

    def slope(self, loss: float) -> float:
        """What is paid of the next unit above a loss."""
        return next(slope for start, slope in reversed(self.pieces) if start <= loss)


#: The whole loss, without any terms.
WHOLE = Payment(((0.0, 1.0),))


def share(part: float, limit: float = math.inf) -> Payment:
    """A part (0 to 1) of the loss, up to a limit."""
    whole = Payment(((0.0, part),))
    return whole if math.isinf(limit) else whole.layer(0.0, limit)


def both(one: Payment, other: Payment) -> Payment:
    """The sum of two payments of the same loss."""
    starts = sorted({start for start, _ in (*one.pieces, *other.pieces)})
    return Payment(tuple((start, one.slope(start) + other.slope(start)) for start in starts))


def itemised(items: Iterable[tuple[float, float, float]]) -> Payment:
    """A loss that falls into items of fixed share: (share, sub-limit, share of it that the insured bears).

    What is in no item is paid in full.
    """
    listed = tuple(items)
    paid = share(1.0 - math.fsum(part for part, _, _ in listed))
    for part, limit, borne in listed:
        capped = share(part, limit)
        paid = both(paid, Payment(tuple((start, slope * (1 - borne)) for start, slope in capped.pieces)))
    return paid
