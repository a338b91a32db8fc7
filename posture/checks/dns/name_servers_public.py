"""`dns/name_servers_public`: every name server has addresses that the Internet can reach."""

from collections.abc import Iterator

from posture.checks.zone import servers_with
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """No private or reserved address (RFC 6890); that a server is silent is said elsewhere."""
    private = servers_with(fact, "public", value=False)
    resolved = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    if private:
        yield failed("private", servers=private)
    elif set(fact.child_ns) - resolved or not fact.nameservers:
        yield unknown("unseen", path="nameservers")
    else:
        yield passed("public", count=len(fact.nameservers))
