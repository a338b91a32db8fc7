"""The consent's last moment, seen on the wire: a sweep that would take longer is ended before it."""

import asyncio
import os
import socket
import struct
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.targets import Target
from scanners.net.failure import NetFailure
from tests.support.net_servers import OPTIONS, children, door
from tests.support.tools import require_tool

#: An address that no other test sends anything to, in this process or beside it.
_PLACE = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
_SILENCE = 1.5
_TIMESTAMP = 29  # SO_TIMESTAMP of <asm-generic/socket.h>: when the packet was sent, not when we read of it


class _Heard(threading.Thread):
    """Every packet to `_PLACE` that leaves this machine, with the time of its sending."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.times: list[datetime] = []
        self._last = 0.0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        self.start()

    def run(self) -> None:
        """Listens until nothing has gone there for a while after the first packet."""
        with self._socket:
            while not self.times or time.monotonic() - self._last < _SILENCE:
                self._hear()

    def _hear(self) -> None:
        try:
            frame, told, _, (_, _, kind, *_) = self._socket.recvmsg(65535, 64)
        except TimeoutError:
            return
        if kind == socket.PACKET_OUTGOING and frame[30:34] == socket.inet_aton(_PLACE):
            ((_, _, stamp),) = told
            seconds, micros = struct.unpack("@ll", stamp)
            self.times.append(datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros))
            self._last = time.monotonic()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen to the wire")
def test_no_packet_leaves_after_the_consent() -> None:
    require_tool("nmap")
    end = datetime.now(UTC) + timedelta(seconds=4)
    gateway = door(
        replace(OPTIONS, sweep_rate=50),
        clock=lambda: datetime.now(UTC),
        valid_until=end,
        valid_from=end - timedelta(days=1),
    )
    permit = gateway.permit(Target(address=_PLACE), Technique.PORTS)
    heard = _Heard()
    before = children()
    with pytest.raises(NetFailure) as caught:
        asyncio.run(gateway.nmap([permit], ("-sS", "-p", "T:1-5000"), seconds=100))
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert children() == before
    heard.join(60)
    assert heard.times
    assert not heard.is_alive()
    assert max(heard.times) < end
