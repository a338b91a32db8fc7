"""How the demo's servers listen: bounded conversations, in the clear or over TLS, all of them easy to end."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")

#: Seconds one client may stay; a scanner is done long before.
PATIENCE = 30.0
#: The longest line a server reads.
LONGEST = 8192
_CHUNK = 65536
_BACKLOG = 256


class Connection:
    """A client, in the clear until `secure` is called."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tls: _Tls | None = None
        self._ahead = b""

    async def secure(self, context: ssl.SSLContext) -> None:
        """Go on over TLS. What was sent ahead of it in the clear is dropped (RFC 3207 §4.2)."""
        self._ahead = b""
        self._tls = _Tls(context, self._reader, self._writer)
        await self._tls.handshake()

    async def send(self, data: bytes) -> None:
        """Send it all."""
        if self._tls is not None:
            await self._tls.send(data)
            return
        self._writer.write(data)
        await self._writer.drain()

    async def read(self) -> bytes:
        """What the client sent; empty when it has ended."""
        if self._ahead:
            found, self._ahead = self._ahead, b""
            return found
        return await (self._tls.read() if self._tls is not None else self._reader.read(_CHUNK))

    async def exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises EOFError when the client ends before."""
        found = b""
        while len(found) < size:
            chunk = await self.read()
            if not chunk:
                raise EOFError
            found += chunk
        self._ahead = found[size:]
        return found[:size]

    async def line(self) -> bytes | None:
        """The next line without its end; None when the client has ended, or the line is too long."""
        found = b""
        while b"\n" not in found:
            chunk = await self.read()
            if not chunk or len(found) > LONGEST:
                return None
            found += chunk
        line, _, self._ahead = found.partition(b"\n")
        return line.rstrip(b"\r")

    async def farewell(self) -> None:
        """Say that nothing more will come, where the protocol has a word for it."""
        if self._tls is not None:
            await self._tls.farewell()


class _Tls:
    """The server's end of TLS. asyncio's own swallows the alert that tells a client why it is refused."""

    def __init__(
        self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> None:
        await self._do(self._object.do_handshake)

    async def send(self, data: bytes) -> None:
        await self._do(lambda: self._object.write(data))

    async def read(self) -> bytes:
        try:
            return await self._do(lambda: self._object.read(_CHUNK))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def farewell(self) -> None:
        """Send close_notify, and do not wait for the client's (RFC 8446 §6.1)."""
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()
        await self._flush()

    async def _do(self, step: Callable[[], T]) -> T:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                pass
            finally:
                await self._flush()
            if chunk := await self._reader.read(_CHUNK):
                self._incoming.write(chunk)
            else:
                self._incoming.write_eof()

    async def _flush(self) -> None:
        self._writer.write(self._outgoing.read())
        await self._writer.drain()


Talk = Callable[[Connection], Awaitable[None]]


def over_tls(context: ssl.SSLContext, talk: Talk) -> Talk:
    """The same conversation after a TLS handshake."""

    async def secured(connection: Connection) -> None:
        await connection.secure(context)
        await talk(connection)

    return secured


class Doors:
    """All listening sockets and open conversations of the demo."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def listen(self, listener: socket.socket, talk: Talk) -> None:
        """Hold a conversation with every client of a bound TCP socket."""
        self._servers.append(
            await asyncio.start_server(partial(self._welcome, talk), sock=listener, backlog=_BACKLOG)
        )

    async def receive(self, bound: socket.socket, protocol: asyncio.DatagramProtocol) -> None:
        """Give every datagram of a bound UDP socket to a protocol."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: protocol, sock=bound)
        self._datagrams.append(transport)

    async def close(self) -> None:
        """Stop listening and cut every conversation off."""
        await self._stop_accepting()
        for transport in self._datagrams:
            transport.abort()
        talks = dict(self._talks)
        for task, writer in talks.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0)  # transports tell their protocols of the end in the loop's next round

    async def _stop_accepting(self) -> None:
        # A connection that is just being accepted would be lost, unclosed, if its server were closed at once.
        for listener in (listener for server in self._servers for listener in server.sockets):
            asyncio.get_running_loop().remove_reader(listener.fileno())
        arriving = asyncio.all_tasks() - self._talks.keys() - {asyncio.current_task()}
        await asyncio.gather(*arriving)
        for server in self._servers:
            server.close()

    def _welcome(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(_converse(talk, reader, writer))
        self._talks[task] = writer
        task.add_done_callback(self._talks.pop)


async def _converse(talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client, from greeting to end. What it does wrong is its own affair and logged nowhere."""
    with contextlib.suppress(OSError, EOFError):
        async with asyncio.timeout(PATIENCE):
            connection = Connection(reader, writer)
            await talk(connection)
            await connection.farewell()
    with contextlib.suppress(OSError):
        async with asyncio.timeout(PATIENCE):
            writer.close()  # what was said last, an alert perhaps, still arrives
            await writer.wait_closed()
    writer.transport.abort()
