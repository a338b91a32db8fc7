"""`dns.addresses`: the addresses a name resolves to."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAddresses:
    """A and AAAA of a name; null where the question failed, empty where there are none.

    `exists` is False for NXDOMAIN; `aliases` is the CNAME chain, in order. `inward`: those of the addresses
    that are not public (RFC 6890) and in none of the consent's networks, so that nobody is contacted there;
    null in observations older than this field.
    """

    KIND: ClassVar[str] = "dns.addresses"

    name: str
    exists: bool
    ipv4: tuple[str, ...] | None
    ipv6: tuple[str, ...] | None
    aliases: tuple[str, ...] = ()
    inward: tuple[str, ...] | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Every address that was seen, IPv4 first."""
        return (*(self.ipv4 or ()), *(self.ipv6 or ()))
