"""`dns/name_servers_diverse`: the name servers do not all stand in one network."""

import ipaddress
from collections.abc import Iterator

from posture.checks.zone import by_servers
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Prefix lengths of what usually fails together (Zonemaster CONNECTIVITY04).
_PREFIX = {4: 24, 6: 48}


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """Two networks of any address family are enough. One server alone is the matter of another check."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    networks = {_network(server.address) for server in fact.nameservers}
    addresses = {server.address for server in fact.nameservers}
    resolved = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    if len(networks) > 1:
        yield passed("diverse", count=len(networks))
    elif set(fact.child_ns) - resolved or not addresses:
        yield unknown("unseen", path="nameservers")
    elif len(addresses) < 2:
        yield not_applicable("single")
    else:
        yield failed("one_network", network=str(networks.pop()))


def _network(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    version = ipaddress.ip_address(address).version
    return ipaddress.ip_network(f"{address}/{_PREFIX[version]}", strict=False)
