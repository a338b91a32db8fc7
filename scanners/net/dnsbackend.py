"""The socket layer dnspython runs on: queries go where `permit_query` allows, and nowhere else."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Protocol, TypeVar

import dns.exception

# dns.asyncbackend hands these on without saying so to type checkers; this is where they are defined.
from dns._asyncbackend import Backend as AsyncBackend
from dns._asyncbackend import DatagramSocket, Socket, StreamSocket

from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import address
from scanners.net.failure import NetFailure
from scanners.net.streams import Stream
from scanners.net.udp import DatagramEndpoint

T = TypeVar("T")
Where = tuple[Any, ...]
Leave = Callable[[str, int], Permit]


class Opener(Protocol):
    """The two ways of the Gateway that queries take."""

    async def connect(self, permit: Permit, *, timeout: float | None = None) -> Stream: ...

    async def udp(self, permit: Permit) -> DatagramEndpoint: ...


class Backend(AsyncBackend):
    """For `dns.asyncquery` and `dns.asyncresolver`. `leave` gives the permit for an address and port.

    Raises what dnspython expects for lateness (`dns.exception.Timeout`) and NetFailure for everything else.
    """

    def __init__(self, opener: Opener, leave: Leave) -> None:
        self._opener = opener
        self._leave = leave

    def name(self) -> str:
        return "asyncio"

    def datagram_connection_required(self) -> bool:
        """Yes: the kernel then drops what anybody but the asked server sends."""
        return True

    async def make_socket(
        self,
        af: int,
        socktype: int,
        proto: int = 0,  # noqa: ARG002 - dnspython's signature
        source: Where | None = None,
        destination: Where | None = None,
        timeout: float | None = None,
        ssl_context: ssl.SSLContext | None = None,
        server_hostname: str | None = None,  # noqa: ARG002
    ) -> Socket:
        if destination is None or source is not None or ssl_context is not None:
            raise NotImplementedError("queries go in the clear to a stated server from any port of ours")
        permit = self._leave(str(address(destination[0])), int(destination[1]))
        if socktype == socket.SOCK_STREAM:
            return _StreamSocket(af, await _in_time(self._opener.connect(permit, timeout=timeout), timeout))
        return _DatagramSocket(af, await _in_time(self._opener.udp(permit), timeout), destination)

    async def sleep(self, interval: float) -> None:
        await asyncio.sleep(interval)

    def get_transport_class(self) -> NoReturn:
        raise NotImplementedError("no DNS over HTTPS")

    async def wait_for(self, awaitable: Awaitable[T], timeout: float | None) -> T:
        return await _in_time(awaitable, timeout)


class _DatagramSocket(DatagramSocket):
    def __init__(self, af: int, endpoint: DatagramEndpoint, peer: Where) -> None:
        super().__init__(af, socket.SOCK_DGRAM)
        self._endpoint = endpoint
        self._peer = peer

    async def sendto(self, what: bytes, destination: Where, timeout: float | None) -> int:
        if destination[:2] != self._peer[:2]:
            raise ValueError("this socket asks one server only")
        await _in_time(self._endpoint.send(what), timeout)
        return len(what)

    async def recvfrom(self, size: int, timeout: float | None) -> tuple[bytes, Where]:  # noqa: ARG002
        seconds = float("inf") if timeout is None else timeout
        return await _in_time(self._endpoint.receive(seconds), timeout), self._peer

    async def getpeername(self) -> Where:
        return self._peer

    async def close(self) -> None:
        await self._endpoint.aclose()


class _StreamSocket(StreamSocket):
    def __init__(self, af: int, stream: Stream) -> None:
        super().__init__(af, socket.SOCK_STREAM)
        self._stream = stream

    async def sendall(self, what: bytes, timeout: float | None) -> None:
        await _in_time(self._stream.write(what, timeout=timeout), timeout)

    async def recv(self, size: int, timeout: float | None) -> bytes:
        return await _in_time(self._stream.read(size, timeout=timeout), timeout)

    async def close(self) -> None:
        await self._stream.aclose()


async def _in_time(awaitable: Awaitable[T], timeout: float | None) -> T:
    try:
        async with asyncio.timeout(timeout):
            return await awaitable
    except TimeoutError:
        raise _late(timeout) from None
    except NetFailure as failure:
        if failure.reason is Reason.TIMEOUT:
            raise _late(timeout) from None
        raise


def _late(timeout: float | None) -> dns.exception.Timeout:
    return dns.exception.Timeout(timeout=timeout)  # type: ignore[no-untyped-call]
