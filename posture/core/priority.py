"""Which flaw first: exploited with ransomware, exploited, likely and severe, the rest.

A severity never outranks evidence of exploitation, and a likelihood is no evidence.
"""

from enum import StrEnum

from posture.core.feeds import Exploited, Likelihood
from posture.core.findings import Severity

#: EPSS percentile from which a severe flaw goes before the rest.
LIKELY = 0.90
_SEVERE = frozenset({Severity.HIGH, Severity.CRITICAL})


class Priority(StrEnum):
    """In falling order."""

    RANSOMWARE = "ransomware"
    EXPLOITED = "exploited"
    LIKELY = "likely"
    OTHER = "other"

    @property
    def rank(self) -> int:
        """0 comes first."""
        return list(Priority).index(self)


def priority(
    *,
    kev: Exploited | None,
    likelihood: Likelihood | None,
    severity: Severity | None,
    catalog: bool,
) -> Priority | None:
    """The class of a flaw; None where a feed that could raise it is missing.

    `catalog` says whether the KEV catalog was there to be asked.
    """
    if kev is not None:
        return Priority.RANSOMWARE if kev.ransomware else Priority.EXPLOITED
    if not catalog:
        return None
    if severity is not None and severity not in _SEVERE:
        return Priority.OTHER
    if likelihood is not None and likelihood.percentile < LIKELY:
        return Priority.OTHER
    return None if severity is None or likelihood is None else Priority.LIKELY
