"""DNS on the wire: one server on one address, over UDP and TCP (RFC 1035 §4.2, RFC 7766)."""

import asyncio
import struct

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from posture.demo.answers import PAYLOAD, Server
from posture.demo.serving import Connection

_HEADER = 12
_CLASSIC = 512  # what a client without EDNS takes (RFC 1035 §2.3.4)
_LENGTH = struct.Struct("!H")


class Datagrams(asyncio.DatagramProtocol):
    """Answers every datagram that is a query."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # typeshed says BaseTransport
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = respond(self._server, data, tcp=False)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)


async def serve_stream(server: Server, connection: Connection) -> None:
    """Answer one query after the other on a TCP connection, until the client ends it."""
    while True:
        (length,) = _LENGTH.unpack(await connection.exactly(_LENGTH.size))
        response = respond(server, await connection.exactly(length), tcp=True)
        if response is None:
            return
        await connection.send(_LENGTH.pack(len(response)) + response)


def respond(server: Server, wire: bytes, *, tcp: bool) -> bytes | None:
    """The response to a query in wire form; None for what deserves no answer (RFC 1035 §7.3)."""
    if len(wire) < _HEADER or wire[2] & 0x80:
        return None
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return wire[:2] + struct.pack("!HHHHH", dns.flags.QR | dns.rcode.FORMERR, 0, 0, 0, 0)
    response = server.answer(query, tcp=tcp)
    if tcp:
        return response.to_wire(max_size=65535)
    size = max(_CLASSIC, min(query.payload, PAYLOAD)) if query.edns >= 0 else _CLASSIC
    try:
        return response.to_wire(max_size=size)
    except dns.exception.TooBig:
        return _cut_short(response).to_wire(max_size=size)


def _cut_short(response: dns.message.Message) -> dns.message.Message:
    """Nothing but the flag that says: ask again over TCP (RFC 2181 §9)."""
    response.flags |= dns.flags.TC
    response.answer, response.authority, response.additional = [], [], []
    return response
