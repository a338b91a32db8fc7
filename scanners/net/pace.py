"""How hard one host may be worked: connections at a time, and new ones per second.

A host that shows strain is worked at half of both, and at half again if that does not help (`ease`).
A host is a physical address: ten names on one machine share its pace. The same limits hold for coroutines and
for worker threads (requests), so waiting is done on futures that both can wait for.
"""

import asyncio
import threading
import time
from collections import deque
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from posture.core.observations import Reason
from scanners.net.failure import NetFailure


class Slot:
    """One of the connections a host may have at a time; `release` gives it back, once."""

    def __init__(self, host: "_Host") -> None:
        self._host: _Host | None = host

    def release(self) -> None:
        host, self._host = self._host, None
        if host is not None:
            host.give_back()


class Pace:
    """Limits by physical address. `rate` is new connections (or datagrams) per second.

    They are evenly spaced but for a start of as many as may be open at a time (a token bucket): what a host
    has to bear at once does not depend on whether they came together.
    """

    def __init__(self, *, connections: int, rate: float) -> None:
        self._connections = connections
        self._rate = rate
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    async def enter(self, address: str) -> Slot:
        """Wait for a free connection, then for its turn."""
        host = self._host(address)
        await host.take()
        slot = Slot(host)
        try:
            await asyncio.sleep(host.delay())
        except BaseException:
            slot.release()
            raise
        return slot

    async def turn(self, address: str) -> None:
        """Wait for the turn of one datagram, which occupies no connection."""
        await asyncio.sleep(self._host(address).delay())

    def ease(self, address: str, since: float) -> bool:
        """Halve what the host has to bear, down to an eighth, and leave it alone for a moment.

        `since` is when the question began (monotonic) whose answer showed strain: when the host was eased
        after that, nothing is done. Returns whether the pace fell.
        """
        return self._host(address).ease(since)

    def restore(self, address: str) -> None:
        """Take one `ease` back: what looked like strain was the host's way."""
        self._host(address).restore()

    def enter_blocking(self, address: str, *, timeout: float) -> Slot:
        """The same for a worker thread. Raises NetFailure(budget) when no connection gets free in time."""
        host = self._host(address)
        host.take_blocking(timeout)
        time.sleep(host.delay())
        return Slot(host)

    def _host(self, address: str) -> "_Host":
        with self._lock:
            return self._hosts.setdefault(address, _Host(self._connections, self._rate))


#: How often a host's limits can be halved, and the seconds it is left alone each time.
_MOST_EASED = 3
_REST = 0.25


class _Host:
    def __init__(self, connections: int, rate: float) -> None:
        self._lock = threading.Lock()
        self._connections = connections
        self._used = 0
        self._waiting: deque[Future[None]] = deque()
        self._rate = rate
        self._eased = 0
        self._eased_at = 0.0
        self._next = 0.0

    def delay(self) -> float:
        """Seconds until the turn this call reserves."""
        with self._lock:
            now = time.monotonic()
            step = 2**self._eased / self._rate
            # Turns that nobody took are kept, but never more than one for each connection.
            self._next = max(self._next, now - step * (self._allowed() - 1))
            turn = max(now, self._next)
            self._next += step
            return turn - now

    def ease(self, since: float) -> bool:
        with self._lock:
            if since < self._eased_at:
                return False
            self._eased_at = time.monotonic()
            self._next = max(self._next, self._eased_at + _REST)
            if self._eased == _MOST_EASED:
                return False
            self._eased += 1
            return True

    def restore(self) -> None:
        with self._lock:
            self._eased = max(self._eased - 1, 0)
            self._serve()

    async def take(self) -> None:
        future = self._queue()
        try:
            await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._abandon(future)
            raise

    def take_blocking(self, timeout: float) -> None:
        future = self._queue()
        try:
            future.result(timeout)
        except (FutureTimeoutError, CancelledError):
            self._abandon(future)
            raise NetFailure(Reason.BUDGET, "waited too long for a free connection to the host") from None

    def give_back(self) -> None:
        with self._lock:
            self._used -= 1
            self._serve()

    def _allowed(self) -> int:
        return max(1, self._connections >> self._eased)

    def _serve(self) -> None:
        """Hand free connections to those who wait; the lock is held."""
        while self._waiting and self._used < self._allowed():
            future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                self._used += 1
                future.set_result(None)

    def _queue(self) -> "Future[None]":
        future: Future[None] = Future()
        with self._lock:
            self._waiting.append(future)
            self._serve()
        return future

    def _abandon(self, future: "Future[None]") -> None:
        """Nobody waits for this connection any more; if it was handed over meanwhile, pass it on."""
        if not future.cancel() and not future.cancelled():
            self.give_back()
