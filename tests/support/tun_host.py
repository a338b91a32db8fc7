"""A host made of a TUN device, which does with every SYN what it is told; for a network namespace.

    unshare --net python -m tests.support.tun_host POLICY PORTS RATE BEAT [FIRST]

connects to port FIRST, as another scanner of the same scan would, sweeps 10.9.0.5 with the real nmap and
prints what the sweep made of it, what the ledger says was sent, and what arrived. A kernel's own sockets
cannot play these parts: they always answer.
"""

import asyncio
import fcntl
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass, replace

from posture.core.consent import Technique
from posture.core.facts.ports_host import PortsHost
from posture.core.observations import Observation, Seen
from posture.core.targets import Target, network
from scanners import ports
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.ports import control
from tests.support.net_servers import OPTIONS, context

HOST = "10.9.0.5"
_SET_UP = ("ip link set lo up", "ip addr add 10.9.0.1/24 dev t0", "ip link set t0 up")
_SYN, _RST, _ACK, _FIN = 2, 4, 16, 1
#: Words of 32 bits of a TCP header with one option (the segment size) at most; Linux sends ten.
_BARE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Syn:
    """A SYN as a policy sees it.

    `count` are all SYNs so far, `nth` those to its port, both with it; `time` is seconds since the first.
    `bare`: it came without the options that a kernel's own connection sends, as nmap's do.
    """

    port: int
    count: int
    nth: int
    time: float
    bare: bool


#: Flags of the answer, or None for silence.
Policy = Callable[[Syn], int | None]
_OPEN = {80, 443}


def _firewall(syn: Syn) -> int | None:
    return _SYN | _ACK if syn.port in _OPEN else None


def _plain(syn: Syn) -> int | None:
    return _SYN | _ACK if syn.port in _OPEN else _RST | _ACK


def _bans(syn: Syn) -> int | None:
    return None if syn.count > 100 else _plain(syn)


def _bans_for_a_while(syn: Syn) -> int | None:
    """Silent in the middle of the sweep only: a look before it and one after it see nothing."""
    return None if 1.0 < syn.time < 8.0 else _plain(syn)


def _bans_by_rst(syn: Syn) -> int | None:
    """Takes in one visitor, then shuts the door on everybody."""
    return _plain(syn) if syn.count == 1 else _RST | _ACK


def _proxy(syn: Syn) -> int | None:
    """Answers the SYNs of a sweep for many ports, and takes connections to a few."""
    return _SYN | _ACK if syn.bare and 100 < syn.port <= 120 else _plain(syn)


def _lies(syn: Syn) -> int | None:
    """As above, for one port alone."""
    return _SYN | _ACK if syn.bare and syn.port == 81 else _plain(syn)


def _misses_one(syn: Syn) -> int | None:
    """Takes connections to 81, and refused the first SYN of the sweep by mistake."""
    return (_RST if syn.bare and syn.nth == 2 else _SYN) | _ACK if syn.port == 81 else _plain(syn)


def _closes_one(syn: Syn) -> int | None:
    """81 was open to the first SYN, and is shut from then on."""
    return _SYN | _ACK if syn.port == 81 and syn.nth == 1 else _plain(syn)


POLICIES: dict[str, Policy] = {
    "silent": lambda _syn: None,
    "firewall": _firewall,
    "plain": _plain,
    "everything": lambda _syn: _SYN | _ACK,
    "bans": _bans,
    "bans-for-a-while": _bans_for_a_while,
    "bans-by-rst": _bans_by_rst,
    "closed": lambda _syn: _RST | _ACK,
    "resets": _plain,
    "proxy": _proxy,
    "lies": _lies,
    "misses-one": _misses_one,
    "closes-one": _closes_one,
}


class Device:
    """Reads packets from the TUN and answers SYNs. `syns` counts them by port."""

    def __init__(self, policy: Policy, *, resets: bool = False) -> None:
        self._resets = resets
        self.syns: Counter[int] = Counter()
        self._policy = policy
        self._first = 0.0
        self._fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(
            self._fd, 0x400454CA, struct.pack("16sH", b"t0", 0x1001)
        )  # TUNSETIFF, IFF_TUN | IFF_NO_PI
        for command in _SET_UP:
            subprocess.run(command.split(), check=True)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            packet = os.read(self._fd, 2048)
            if packet[0] >> 4 == 4 and packet[9] == 6:  # IPv4, TCP
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        header = (packet[0] & 15) * 4
        _, port, sequence, _ = struct.unpack("!HHII", packet[header : header + 12])
        flags = packet[header + 13]
        if flags & _SYN:
            self._first = self._first or time.monotonic()
            self.syns[port] += 1
            since = time.monotonic() - self._first
            bare = packet[header + 12] >> 4 <= _BARE
            answer = self._policy(
                Syn(port=port, count=self.syns.total(), nth=self.syns[port], time=since, bare=bare)
            )
            if answer is not None:
                self._reply(packet, answer, 1000, sequence + 1)
        elif self._resets and flags & _ACK and not flags & _RST:
            self._reply(packet, _RST | _ACK, 1001, sequence)
        elif flags & _FIN:
            self._reply(packet, _FIN | _ACK, 1001, sequence + 1)

    def _reply(self, packet: bytes, flags: int, sequence: int, acknowledged: int) -> None:
        start = (packet[0] & 15) * 4
        source, target = packet[12:16], packet[16:20]
        theirs, ours = struct.unpack("!HH", packet[start : start + 4])
        segment = struct.pack(
            "!HHIIBBHHH", ours, theirs, sequence, acknowledged % 2**32, 5 << 4, flags, 64_240, 0, 0
        )
        pseudo = target + source + struct.pack("!BBH", 0, 6, len(segment))
        segment = segment[:16] + struct.pack("!H", _checksum(pseudo + segment)) + segment[18:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, target, source)
        header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
        os.write(self._fd, header + segment)


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


async def _scan(ctx: Context, first: int) -> Observation[PortsHost]:
    if first:
        permit = ctx.gateway.permit(Target(address=HOST, port=first), Technique.TLS)
        with suppress(NetFailure):  # a server may hang up on us, having taken us in
            await (await ctx.gateway.connect(permit)).aclose()
    (obs,) = await ports.scan(ctx, [Target(address=HOST)])
    return obs


def main(policy: str, asked: str, rate: str, beat: str, first: str = "0") -> None:
    """Sweep the device and print what came of it."""
    control._BEAT = float(beat)
    device = Device(POLICIES[policy], resets=policy == "resets")
    options = replace(OPTIONS, ports=asked, sweep_rate=float(rate), timeout=1.5)
    ctx = context(options, networks=(network("10.9.0.0/24"),))
    obs = asyncio.run(_scan(ctx, int(first)))
    told = obs.result
    print(  # noqa: T201 - the answer to whoever started this
        json.dumps(
            {
                "open": [port.port for port in told.value.open_ports()] if isinstance(told, Seen) else None,
                "disagreements": [astuple(one) for one in told.value.disagreements]
                if isinstance(told, Seen)
                else None,
                "reason": None if isinstance(told, Seen) else told.reason,
                "detail": "" if isinstance(told, Seen) else told.detail,
                "faults": ctx.faults,
                "syns": dict(device.syns),
                "ledger": [(c.address, list(c.ports), c.connections) for c in ctx.gateway.ledger.contacts()],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
