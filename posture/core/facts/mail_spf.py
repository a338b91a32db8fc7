"""`mail.spf`: who may send as the domain (RFC 7208)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSpf:
    """The policy as a client that nothing matches would meet it, which costs the most lookups.

    `status`: none, valid, permerror, temperror. `all`: qualifier of the `all` term that ends evaluation, or
    null. `lookups` counts past the limit of 10, up to 60. `problems`: short stable words, some with what they
    are about after a colon (`several-records:example.jp`, `syntax:ip4:1.2.3`). `ipv4_senders`: how many IPv4
    addresses pass, null when the policy is not valid; `open_ended`: more may pass than can be counted
    (macros, ptr).
    """

    KIND: ClassVar[str] = "mail.spf"

    status: str
    records: tuple[str, ...]
    lookups: int
    void_lookups: int
    all: str | None
    problems: tuple[str, ...]
    ipv4_senders: int | None = None
    open_ended: bool = False
