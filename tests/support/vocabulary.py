"""Every byte string that our clients hand to the Gateway while a block lasts."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from scanners.net.streams import Stream
from scanners.net.udp import DatagramEndpoint


@dataclass(frozen=True, slots=True)
class Said:
    """What went over connections, in datagrams, and as HTTP requests (the headers, then a body if any)."""

    streams: list[bytes] = field(default_factory=list)
    datagrams: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Said]:
    """Listen at the three doors through which anything leaves; nmap has none of its own words (`checked`)."""
    said = Said()
    write, send, request = Stream.write, DatagramEndpoint.send, http.client.HTTPConnection.send

    async def writing(self: Stream, data: bytes, **more: Any) -> None:
        said.streams.append(data)
        await write(self, data, **more)

    async def sending(self: DatagramEndpoint, data: bytes) -> None:
        said.datagrams.append(data)
        await send(self, data)

    def requesting(self: http.client.HTTPConnection, data: Any) -> None:
        said.requests.append(bytes(data))
        request(self, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stream, "write", writing)
        patch.setattr(DatagramEndpoint, "send", sending)
        patch.setattr(http.client.HTTPConnection, "send", requesting)
        yield said
