"""Servers that misbehave on purpose, a door to meet them through, and a witness of what the process sent."""

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from posture.core.consent import Consent, Granter, Technique
from posture.core.observations import Reason
from posture.core.scope import Scope
from posture.core.targets import Target, network
from scanners.context import Context, Options
from scanners.dns.resolver import Resolver
from scanners.net.gateway import Gateway
from tests.support.free_ports import free_port

NOW = datetime(2026, 12, 24, 12, 0, tzinfo=UTC)
NAME = "www.example.co.jp"
#: Fast enough that no test waits for the pace by accident, patient enough for a busy machine.
OPTIONS = Options(timeout=8, budget=20, host_rate=5000, sweep_rate=5000)
#: For servers that are waited for in vain.
QUICK = replace(OPTIONS, timeout=0.5)

Behaviour = Callable[[socket.socket], None]


def consent(**changes: Any) -> Consent:
    """A consent for example.co.jp and loopback, valid around `NOW`."""
    given = Consent(
        applicant="例",
        domains=("example.co.jp",),
        networks=(network("127.0.0.0/8"), network("::1/128")),
        excluded_names=(),
        excluded_networks=(network("127.66.0.0/16"),),
        techniques=frozenset(Technique),
        ports="default",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=1),
        granted_by=Granter(name="例", title="", email=""),
    )
    return replace(given, **changes)


def door(
    options: Options = OPTIONS, *, clock: Callable[[], datetime] = lambda: NOW, **changes: Any
) -> Gateway:
    """A Gateway under such a consent."""
    return Gateway(Scope(consent=consent(**changes)), options, clock)


def context(options: Options = OPTIONS, **changes: Any) -> Context:
    """What a scanner is given, with such a Gateway."""
    gateway = door(options, **changes)
    return Context(
        gateway=gateway, resolver=Resolver(gateway, options), options=options, clock=lambda: datetime.now(UTC)
    )


def patience(expected: object) -> Options:
    """Little where lateness is what is expected, a lot where it would be mistaken for something else."""
    return QUICK if expected is Reason.TIMEOUT else OPTIONS


def at(server: "Server | tuple[str, int]", name: str | None = None) -> Target:
    """The target that a server is."""
    address, port = server if isinstance(server, tuple) else (server.address, server.port)
    return Target(name=name, address=address, port=port)


class Server:
    """Hands every connection to `behaviour` in a thread of its own and closes it afterwards.

    `connections` counts them, `most` is how many were there at a time.
    """

    def __init__(self, behaviour: Behaviour, *, address: str = "127.0.0.1", port: int = 0) -> None:
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address = address
        self.connections = 0
        self.most = 0
        self._now = 0
        self._behaviour = behaviour
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((address, port), family=kind, backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)
        for conn in list(self._open):
            _shut(conn)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._now += 1
                self.most = max(self.most, self._now)
            self._open.add(conn)
            self._start(self._serve, conn)

    def _serve(self, conn: socket.socket) -> None:
        try:
            self._behaviour(conn)
        except OSError:
            pass
        finally:
            with self._lock:
                self._now -= 1
            self._open.discard(conn)
            conn.close()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def silent(conn: socket.socket) -> None:
    """Accepts and says nothing until the other side goes."""
    while conn.recv(65_536):
        pass


def close(conn: socket.socket) -> None:
    """Hangs up politely."""


def reset(conn: socket.socket) -> None:
    """Hangs up with RST."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say(data: bytes, then: Behaviour = silent) -> Behaviour:
    """Speaks first, then does something else."""

    def behave(conn: socket.socket) -> None:
        conn.sendall(data)
        then(conn)

    return behave


def answer(data: bytes, then: Behaviour = close) -> Behaviour:
    """Waits to be spoken to, then speaks."""

    def behave(conn: socket.socket) -> None:
        if conn.recv(65_536):
            conn.sendall(data)
            then(conn)

    return behave


def drip(data: bytes, pause: float = 0.05) -> Behaviour:
    """One byte at a time, over and over: never silent for long, never done."""

    def behave(conn: socket.socket) -> None:
        while True:
            for byte in data:
                conn.sendall(bytes([byte]))
                time.sleep(pause)

    return behave


def endless(data: bytes) -> Behaviour:
    """As much as the other side takes."""

    def behave(conn: socket.socket) -> None:
        while True:
            conn.sendall(data)

    return behave


@contextmanager
def deaf(address: str = "127.0.0.1", port: int = 0) -> Iterator[tuple[str, int]]:
    """A port whose queue is full: the kernel drops every further SYN, as a filter would."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((address, port), backlog=0))
        place: tuple[str, int] = listener.getsockname()[:2]
        fill(place, stack)
        yield place


def fill(place: tuple[str, int], stack: ExitStack) -> None:
    """Fill a listener's queue until it takes no more."""
    for _ in range(200):
        sock = stack.enter_context(socket.socket())
        sock.settimeout(0.2)
        try:
            sock.connect(place)
        except TimeoutError:
            return
    raise AssertionError("the queue never got full")


def unused(address: str = "127.0.0.1") -> tuple[str, int]:
    """A port nobody listens on."""
    return address, free_port(address)


_SENDING = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "subprocess.Popen"}
_witness: list[tuple[str, tuple[Any, ...]]] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _witness is not None and event in _SENDING:
        _witness.append((event, arguments))


sys.addaudithook(_hook)


@contextmanager
def witnessed() -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Every connection, datagram, look-up and program of this process meanwhile, as Python's audit events."""
    global _witness  # noqa: PLW0603 - an audit hook cannot be removed, only ignored
    found: list[tuple[str, tuple[Any, ...]]] = []
    _witness = found
    try:
        yield found
    finally:
        _witness = None


def places(events: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[str, int]]:
    """Where the events of sockets went."""
    return [
        arguments[1][:2] for event, arguments in events if event.startswith("socket.") and len(arguments) > 1
    ]


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - one line of the kernel's
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> set[int]:
    """Processes whose parent is this one, zombies too."""
    found = set()
    for entry in os.listdir("/proc"):  # noqa: PTH208 - not a folder of ours
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii") as file:  # noqa: PTH123
                    fields = file.read().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == os.getpid():
                found.add(int(entry))
    return found
