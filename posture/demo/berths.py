"""Sockets for the demo: on the ports the services belong to, or on free high ports with routes to them."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from posture.core.errors import PostureError

_TRIES = 20
_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A port of an address, the names it is known by, and how it is reached: TCP, or UDP as well."""

    address: str
    port: int
    names: tuple[str, ...]
    udp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """A place with its sockets; `port` is the one in use. Nothing listens yet, so clients are refused."""

    place: Place
    port: int
    tcp: socket.socket = field(repr=False)
    udp: socket.socket | None = field(repr=False)

    def routes(self) -> Iterator[str]:
        """`NAME:PORT=IP:PORT` for every name, where the port in use is another."""
        if self.port != self.place.port:
            for name in self.place.names:
                yield f"{name}:{self.place.port}={self.place.address}:{self.port}"

    def close(self) -> None:
        """Give the port back."""
        self.tcp.close()
        if self.udp is not None:
            self.udp.close()


def busy_ports() -> frozenset[int]:
    """TCP ports on which a server of this machine listens on every address, the demo's included.

    Where the demo shares the machine's network, its hosts hold these to refuse clients, as a real host would.
    """
    return frozenset(port for name in ("tcp", "tcp6") for port in _listening(Path("/proc/net", name)))


def bind(place: Place, *, low_ports: bool) -> Berth:
    """Bind a place, to its own port or to a free one. Raises PostureError when it is taken or forbidden."""
    try:
        return _bind(place, place.port) if low_ports else _bind_free(place)
    except OSError as error:
        raise PostureError(
            f"The demo cannot have port {place.port} of {place.address} ({error.strerror}).",
            remedy="Stop what uses it (another demo, perhaps), then try again.",
            code="demo-port",
        ) from None


def _listening(table: Path) -> Iterator[int]:
    """Ports of the wildcard listeners in one of the kernel's socket tables (proc_net_tcp: hex)."""
    if not table.exists():
        return
    for line in table.read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state == _LISTEN and not address.strip("0"):
            yield int(port, 16)


def _bind_free(place: Place) -> Berth:
    """A port that is free for TCP need not be free for UDP, so this may take several tries."""
    for _ in range(_TRIES - 1):
        try:
            return _bind(place, 0)
        except OSError:
            continue
    return _bind(place, 0)


def _bind(place: Place, port: int) -> Berth:
    tcp = _socket(socket.SOCK_STREAM, place.address, port)
    bound = int(tcp.getsockname()[1])
    try:
        udp = _socket(socket.SOCK_DGRAM, place.address, bound) if place.udp else None
    except OSError:
        tcp.close()
        raise
    return Berth(place=place, port=bound, tcp=tcp, udp=udp)


def _socket(kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.setblocking(False)
        if kind is socket.SOCK_STREAM and port:
            # Ends of an earlier demo's connections may still linger on the port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
