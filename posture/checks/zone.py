"""What the checks of a zone's name servers share."""

from dataclasses import replace

from posture.core.facts.dns_zone import DnsZone, NameServer
from posture.core.findings import Verdict
from posture.core.targets import Target

#: Messages about records of the zone or its delegation: those are the applicant's own, whoever serves them.
_ZONE_OWN = frozenset({"without_address", "parent_differs"})


def label(server: NameServer) -> str:
    """The server as a person finds it: name and address."""
    return f"{server.name} [{server.address}]"


def servers_with(fact: DnsZone, field: str, value: object) -> tuple[str, ...]:
    """The servers whose `field` is exactly `value`."""
    return tuple(label(server) for server in fact.nameservers if getattr(server, field) is value)


def by_servers(verdict: Verdict, fact: DnsZone) -> Verdict:
    """The verdict as one about the servers it names, or about all of them: who runs them can mend it."""
    if verdict.message in _ZONE_OWN:
        return verdict
    named = verdict.arguments.get("servers")
    chosen = [s for s in fact.nameservers if isinstance(named, tuple) and label(s) in named]
    machines = tuple(Target(name=s.name, address=s.address) for s in chosen or fact.nameservers)
    return replace(verdict, machines=machines)


def unseen_path(fact: DnsZone, field: str) -> str | None:
    """Where the first server's `field` was not seen; None when all were, so that all are known."""
    for index, server in enumerate(fact.nameservers):
        if getattr(server, field) is None:
            return f"nameservers.{index}.{field}"
    asked = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    return "nameservers" if set(fact.child_ns) - asked or not fact.nameservers else None
