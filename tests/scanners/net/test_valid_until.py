"""The consent's last moment, seen on the wire: a sweep that would take longer is ended before it."""

import asyncio
import os
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from posture.core.consent import Technique
from posture.core.observations import Reason
from posture.core.targets import Target
from scanners.net.failure import NetFailure
from tests.support.net_servers import OPTIONS, children, door
from tests.support.tools import require_tool


class _Heard(threading.Thread):
    """Every TCP packet to 127.0.0.9 that leaves this machine, with the time of its sending."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.times: list[datetime] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(1.5)
        self.start()

    def run(self) -> None:
        """Listens until it has been silent for a while after the first packet."""
        with self._socket:
            while self._hears():
                pass

    def _hears(self) -> bool:
        try:
            frame, (_, _, kind, *_) = self._socket.recvfrom(65535)
        except TimeoutError:
            return not self.times
        if kind == socket.PACKET_OUTGOING and frame[30:34] == bytes([127, 0, 0, 9]):
            self.times.append(datetime.now(UTC))
        return True


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
    permit = gateway.permit(Target(address="127.0.0.9"), Technique.PORTS)
    heard = _Heard()
    before = children()
    with pytest.raises(NetFailure) as caught:
        asyncio.run(gateway.nmap([permit], ("-sS", "-p", "T:1-5000"), seconds=100))
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert children() == before
    heard.join(30)
    assert heard.times
    assert max(heard.times) < end
