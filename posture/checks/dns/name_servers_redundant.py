"""`dns/name_servers_redundant`: the zone survives the loss of one name server."""

from collections.abc import Iterator

from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """Two names with two addresses (RFC 1034 §4.1). A missing name is certain, an address may be unseen."""
    addresses = {server.address for server in fact.nameservers}
    resolved = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    if len(fact.child_ns) < 2:
        yield failed("single_name", count=len(fact.child_ns))
    elif len(addresses) >= 2:
        yield passed("redundant", names=fact.child_ns, addresses=len(addresses))
    elif set(fact.child_ns) - resolved:
        yield unknown("unseen", path="nameservers")
    else:
        yield failed("single_address", names=fact.child_ns)
