"""How hard one host may be worked: connections at a time, and new ones per second.

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
    """Limits by physical address. `rate` is new connections (or datagrams) per second, evenly spaced."""

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

    def enter_blocking(self, address: str, *, timeout: float) -> Slot:
        """The same for a worker thread. Raises NetFailure(budget) when no connection gets free in time."""
        host = self._host(address)
        host.take_blocking(timeout)
        time.sleep(host.delay())
        return Slot(host)

    def _host(self, address: str) -> "_Host":
        with self._lock:
            return self._hosts.setdefault(address, _Host(self._connections, self._rate))


class _Host:
    def __init__(self, connections: int, rate: float) -> None:
        self._lock = threading.Lock()
        self._free = connections
        self._waiting: deque[Future[None]] = deque()
        self._rate = rate
        self._next = 0.0

    def delay(self) -> float:
        """Seconds until the turn this call reserves."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / self._rate
            return turn - now

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
            while self._waiting:
                future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_result(None)
                    return
            self._free += 1

    def _queue(self) -> "Future[None]":
        future: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                future.set_result(None)
            else:
                self._waiting.append(future)
        return future

    def _abandon(self, future: "Future[None]") -> None:
        """Nobody waits for this connection any more; if it was handed over meanwhile, pass it on."""
        if not future.cancel() and not future.cancelled():
            self.give_back()
