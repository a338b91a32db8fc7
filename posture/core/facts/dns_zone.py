"""`dns.zone`: the zone an applicant's domain is, and its name servers."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """One name server at one address; null where it could not be told.

    `authoritative`: answers the zone's SOA with AA. `recursion`: answers for other people's names.
    `transfer`: gives the zone away. `version`: what it says of its software, null when it says nothing.
    `udp` and `tcp` are false for a closed port, and for silence while another server of the zone answered
    over the same protocol and address family. `ns`: the NS set it gives, null when it gave no answer; so `mx`
    (preference and exchanger as one word) and `spf` (SPF records) of the zone's apex. `public`: the Internet
    can reach the address: a global one, or one of the consent's networks.
    """

    name: str
    address: str
    udp: bool | None = None
    tcp: bool | None = None
    authoritative: bool | None = None
    serial: int | None = None
    recursion: bool | None = None
    transfer: bool | None = None
    version: str | None = None
    ns: tuple[str, ...] | None = None
    mx: tuple[str, ...] | None = None
    spf: tuple[str, ...] | None = None
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Soa:
    """The start of authority (RFC 1035 §3.3.13); times in seconds."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsZone:
    """`parent_ns` is null where the parent was not asked, `child_ns` what the zone says of itself.

    `ns_without_address`: name servers that have none; `ns_aliases`: name servers that are aliases
    (against RFC 2181 §10.3). One whose addresses could not be asked is in `child_ns` only. `wrong_glue`:
    name servers for which the parent gives other addresses than the zone, null when that could not be told.
    """

    KIND: ClassVar[str] = "dns.zone"

    zone: str
    nameservers: tuple[NameServer, ...]
    parent_ns: tuple[str, ...] | None
    child_ns: tuple[str, ...]
    soa: Soa | None
    ns_without_address: tuple[str, ...] = ()
    ns_aliases: tuple[str, ...] = ()
    wrong_glue: tuple[str, ...] | None = None
