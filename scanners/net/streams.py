"""TCP connections as asyncio streams in which every operation has a deadline.

They are built on the event loop's socket calls rather than on its transports: nothing is read ahead, so after
STARTTLS no byte sent in the clear can be taken for a protected one.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from posture.core.observations import Reason
from scanners.net.failure import NetFailure, failure_of
from scanners.net.pace import Slot

_CHUNK = 16_384
_CLOSING = 1.0


@asynccontextmanager
async def deadline(seconds: float, what: str) -> AsyncIterator[None]:
    """Turn lateness and what the network does to a socket into a NetFailure."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except OSError as error:
        raise failure_of(error, what) from None


def family(address: str) -> socket.AddressFamily:
    """The address family of a literal address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Stream:
    """One connection. `timeout` of an operation bounds all of it, however slowly bytes drip in."""

    def __init__(self, sock: socket.socket, slot: Slot, *, timeout: float, what: str) -> None:
        self._channel: _Plain | _Tls = _Plain(sock)
        self._slot = slot
        self._timeout = timeout
        self._what = what
        self._buffer = bytearray()
        self.local_address: str = sock.getsockname()[0]

    @property
    def pending(self) -> bytes:
        """What has been received and not been asked for yet."""
        return bytes(self._buffer)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, None before `start_tls`."""
        return self._channel.session if isinstance(self._channel, _Tls) else None

    async def read(self, limit: int, *, timeout: float | None = None) -> bytes:
        """At least one and at most `limit` bytes; b"" at the end of the stream."""
        if not self._buffer:
            async with self._deadline(timeout):
                return await self._channel.receive(limit)
        return self._take(limit)

    async def readexactly(self, count: int, *, timeout: float | None = None) -> bytes:
        """Exactly `count` bytes. Raises NetFailure(reset) when the peer closes before."""
        async with self._deadline(timeout):
            while len(self._buffer) < count:
                await self._fill()
        return self._take(count)

    async def readuntil(self, separator: bytes, limit: int, *, timeout: float | None = None) -> bytes:
        """Everything up to and with `separator`.

        Raises NetFailure: protocol-garbage when it is not within `limit` bytes, reset when the peer closes.
        """
        async with self._deadline(timeout):
            while (place := self._buffer.find(separator)) < 0 and len(self._buffer) <= limit:
                await self._fill()
        end = place + len(separator)
        if place < 0 or end > limit:
            raise NetFailure(Reason.PROTOCOL_GARBAGE, f"{self._what}: nothing ends within {limit} bytes")
        return self._take(end)

    async def write(self, data: bytes, *, timeout: float | None = None) -> None:
        """Send everything."""
        async with self._deadline(timeout):
            await self._channel.send(data)

    async def start_tls(
        self,
        context: ssl.SSLContext,
        server_hostname: str | None,
        *,
        timeout: float | None = None,
    ) -> None:
        """Go on in TLS. Bytes that came before are thrown away (RFC 3207 §4.2). None sends no server name."""
        self._buffer.clear()
        plain = self._channel
        if not isinstance(plain, _Plain):
            raise TypeError("the connection is protected already")
        async with self._deadline(timeout):
            self._channel = await _Tls.over(plain.sock, context, server_hostname)

    async def aclose(self) -> None:
        """Close at once; a peer that does not answer our goodbye is not waited for."""
        try:
            await self._channel.aclose()
        finally:
            self._slot.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _deadline(self, seconds: float | None) -> AbstractAsyncContextManager[None]:
        return deadline(self._timeout if seconds is None else seconds, self._what)

    async def _fill(self) -> None:
        data = await self._channel.receive(_CHUNK)
        if not data:
            raise NetFailure(Reason.RESET, f"{self._what}: closed by peer")
        self._buffer += data

    def _take(self, count: int) -> bytes:
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data


class _Plain:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    async def receive(self, limit: int) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.sock, limit)

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def aclose(self) -> None:
        self.sock.close()


class _Tls:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.session: ssl.SSLObject = writer.get_extra_info("ssl_object")

    @classmethod
    async def over(cls, sock: socket.socket, context: ssl.SSLContext, name: str | None) -> Self:
        return cls(*await asyncio.open_connection(sock=sock, ssl=context, server_hostname=name or ""))

    async def receive(self, limit: int) -> bytes:
        return await self._reader.read(limit)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def aclose(self) -> None:
        self._writer.close()
        with suppress(OSError):
            async with asyncio.timeout(_CLOSING):
                await self._writer.wait_closed()
        self._writer.transport.abort()
