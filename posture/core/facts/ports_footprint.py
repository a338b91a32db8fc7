"""`ports.footprint`: how much of the applicant's own answers from the internet; made after the scan."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsFootprint:
    """Counts over all sweeps of one applicant's own machines (others' are never swept).

    `hosts` are machines with an open TCP port, an IPv6 address of a name that has an IPv4 one counting once;
    `services` their open TCP ports; `unseen` machines whose sweep brought nothing that may be believed.
    """

    KIND: ClassVar[str] = "ports.footprint"

    hosts: int
    services: int
    unseen: int
