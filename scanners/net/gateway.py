"""The only thing that opens a socket or starts nmap, and it accepts nothing but a Permit.

Every way out does the same before its first packet: the permit is checked against consent and clock, a
route is translated (and its end permitted), the host's pace is waited for, and the ledger is written.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from posture.core.consent import Technique
from posture.core.scope import Permit, Scope
from posture.core.targets import Target
from scanners.context import Options
from scanners.net.door import Door
from scanners.net.ledger import Ledger
from scanners.net.sockets import Watch
from scanners.net.streams import Stream, deadline, family
from scanners.net.sweeper import Sweeper
from scanners.net.udp import DatagramEndpoint

if TYPE_CHECKING:
    from scanners.net.dnsbackend import Backend
    from scanners.net.http import Session

__all__ = ["DatagramEndpoint", "Gateway", "Stream"]


class Gateway:
    """The door of one scan. `clock` gives aware datetimes; times in `options` are seconds."""

    def __init__(self, scope: Scope, options: Options, clock: Callable[[], datetime]) -> None:
        self._door = Door(scope, options, clock)
        self._sweeper = Sweeper(self._door)
        self._watches: WeakSet[Watch] = WeakSet()
        self._closed = False
        self._usual: dict[int, str] = {}
        self._usual_lock = asyncio.Lock()

    @property
    def scope(self) -> Scope:
        return self._door.scope

    @property
    def ledger(self) -> Ledger:
        return self._door.ledger

    def permit(self, target: Target, technique: Technique) -> Permit:
        """Ask the scope now. A refusal raises NetFailure(not-permitted)."""
        return self._door.permit(target, technique)

    def permit_contact(self, target: Target, technique: Technique, *, why: str) -> Permit:
        """Ask for one ordinary contact with a third party. A refusal raises NetFailure(not-permitted)."""
        return self._door.permit_contact(target, technique, why=why)

    def permit_query(self, target: Target, *, why: str, configured: bool = False) -> Permit:
        """Ask for DNS queries to a server. A refusal raises NetFailure(not-permitted)."""
        return self._door.permit_query(target, why=why, configured=configured)

    def pin(self, name: str, addresses: Iterable[str]) -> None:
        """Fix a name's addresses for the whole scan; only the first call for a name counts."""
        self._door.pin(name, addresses)

    def pinned(self, name: str) -> tuple[str, ...]:
        """The fixed addresses of a name; empty when it has none."""
        return self._door.pinned(name) or ()

    def pinned_names(self) -> Mapping[str, tuple[str, ...]]:
        """Every name that was resolved, with its fixed addresses."""
        return self._door.pins()

    async def connect(self, permit: Permit, *, timeout: float | None = None) -> Stream:
        """A TCP connection to the permit's address and port.

        `timeout` bounds the connection alone, not the wait for the host's pace.
        Raises NetFailure: timeout, refused, reset, unreachable, not-permitted.
        """
        way = self._door.way(permit)
        slot = await self._door.pace.enter(way.address)
        with ExitStack() as undo:
            undo.callback(slot.release)
            sock = undo.enter_context(socket.socket(family(way.address), socket.SOCK_STREAM))
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._door.note(way)
            seconds = self._door.options.timeout if timeout is None else timeout
            with self._door.accepting(way):
                async with deadline(min(seconds, self._door.left(permit)), f"connect to {way.label()}"):
                    await asyncio.get_running_loop().sock_connect(sock, (way.address, way.port))
            self.ledger.note_source(sock.getsockname()[0])
            stream = Stream(sock, slot, timeout=self._door.options.timeout, what=way.label())
            undo.pop_all()
        return stream

    def ease(self, permit: Permit, since: float) -> bool:
        """Work the permit's host more gently: a question begun at `since` (monotonic) showed strain.

        Returns whether the pace fell; a host is eased once for all that was asked before.
        """
        return self._door.pace.ease(self._door.place(permit), since)

    def restore(self, permit: Permit) -> None:
        """Take one `ease` back."""
        self._door.pace.restore(self._door.place(permit))

    async def udp(self, permit: Permit, *, paced: bool = True) -> DatagramEndpoint:
        """A UDP socket that talks with the permit's address and port only; nothing is sent yet.

        Not `paced` are questions to the operator's own resolver: it is no target, and whoever asks it bounds
        what is in flight.
        """
        return await DatagramEndpoint(self._door, self._door.way(permit), paced=paced).open()

    def dns_backend(
        self, *, name: str | None = None, why: str = "resolver", configured: bool = False
    ) -> "Backend":
        """Sockets for dnspython. A `configured` resolver, or one in the options, may have any address."""
        from scanners.net.dnsbackend import Backend

        known = self._door.options.resolvers

        def leave(server: str, port: int) -> Permit:
            target = Target(name=name, address=server, port=port)
            return self.permit_query(target, why=why, configured=configured or (server, port) in known)

        return Backend(self, leave)

    def session(
        self,
        technique: Technique = Technique.WEB,
        *,
        contact_why: str | None = None,
        total: float | None = None,
    ) -> "Session":
        """A requests session for one worker thread; close it after use.

        With `contact_why` names outside the consent get one ordinary contact for that reason, else none.
        `total` (default: the budget) bounds one exchange with its body.
        """
        from scanners.net.http import Session  # requests is loaded by those who need it

        watch = Watch()
        if self._closed:
            watch.close()
        self._watches.add(watch)
        leave = partial(self._leave, technique, contact_why)
        seconds = self._door.options.budget if total is None else total
        return Session(self._door, leave, watch, total=seconds)

    def close(self) -> None:
        """End what worker threads still do, for nothing else can: to be called when the scan is over."""
        self._closed = True
        for watch in list(self._watches):
            watch.close()

    def _leave(self, technique: Technique, contact_why: str | None, target: Target) -> Permit:
        if contact_why is None:
            return self.permit(target, technique)
        return self.permit_contact(target, technique, why=contact_why)

    async def nmap(
        self, permits: Sequence[Permit], arguments: Sequence[str], *, seconds: float | None = None
    ) -> bytes:
        """Run nmap on the permits' addresses, at most `seconds` (default: the budget) on each; its XML.

        `arguments` are scan types and -p; everything else is set here. The addresses are of one version.
        Raises NetFailure: not-permitted, unreachable, budget; NmapError when nmap itself fails.
        """
        bound = self._door.options.budget if seconds is None else seconds
        return await self._sweeper.sweep(permits, arguments, seconds=bound)

    async def usual_ports(self, count: int) -> str:
        """The TCP ports that nmap's statistics put first, in its port language. Sends nothing."""
        async with self._usual_lock:
            if count not in self._usual:
                self._usual[count] = await self._sweeper.top_ports(count)
            return self._usual[count]
