"""`mail.starttls`: whether the domain's exchangers take mail over TLS (RFC 3207)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class StarttlsHost:
    """One exchanger at one address, met by one ordinary handshake; null where that was not told.

    `offered`: it starts TLS when asked. `protocol` is the highest version agreed on. `trusted` and
    `name_matches`: its certificate leads to a trust anchor and names the exchanger, which senders heed under
    MTA-STS only. The whole answer is in the `tls.endpoint` observation of the same address.
    """

    name: str
    address: str
    offered: bool | None
    protocol: str | None = None
    trusted: bool | None = None
    name_matches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStarttls:
    """Every address that was looked at, in the order of the MX records."""

    KIND: ClassVar[str] = "mail.starttls"

    hosts: tuple[StarttlsHost, ...]
