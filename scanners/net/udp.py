"""Datagrams to and from one permitted address: the socket is connected, so the kernel drops all others."""

import asyncio
import socket
from types import TracebackType
from typing import Self

from scanners.net.door import Door, Way
from scanners.net.streams import deadline, family

_LARGEST = 65_535


class DatagramEndpoint:
    """A UDP socket bound to one peer. Each datagram waits for its turn and is in the ledger."""

    def __init__(self, door: Door, way: Way, *, paced: bool = True) -> None:
        self._door = door
        self._paced = paced
        self._way = way
        self._sock = socket.socket(family(way.address), socket.SOCK_DGRAM)
        self._sock.setblocking(False)

    async def open(self) -> Self:
        """Choose the peer; nothing is sent yet."""
        try:
            async with deadline(self._door.options.timeout, f"UDP to {self._way.label()}"):
                await asyncio.get_running_loop().sock_connect(self._sock, (self._way.address, self._way.port))
        except BaseException:
            self._sock.close()
            raise
        self._door.ledger.note_source(self.local_address)
        return self

    @property
    def local_address(self) -> str:
        return str(self._sock.getsockname()[0])

    async def send(self, data: bytes) -> None:
        if self._paced:
            await self._door.pace.turn(self._way.address)
        self._door.note(self._way)
        async with deadline(self._door.options.timeout, f"UDP to {self._way.label()}"):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def receive(self, timeout: float | None = None) -> bytes:
        """The next datagram. Raises NetFailure: timeout, or refused where nothing listens."""
        seconds = self._door.options.timeout if timeout is None else timeout
        async with deadline(seconds, f"UDP from {self._way.label()}"):
            return await asyncio.get_running_loop().sock_recv(self._sock, _LARGEST)

    async def aclose(self) -> None:
        self._sock.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
