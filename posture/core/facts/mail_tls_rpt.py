"""`mail.tls_rpt`: reports about mail that could not be protected in transit (RFC 8460)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTlsRpt:
    """`status`: none, valid, invalid (senders ignore it), temperror. `rua`: report URIs."""

    KIND: ClassVar[str] = "mail.tls_rpt"

    status: str
    rua: tuple[str, ...]
    problems: tuple[str, ...]
