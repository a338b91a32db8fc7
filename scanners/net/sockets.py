"""Blocking sockets for worker threads: they know when to end, and can be hung up from outside."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.pace import Slot

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Watch:
    """The end of the running exchange, and the sockets it uses: what a worker thread is stopped by."""

    def __init__(self) -> None:
        self._end = float("inf")
        self._closed = False
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()

    def start(self, seconds: float) -> None:
        """Everything until the last byte of the body has to happen within `seconds` from now."""
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Seconds an operation may take, at most `timeout`. Raises TimeoutError when none are left."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time for the whole exchange is over")
        return seconds if timeout is None else min(seconds, timeout)

    def add(self, sock: socket.socket) -> None:
        """Raises NetFailure(cancelled) once closed."""
        with self._lock:
            if self._closed:
                raise NetFailure(Reason.CANCELLED, "the scan is over")
            self._sockets.add(sock)

    def close(self) -> None:
        """End every exchange now: its thread sees the end of its stream."""
        with self._lock:
            self._closed = True
            for sock in list(self._sockets):
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


class WatchedSocket(socket.socket):
    """Gives its slot back when it is really closed, and reads no longer than its watch allows.

    `close` is too early for the slot: http.client closes its connection while the response still reads.
    The hook is `_real_close`, which the standard library's own SSLSocket overrides for the same reason.
    """

    watch: Watch | None = None
    slot: Slot | None = None

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        if self.watch is not None:
            self.settimeout(self.watch.left(self.gettimeout()))
        return super().recv_into(buffer, nbytes or 0, flags)

    def _real_close(self, *arguments: Any) -> None:  # noqa: ANN401 - passed through
        super()._real_close(*arguments)  # type: ignore[misc]
        if self.slot is not None:
            self.slot.release()


class WatchedTlsSocket(WatchedSocket, ssl.SSLSocket):
    """The same in TLS; made by an SSLContext whose `sslsocket_class` this is."""


def protect(plain: WatchedSocket, context: ssl.SSLContext, name: str) -> WatchedTlsSocket:
    """Go on in TLS. The new socket takes over watch and slot; on failure everything is closed."""
    watch, slot = plain.watch, plain.slot
    try:
        secured = context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()  # before the handshake it is still open; afterwards this does nothing
        if slot is not None:
            slot.release()
        raise
    if not isinstance(secured, WatchedTlsSocket):
        raise TypeError("the context does not make watched sockets")
    secured.watch, secured.slot = watch, slot
    if watch is not None:
        watch.add(secured)
    return secured
