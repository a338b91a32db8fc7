"""`dns/name_servers_answer`: every name server knows the zone and answers over UDP and TCP."""

from collections.abc import Iterator

from posture.checks.zone import by_servers, servers_with, unseen_path
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """The worst state first: servers without address, silent, lame, without TCP (RFC 7766 §5)."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    down = servers_with(fact, "udp", False)
    lame = servers_with(fact, "authoritative", False)
    no_tcp = servers_with(fact, "tcp", False)
    paths = [path for field in ("udp", "authoritative", "tcp") if (path := unseen_path(fact, field))]
    if fact.ns_without_address:
        yield failed("without_address", servers=fact.ns_without_address)
    elif down:
        yield failed("down", servers=down)
    elif lame:
        yield failed("lame", servers=lame)
    elif no_tcp:
        yield failed("no_tcp", servers=no_tcp)
    elif paths:
        yield unknown("unseen", path=paths[0])
    else:
        yield passed("answering", count=len(fact.nameservers))
