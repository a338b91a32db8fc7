"""`ports.host`: what a port sweep of one address saw."""

from dataclasses import dataclass
from typing import ClassVar, Final

from posture.core.targets import covers_port, port_ranges

#: Words with which the detail of an unseen (blocked) sweep begins, before a colon.
SIGNS: Final = ("all-open", "syn-proxy", "honeypot", "edge")
#: The `service` of a port that takes connections and ends them without a byte (nmap's word for it).
WRAPPED: Final = "tcpwrapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port. `state` is open, closed or filtered as nmap means them (closed answered, filtered did not).

    `service` is the name of the port or of the protocol recognised on it; `tunnel` is "ssl" or null;
    `confidence` 0–10 as nmap's `conf` (3 = from the port number alone).
    """

    port: int
    protocol: str
    state: str
    service: str | None = None
    product: str | None = None
    version: str | None = None
    cpe: tuple[str, ...] = ()
    tunnel: str | None = None
    confidence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A port that said one thing to the sweep's SYN and another to an ordinary connection.

    `sweep` and `connect` are the first answers (open, closed, filtered). Both were asked again: `settled` is
    the state they then agreed on; null where they did not, and then nothing is known of the port.
    """

    port: int
    sweep: str
    connect: str
    settled: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsHost:
    """Open and refusing ports of one address.

    `scanned` is the swept list in nmap's port language per protocol (`T:22,80-90`). `ports` lists every
    open port, and closed or filtered ones only where the whole list is short. `control` is true when the
    host answered (open or RST) before and after the sweep, so that silence means “not reachable”
    (DESIGN §3); without it the observation is Unseen(blocked). `suspicious` names why the answers
    should not be believed (all-open, tcpwrapped), or is null. `disagreements` are ports of which sweep and
    connection told different things.
    """

    KIND: ClassVar[str] = "ports.host"

    address: str
    names: tuple[str, ...]
    ports: tuple[Port, ...]
    scanned: str
    control: bool
    suspicious: str | None = None
    disagreements: tuple[Disagreement, ...] = ()

    def open_ports(self, protocol: str = "tcp") -> tuple[Port, ...]:
        """The open ports of a protocol."""
        return tuple(p for p in self.ports if p.protocol == protocol and p.state == "open")

    def disputed(self, port: int) -> bool:
        """Whether sweep and connection never agreed about a TCP port."""
        return any(one.port == port and one.settled is None for one in self.disagreements)

    def swept(self, port: int, protocol: str = "tcp") -> bool:
        """Whether the port was on the swept list."""
        return covers_port(port_ranges(self.scanned), port, protocol)


def sign_of(detail: str) -> str | None:
    """Why a host's answers are not believed, from the detail of its unseen sweep; None for other details."""
    word = detail.partition(":")[0]
    return word if word in SIGNS else None
