"""`ports/footprint`: few machines of the applicant's own running answer from the internet."""

from collections.abc import Iterator

from posture.core.facts.ports_footprint import PortsFootprint
from posture.core.findings import Verdict, failed, passed, unknown

#: From so many machines on a footprint is of middle size, and large: bands of the logarithm of their number,
#: with which claims are thought to rise (our thresholds; no study states one).
MEDIUM = 10
LARGE = 50


def judge(fact: PortsFootprint) -> Iterator[Verdict]:
    """The band of what was seen; unknown while a machine not seen could lift a small one into the next."""
    if fact.hosts >= LARGE:
        yield failed("large", hosts=fact.hosts, services=fact.services, limit=LARGE)
    elif fact.hosts >= MEDIUM:
        yield failed("medium", hosts=fact.hosts, services=fact.services, limit=MEDIUM)
    elif fact.hosts + fact.unseen >= MEDIUM:
        yield unknown("partly_seen", path="unseen", hosts=fact.hosts, unseen=fact.unseen, limit=MEDIUM)
    else:
        yield passed("small", hosts=fact.hosts, services=fact.services, limit=MEDIUM)
