"""`ports/few_services`: the host offers few services, so there is little to attack and to keep patched."""

from collections.abc import Iterator

from posture.checks.exposure import swept
from posture.core.facts.ports_host import WRAPPED, PortsHost
from posture.core.findings import Verdict, failed, passed, unknown

#: More open TCP ports than this on one host are many (our threshold; peers that state one use 10 too).
LIMIT = 10
#: A sweep of fewer ports than this says nothing about how many are open (nmap's usual list has 1,000).
ENOUGH = 1000


def judge(fact: PortsHost) -> Iterator[Verdict]:
    """Counts open TCP ports; a short sweep can show that they are many, never that they are few.

    A port that hangs up on everybody is no service that could be counted.
    """
    count = sum(port.service != WRAPPED for port in fact.open_ports())
    asked = sum(entry.last - entry.first + 1 for entry in swept(fact))
    if fact.suspicious is not None:
        yield unknown("ports_implausible", path="ports", sign=fact.suspicious)
    elif count > LIMIT:
        yield failed("many", count=count, limit=LIMIT)
    elif asked < ENOUGH:
        yield unknown("short_sweep", path="scanned", count=count, asked=asked)
    else:
        yield passed("few", count=count, limit=LIMIT)
