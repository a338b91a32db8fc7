"""Lognormal losses and what a layer of them costs (Klugman, Panjer, Willmot, Loss Models, ch. 8)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A loss (minor units of the market's currency) or a duration (days) by its median and log sd."""

    median: float
    sigma: float

    def mean(self) -> float:
        """Expected value without any limit."""
        return self.median * math.exp(self.sigma**2 / 2)

    def limited(self, x: float) -> float:
        """Limited expected value E[min(X, x)]; 0 for x <= 0."""
        if x <= 0:
            return 0.0
        if math.isinf(x):
            return self.mean()
        z = math.log(x / self.median) / self.sigma
        return self.mean() * _phi(z - self.sigma) + x * _phi(-z)

    def layer(self, deductible: float, limit: float) -> float:
        """Expected cost of `limit` above `deductible`: LEV(limit + deductible) - LEV(deductible)."""
        return self.limited(limit + deductible) - self.limited(deductible)


def increased_limit_factor(loss: Lognormal, limit: float, basic: float) -> float:
    """LEV(limit) / LEV(basic)."""
    return loss.limited(limit) / loss.limited(basic)


def deductible_credit(loss: Lognormal, deductible: float, limit: float) -> float:
    """Share of the cost up to `limit` that the deductible keeps with the insured: LEV(D) / LEV(L)."""
    return loss.limited(deductible) / loss.limited(limit)


def interruption_days(outage: Lognormal, *, waiting: float, indemnity: float, limit_days: float) -> float:
    """Expected insured days of an outage, all arguments in days (docs/method.md, cover C).

    `limit_days` is the limit divided by the daily gross profit: LEV(min(P, w + L/g)) - LEV(w).
    """
    end = min(indemnity, waiting + limit_days)
    return max(0.0, outage.limited(end) - outage.limited(waiting))


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
