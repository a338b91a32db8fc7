"""`dns/name_servers_no_alias`: name servers are named by their own names, not by aliases."""

from collections.abc import Iterator

from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """RFC 2181 §10.3: the target of an NS record must not be a CNAME."""
    resolved = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    if fact.ns_aliases:
        yield failed("alias", servers=fact.ns_aliases)
    elif set(fact.child_ns) - resolved:
        yield unknown("unseen", path="nameservers")
    else:
        yield passed("no_alias")
