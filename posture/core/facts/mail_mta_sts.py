"""`mail.mta_sts`: strict transport security for incoming mail (RFC 8461)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMtaSts:
    """What a sending server that honours MTA-STS would find.

    `status`: none (no record), valid, invalid (senders ignore it), temperror. `mode`: enforce, testing, none
    or null; `max_age` seconds; `mx` the policy's patterns. `uncovered`: exchangers that no pattern names,
    null when they could not be asked. `problems`: short stable words.
    """

    KIND: ClassVar[str] = "mail.mta_sts"

    status: str
    mode: str | None
    max_age: int | None
    mx: tuple[str, ...]
    problems: tuple[str, ...]
    uncovered: tuple[str, ...] | None = ()
