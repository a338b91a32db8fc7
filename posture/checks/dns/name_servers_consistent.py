"""`dns/name_servers_consistent`: all name servers, and the parent zone, tell the same story."""

from collections.abc import Iterable, Iterator

from posture.checks.zone import by_servers, unseen_path
from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """Serials, then NS sets of the servers, then the parent's NS set (RFC 1034 §4.2.2)."""
    return (by_servers(verdict, fact) for verdict in _verdicts(fact))


def _verdicts(fact: DnsZone) -> Iterator[Verdict]:
    serials = {server.serial for server in fact.nameservers if server.serial is not None}
    sets = {server.ns for server in fact.nameservers if server.ns}
    if len(serials) > 1:
        yield failed("serials_differ", serials=tuple(str(serial) for serial in sorted(serials)))
    elif len(sets) > 1:
        yield failed("sets_differ")
    elif fact.parent_ns is not None and set(fact.parent_ns) != set(fact.child_ns):
        yield failed("parent_differs", parent=fact.parent_ns, child=fact.child_ns)
    elif _differ(server.mx for server in fact.nameservers):
        yield failed("mx_differ")
    elif _differ(server.spf for server in fact.nameservers):
        yield failed("spf_differ")
    elif (path := unseen_path(fact, "serial")) is not None:
        yield unknown("unseen", path=path)
    elif fact.parent_ns is None:
        yield unknown("unseen", path="parent_ns")
    else:
        yield passed("consistent", serial=serials.pop() if serials else 0)


def _differ(told: Iterable[tuple[str, ...] | None]) -> bool:
    """Whether servers that answered contradict each other (Zonemaster ZONE09, ZONE11)."""
    return len({records for records in told if records is not None}) > 1
