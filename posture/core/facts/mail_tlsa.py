"""`mail.tlsa`: certificates that the domain's exchangers promise in signed DNS (DANE, RFC 7672)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsaRecord:
    """One TLSA record (RFC 6698 §2.1); `data` in hex."""

    usage: int
    selector: int
    matching: int
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsaHost:
    """One exchanger's port 25.

    `status` of the answer: secure, insecure, bogus, indeterminate (see `dnssec.chain`). `records` are all
    that were published; senders heed them only when secure. `matches`: whether the certificates served fit
    one of the usable records (usage 2 and 3), null when they were not compared.
    """

    name: str
    status: str
    records: tuple[TlsaRecord, ...]
    matches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTlsa:
    """`mx_status`: whether the MX records are signed; otherwise DANE protects nothing (RFC 7672 §2.2.1)."""

    KIND: ClassVar[str] = "mail.tlsa"

    mx_status: str
    hosts: tuple[TlsaHost, ...]
