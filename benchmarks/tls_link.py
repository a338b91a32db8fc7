"""A wide-area link on one machine: two network namespaces joined by a TUN pair that holds packets back.

Needs root, not netem. SYNs are delayed as everything else is, so that a connection costs what it costs on a
real path. Connections are counted as SYNs on the link, bytes as IP packets in both directions.
"""

import ctypes
import fcntl
import heapq
import mmap
import multiprocessing
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

NEAR, FAR = "posture-near", "posture-far"
SERVER = "10.77.1.1"
_TUNSETIFF, _TUN, _NO_PI = 0x400454CA, 0x0001, 0x1000
_NEWNET = 0x40000000
_COUNTERS = struct.Struct("QQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    connections: int
    octets: int


class Link:
    """The link while it stands. Commands run on the near side, servers on the far one."""

    def __init__(self, counters: mmap.mmap) -> None:
        self._counters = counters

    def near(self, command: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", NEAR, *command]

    def far(self, command: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", FAR, *command]

    def reset(self) -> None:
        self._counters[: _COUNTERS.size] = bytes(_COUNTERS.size)

    def counts(self) -> Counts:
        connections, octets = _COUNTERS.unpack(self._counters[: _COUNTERS.size])
        return Counts(connections=connections, octets=octets)


#: TCP ports that a firewall in front of the far side lets through, by address.
Only = Mapping[str, Sequence[int]]


@contextmanager
def link(milliseconds: float, *, only: Only | None = None) -> Iterator[Link]:
    """Bring the link up with this round trip, and take it down again.

    With `only`, connections to other TCP ports are dropped on the way, as a firewall does.
    """
    # As at every run but a user's first: where this is set, Python would compile its modules anew each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in (NEAR, FAR):
        _ip("netns", "add", name)
    counters = mmap.mmap(-1, _COUNTERS.size)
    ends = [_tun(name) for name in (NEAR, FAR)]
    _ip("-n", NEAR, "addr", "add", "10.77.0.1/16", "dev", "wan0")
    _ip("-n", FAR, "addr", "add", f"{SERVER}/16", "dev", "wan0")
    for name in (NEAR, FAR):
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", "wan0", "up")
    carrier = multiprocessing.get_context("fork").Process(
        target=_carry, args=(ends, milliseconds / 2000, counters, only), daemon=True
    )
    carrier.start()
    for end in ends:
        os.close(end)
    try:
        yield Link(counters)
    finally:
        carrier.terminate()
        carrier.join(5)
        for name in (NEAR, FAR):
            _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, stdout=subprocess.DEVNULL)


def _tun(namespace: str) -> int:
    """A TUN device `wan0` in the namespace; the descriptor works from outside."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    other = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if libc.setns(other, _NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH14x", b"wan0", _TUN | _NO_PI))
        libc.setns(own, _NEWNET)
    finally:
        os.close(own)
        os.close(other)
    return device


def _carry(ends: Sequence[int], delay: float, counters: mmap.mmap, only: Only | None) -> None:
    """Move packets from each end to the other, each after the delay."""
    waiting: list[tuple[float, int, int, bytes]] = []
    number = 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        readable, _, _ = select.select(ends, [], [], pause)
        now = time.monotonic()
        for end in readable:
            for packet in _packets(end):
                number += 1
                other = ends[1] if end == ends[0] else ends[0]
                if only is None or end != ends[0] or _passes(packet, only):
                    heapq.heappush(waiting, (now + delay, number, other, packet))
                _count(counters, packet, outwards=end == ends[0])
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, other, packet = heapq.heappop(waiting)
            os.write(other, packet)


def _packets(end: int) -> Iterator[bytes]:
    while True:
        try:
            packet = os.read(end, 65536)
        except BlockingIOError:
            return
        if packet[0] >> 4 == 4:
            yield packet


def _passes(packet: bytes, only: Only) -> bool:
    if packet[9] != socket.IPPROTO_TCP:
        return True
    start = (packet[0] & 15) * 4
    port = int.from_bytes(packet[start + 2 : start + 4], "big")
    return port in only.get(socket.inet_ntoa(packet[16:20]), ())


def _count(counters: mmap.mmap, packet: bytes, *, outwards: bool) -> None:
    connections, octets = _COUNTERS.unpack(counters[: _COUNTERS.size])
    flags = packet[(packet[0] & 15) * 4 + 13] if packet[9] == 6 else 0
    opens = outwards and flags & 0x12 == 0x02
    counters[: _COUNTERS.size] = _COUNTERS.pack(connections + opens, octets + len(packet))
