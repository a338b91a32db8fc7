"""`mail.exchangers`: where mail for the domain goes (RFC 5321 §5)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """What one address says of itself: `names` of its PTR records, null when they could not be asked.

    `confirmed`: one of the names leads back to the address (RFC 8601 §2.7.3, `iprev`), null when not told.
    """

    address: str
    names: tuple[str, ...] | None
    confirmed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanger:
    """One MX; `addresses` is null when they could not be resolved.

    `exists` is false for a name that does not exist (NXDOMAIN), `alias` true for one that is a CNAME
    (against RFC 2181 §10.3). `reverse`: its first addresses, asked backwards.
    `inward`: those of the addresses that are neither public nor in the consent's networks.
    """

    preference: int
    name: str
    addresses: tuple[str, ...] | None
    exists: bool | None = None
    alias: bool = False
    reverse: tuple[Reverse, ...] = ()
    inward: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailExchangers:
    """No hosts and no null MX: no MX record is published; `implicit` tells what follows from that.

    `null_mx`: the domain says that it takes no mail (RFC 7505). `implicit`: there is no MX, but an address
    that mail is delivered to in its place (RFC 5321 §5.1), null when that could not be asked.
    `problems`: null-mx-among-others, null-mx-preference, exchanger-twice, too-many-exchangers (only the
    first are looked at).
    """

    KIND: ClassVar[str] = "mail.exchangers"

    null_mx: bool
    hosts: tuple[Exchanger, ...]
    implicit: bool | None = False
    problems: tuple[str, ...] = ()
