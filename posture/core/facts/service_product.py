"""`service.product`: what software answers on a port, and how that is known."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProduct:
    """`how`: banner, question (the protocol's own first word by the client), http-header, nmap.

    `confidence` is 0–10.
    Unknown parts are null: a wrong version is worse than none. `cpe` is the CPE 2.3 name by which feeds are
    asked for the product; null where none is asked. `login` is whether the service asks who one is
    before it gives anything (a desktop's picture, too); null where a greeting cannot tell. `also` are
    further protocols that the same port answered in: no real service does.
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
    login: bool | None = None
    also: tuple[str, ...] = ()
