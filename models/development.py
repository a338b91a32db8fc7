"""How much of the claims of a policy year is known, by the time since it began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

#: (months since inception, share of the ultimate), months and shares rising to 1.
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """Shares of the ultimate: `numbers` of claims reported, `costs` incurred."""

    numbers: Points
    costs: Points

    def reported(self, months: float) -> float:
        """Share of the claims that have been reported."""
        return _between(self.numbers, months)

    def incurred(self, months: float) -> float:
        """Share of their cost that has been incurred."""
        return _between(self.costs, months)


def months(start: date, end: date) -> float:
    """Months between two days."""
    return (end - start).days * 12 / 365.25


def _between(points: Points, x: float) -> float:
    """Linear between the points, the first share before the first and 1 after the last."""
    low = (0.0, points[0][1])
    for high in points:
        if x <= high[0]:
            return low[1] + (high[1] - low[1]) * (x - low[0]) / (high[0] - low[0])
        low = high
    return 1.0
