"""`ports.network`: which addresses of a network of the applicant's answer at all."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsNetwork:
    """A network of the consent, asked on a few telling ports before any of its hosts is swept.

    `asked` counts its addresses that were asked the ports of `scanned` (excluded ones and those of excluded
    names are not), `open` are those on which one was open, each swept whole afterwards (`ports.host`),
    `refusing` counts those that answered by refusals alone, `silent` the rest: nothing is known of them but
    their silence, while others of the network answered. `named` are those of `open` that a consented name
    was seen to lead to.
    """

    KIND: ClassVar[str] = "ports.network"

    network: str
    asked: int
    scanned: str
    open: tuple[str, ...]
    refusing: int
    silent: int
    named: tuple[str, ...] = ()
