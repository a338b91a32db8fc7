"""`dns/zone_transfer_refused`: no name server hands the whole zone to a stranger."""

from collections.abc import Iterator

from posture.checks.zone import by_servers, servers_with, unseen_path
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """One server that allows AXFR is enough to fail; all have to refuse to pass."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    open_servers = servers_with(fact, "transfer", True)
    path = unseen_path(fact, "transfer")
    if open_servers:
        yield failed("allowed", servers=open_servers)
    elif path is not None:
        yield unknown("unseen", path=path)
    else:
        yield passed("refused", count=len(fact.nameservers))
