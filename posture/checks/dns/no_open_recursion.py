"""`dns/no_open_recursion`: no name server resolves names for strangers."""

from collections.abc import Iterator

from posture.checks.zone import by_servers, servers_with, unseen_path
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """One server that resolves somebody else's name for us is enough to fail."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    open_servers = servers_with(fact, "recursion", True)
    path = unseen_path(fact, "recursion")
    if open_servers:
        yield failed("open", servers=open_servers)
    elif path is not None:
        yield unknown("unseen", path=path)
    else:
        yield passed("closed", count=len(fact.nameservers))
