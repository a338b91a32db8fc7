"""`service.product`: what software answers on a port, and how that is known."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProduct:
    """`how`: banner, http-header, nmap; `confidence` 0–10.

    Unknown parts are null: a wrong version is worse than none.
    """

    KIND: ClassVar[str] = "service.product"

    protocol: str
    banner: str
    vendor: str | None
    product: str | None
    version: str | None
    cpe: str | None
    how: str
    confidence: int
