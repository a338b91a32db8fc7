"""What the checks of a zone's name servers share."""

from posture.core.facts.dns_zone import DnsZone, NameServer


def label(server: NameServer) -> str:
    """The server as a person finds it: name and address."""
    return f"{server.name} [{server.address}]"


def servers_with(fact: DnsZone, field: str, value: object) -> tuple[str, ...]:
    """The servers whose `field` is exactly `value`."""
    return tuple(label(server) for server in fact.nameservers if getattr(server, field) is value)


def unseen_path(fact: DnsZone, field: str) -> str | None:
    """Where the first server's `field` was not seen; None when all were, so that all are known."""
    for index, server in enumerate(fact.nameservers):
        if getattr(server, field) is None:
            return f"nameservers.{index}.{field}"
    asked = {server.name for server in fact.nameservers} | set(fact.ns_without_address)
    return "nameservers" if set(fact.child_ns) - asked or not fact.nameservers else None
