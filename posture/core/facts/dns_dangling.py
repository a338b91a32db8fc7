"""`dns.dangling`: names of the domain that point to something which is not there."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A record that points to another name. `target` is where the chain ends.

    `rdtype`: CNAME (aliases of DKIM keys and mail policies too), NS, MX, or SPF for a domain that the SPF
    record includes or redirects to.

    `gone`: the target does not exist (NXDOMAIN); null when that could not be asked. `claimable` says by whom
    a missing target can be had: the name of a service that gives it to any customer, `registry` where its
    domain can be registered, null where neither is known.
    """

    name: str
    rdtype: str
    target: str
    gone: bool | None
    claimable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsDangling:
    """`names_checked` are all names that were answered for, `pointers` those that point elsewhere.

    `wildcard`: what every name that nobody set up leads to (addresses, or the alias), empty where such names
    do not exist, null when that could not be asked; `wildcard_mx` the same for mail.

    `unasked`: records of the domain itself (MX, NS, or TXT for its SPF record) that could not be asked, so
    that nothing is known of where they lead.
    """

    KIND: ClassVar[str] = "dns.dangling"

    names_checked: tuple[str, ...]
    pointers: tuple[Pointer, ...]
    wildcard: tuple[str, ...] | None = None
    wildcard_mx: tuple[str, ...] | None = None
    unasked: tuple[str, ...] = ()
