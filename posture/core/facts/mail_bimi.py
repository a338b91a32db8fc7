"""`mail.bimi`: the logo a domain asks mail programs to show (BIMI, draft-brand-indicators).

The draft's whole name is draft-brand-indicators-for-message-identification.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBimi:
    """The record of the selector `default`, at the domain or its organizational domain (`found_at`).

    `status`: none, valid, declined (the domain asks for no logo), invalid, temperror. `logo` and `evidence`
    are the addresses of the picture and of the certificate for it, as published; neither is fetched.
    `problems`: short stable words.
    """

    KIND: ClassVar[str] = "mail.bimi"

    status: str
    found_at: str | None
    logo: str | None
    evidence: str | None
    problems: tuple[str, ...]
