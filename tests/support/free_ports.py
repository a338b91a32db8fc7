"""Ports that nobody has and nobody gets: for servers that must be told one, and for doors that stay shut.

What the kernel hands out for port 0 it may hand out again before the server that was told of it listens.
These lie below that range (it begins at 32768: ip_local_port_range in ip(7)); each worker of xdist has a
thousand of its own.
"""

import itertools
import os
import socket
from typing import Final

_FIRST: Final = 10_000
_EACH: Final = 1_000
_WORKERS: Final = 20

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
#: Runs side by side on one machine begin at different places.
_numbers = itertools.count(os.getpid() % _EACH)


def free_port(address: str = "127.0.0.1") -> int:
    """A port of the address that is free for TCP and for UDP."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    for number in itertools.islice(_numbers, _EACH):
        port = _FIRST + _worker * _EACH + number % _EACH
        if _is_free((address, port), kind):
            return port
    raise RuntimeError(f"no port of {address} is free")


def _is_free(place: tuple[str, int], kind: socket.AddressFamily) -> bool:
    with socket.socket(kind, socket.SOCK_DGRAM) as udp, socket.socket(kind) as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has ended need not have cooled down
        try:
            udp.bind(place)
            tcp.bind(place)
        except OSError:
            return False
    return True
