"""`dns.caa`: who may issue certificates (RFC 8659)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsCaa:
    """Issuers named by `issue` and `issuewild`; `found_at` is the name climbed to, null without records.

    `;` stands for a property that names nobody and so forbids issuance. `critical_unknown`: tags marked
    critical that no standard defines; a conforming authority refuses to issue (§4.1).
    """

    KIND: ClassVar[str] = "dns.caa"

    issue: tuple[str, ...]
    issuewild: tuple[str, ...]
    found_at: str | None
    iodef: tuple[str, ...] = ()
    critical_unknown: tuple[str, ...] = ()
