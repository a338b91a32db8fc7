"""How common the states of a feature are in the reference book, and what follows for one that is not seen."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the book with the finding in full (`found`) and with it at half; the rest is without it."""

    found: float
    half: float = 0.0

    def factor(self, log: float) -> float:
        """The book's mean factor of a feature whose log relativity is `log` when found."""
        return 1 + self.found * math.expm1(log) + self.half * math.expm1(log / 2)

    @property
    def mean(self) -> float:
        """The book's mean state."""
        return self.found + self.half / 2

    @property
    def variance(self) -> float:
        """The variance of the state in the book."""
        return self.found + self.half / 4 - self.mean**2
