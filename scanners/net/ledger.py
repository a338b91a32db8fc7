"""The list of everything that was sent, written before it is sent; and which ports took us in."""

import ipaddress
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from posture.core.assessment import Contact


@dataclass(slots=True, kw_only=True)
class _Line:
    first: datetime
    last: datetime
    ports: set[int] = field(default_factory=set)
    connections: int = 0


class Ledger:
    """Contacts by physical address, technique and reason. Safe to use from worker threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str, str], _Line] = {}
        self._sources: set[str] = set()
        self._accepted: dict[str, set[int]] = {}

    def note(
        self, address: str, ports: Iterable[int], *, technique: str, why: str, at: datetime, connections: int
    ) -> None:
        """Record that `connections` connections, datagrams or probes go to these ports now."""
        with self._lock:
            line = self._lines.setdefault((address, technique, why), _Line(first=at, last=at))
            line.first, line.last = min(line.first, at), max(line.last, at)
            line.ports.update(ports)
            line.connections += connections

    def note_source(self, address: str) -> None:
        """Record an address of our own that something was sent from."""
        with self._lock:
            self._sources.add(address)

    def note_accepted(self, address: str, port: int) -> None:
        """Record that a TCP connection of ours was accepted there."""
        with self._lock:
            self._accepted.setdefault(address, set()).add(port)

    def accepted(self, address: str) -> frozenset[int]:
        """The TCP ports of a physical address that have accepted a connection of this scan."""
        with self._lock:
            return frozenset(self._accepted.get(address, ()))

    def contacts(self) -> tuple[Contact, ...]:
        """Every contact, ordered by address (IPv4 first, numerically), technique and reason."""
        with self._lock:
            found = [
                Contact(
                    address=address,
                    ports=tuple(sorted(line.ports)),
                    technique=technique,
                    first=line.first,
                    last=line.last,
                    connections=line.connections,
                    why=why,
                )
                for (address, technique, why), line in self._lines.items()
            ]
        return tuple(sorted(found, key=lambda c: (_rank(c.address), c.technique, c.why)))

    def source_addresses(self) -> tuple[str, ...]:
        """Our own addresses, in the same order."""
        with self._lock:
            return tuple(sorted(self._sources, key=_rank))


def _rank(address: str) -> tuple[int, int]:
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)
