"""Assesses a demo applicant in a private network while everything that leaves is written down by others.

Run as a program; prints one JSON document: what the interpreter's audit events saw (connections, datagrams,
programs), what the wire saw (first packets of TCP connections, UDP requests), and what the ledger admits.
"""

import asyncio
import json
import socket
import struct
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from posture.demo.namespace import enter

STAGE = "posture-demo"
_ALL_PROTOCOLS = 0x0003
_OUTGOING = 4
_SYN, _ACK = 0x02, 0x10


class Wire(threading.Thread):
    """Reads loopback's packets as they leave, until told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.opened: set[tuple[str, int]] = set()
        self.datagrams: list[tuple[str, int, str, int]] = []
        self.packets = 0
        self._done = threading.Event()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 25)

    def run(self) -> None:
        while not self._done.is_set():
            try:
                frame, (_, _, kind, *_) = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            if kind == _OUTGOING:
                self._read(frame[14:])

    def finish(self) -> None:
        self._done.set()
        self.join()
        self._socket.close()

    def _read(self, packet: bytes) -> None:
        if packet[0] >> 4 != 4:
            return
        self.packets += 1
        head = (packet[0] & 15) * 4
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        sport, dport = struct.unpack("!HH", packet[head : head + 4])
        if packet[9] == socket.IPPROTO_TCP and packet[head + 13] & (_SYN | _ACK) == _SYN:
            self.opened.add((target, dport))
        elif packet[9] == socket.IPPROTO_UDP:
            self.datagrams.append((source, sport, target, dport))


def main(key: str) -> None:
    """Assess the applicant named `key` and print what everybody saw."""
    if not enter():
        sys.stdout.write(json.dumps({"namespace": False}))
        return
    events: list[tuple[str, Any]] = []
    sys.addaudithook(lambda event, arguments: _note(events, event, arguments))
    wire = Wire()
    wire.start()
    with tempfile.TemporaryDirectory() as folder:
        document = _assess(key, Path(folder))
    wire.finish()
    asked = {(t, p) for s, sp, t, p in wire.datagrams if (t, p, s, sp) not in _replies(wire.datagrams)}
    sys.stdout.write(
        json.dumps(
            {
                "namespace": True,
                "complete": document["complete"],
                "connected": sorted({tuple(e[1]) for e in events if e[0].startswith("socket.")}),
                "programs": [e[1] for e in events if e[0] == "subprocess.Popen"],
                "opened": sorted(wire.opened),
                "datagrams": sorted(asked),
                "packets": wire.packets,
                "contacted": document["contacted"],
            }
        )
    )


def _replies(datagrams: list[tuple[str, int, str, int]]) -> set[tuple[str, int, str, int]]:
    """Requests seen so far, as their answers' target: what answers an earlier packet is no request."""
    requests: set[tuple[str, int, str, int]] = set()
    answers: set[tuple[str, int, str, int]] = set()
    for source, sport, target, dport in datagrams:
        if (target, dport, source, sport) in requests:
            answers.add((target, dport, source, sport))
        else:
            requests.add((source, sport, target, dport))
    return answers


def _note(events: list[tuple[str, Any]], event: str, arguments: tuple[Any, ...]) -> None:
    if threading.current_thread().name == STAGE:
        return  # the demo's servers answer, they ask nobody
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and isinstance(arguments[1], tuple):
        events.append((event, arguments[1][:2]))
    elif event == "subprocess.Popen":
        events.append((event, [str(word) for word in arguments[1]]))


def _assess(key: str, folder: Path) -> dict[str, Any]:
    from posture.app.run import RunRequest, run
    from posture.core.document import assessment
    from posture.demo.stage import Stage

    with Stage(folder, low_ports=True) as scene:
        applicant = next(item for item in scene.applicants if item.key == key)
        for name in ("consent", "application"):
            (folder / f"{name}.toml").write_text(getattr(applicant, name), encoding="utf-8")
        raw = {
            "consent_file": folder / "consent.toml",
            "application_file": folder / "application.toml",
            "out": folder / "out",
            "database": f"sqlite:///{folder / 'posture.db'}",
            "resolvers": [f"{host}:{port}" for host, port in scene.resolvers],
            "trust_store": scene.trust_store,
            "trust_anchor": scene.trust_anchor,
        }
        request = RunRequest.read(domain=applicant.domain, raw=raw)
        return assessment(asyncio.run(run(request, lambda _step: None)).assessment)


if __name__ == "__main__":
    main(sys.argv[1])
