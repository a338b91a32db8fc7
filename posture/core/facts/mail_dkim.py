"""`mail.dkim`: signing keys that could be found (RFC 6376); absence of a selector proves nothing."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One selector that has a record. `status`: valid, revoked, testing, invalid."""

    selector: str
    status: str
    key_type: str | None
    bits: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDkim:
    """`selectors_checked` are all names that were answered for.

    `any_below`: whether anything exists below `_domainkey`; false proves that there is no key (RFC 8020),
    null when it could not be asked. `wildcard`: every name there answers. `sends_mail`: false when SPF
    forbids everybody to send, null when that could not be asked.
    """

    KIND: ClassVar[str] = "mail.dkim"

    selectors: tuple[Selector, ...]
    selectors_checked: tuple[str, ...]
    any_below: bool | None = None
    wildcard: bool = False
    sends_mail: bool | None = None
