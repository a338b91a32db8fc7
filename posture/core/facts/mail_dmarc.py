"""`mail.dmarc`: what receivers should do with forged mail (RFC 9989, before RFC 7489)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDmarc:
    """The policy that applies to the domain, wherever its record was found.

    `status`: none, valid, invalid (receivers ignore what is published), temperror. `policy`,
    `subdomain_policy` and `nonexistent_policy` (names below that do not exist): none, quarantine, reject or
    null, as published; with `testing` (`t=y`) receivers apply one level less. `found_at` is the name whose
    record applies. `organizational_domain` is null where a failed lookup leaves it open. `rua` and `ruf` are
    report URIs; `unconfirmed_reports` hosts of other organizations that do not say they accept them, null
    when that could not be asked. `problems`: short stable words, some with the tag after a colon.
    """

    KIND: ClassVar[str] = "mail.dmarc"

    status: str
    record: str | None
    policy: str | None
    subdomain_policy: str | None
    organizational_domain: str | None
    rua: tuple[str, ...]
    problems: tuple[str, ...]
    found_at: str | None = None
    nonexistent_policy: str | None = None
    testing: bool = False
    ruf: tuple[str, ...] = ()
    strict_dkim: bool = False
    strict_spf: bool = False
    unconfirmed_reports: tuple[str, ...] | None = ()
