"""One question to one DNS server, over UDP or TCP, through the Gateway."""

import asyncio
import struct
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import Target
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway, Stream

#: UDP payload that crosses the Internet without fragments (DNS flag day 2020, RFC 9715 §3).
PAYLOAD = 1232


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a question goes.

    `name` is a name server's, which may have a route; a `configured` server is the operator's resolver.
    """

    address: str
    port: int = 53
    name: str | None = None
    configured: bool = False
    why: str = "resolver"

    def label(self) -> str:
        """The server as people write it."""
        return f"{self.name or self.address}:{self.port}"


def question(
    name: dns.name.Name, rdtype: dns.rdatatype.RdataType, *, recurse: bool = True, validate: bool = False
) -> dns.message.QueryMessage:
    """A query. `validate` asks for signatures, and for data that the resolver itself could not validate."""
    flags = dns.flags.RD | dns.flags.AD if recurse else dns.flags.Flag(0)
    if validate:
        flags |= dns.flags.CD
    return dns.message.make_query(
        name, rdtype, use_edns=0, want_dnssec=validate, payload=PAYLOAD, flags=flags
    )


async def ask(
    gateway: Gateway, server: Server, query: dns.message.Message, *, seconds: float
) -> dns.message.Message:
    """Ask over UDP, again over TCP when cut short, again without EDNS when the server cannot read it.

    Raises NetFailure: TIMEOUT, REFUSED, UNREACHABLE, RESET, NOT_PERMITTED, or PROTOCOL_GARBAGE when only
    unreadable or unrelated datagrams came. The response may carry any RCODE.
    """
    response = await ask_udp(gateway, server, query, seconds=seconds)
    if response.rcode() in {dns.rcode.FORMERR, dns.rcode.NOTIMP} and query.edns >= 0:
        query.use_edns(False)  # a server from before RFC 6891 (§7)
        response = await ask_udp(gateway, server, query, seconds=seconds)
    if response.flags & dns.flags.TC:
        response = await ask_tcp(gateway, server, query, seconds=seconds)
    return response


async def ask_udp(
    gateway: Gateway, server: Server, query: dns.message.Message, *, seconds: float
) -> dns.message.Message:
    """One datagram out; the first datagram that is its response in.

    Others are ignored until the time is spent, which runs from the moment of sending: waiting for the
    pace of a host is not its slowness.
    """
    async with await gateway.udp(_permit(gateway, server), paced=not server.configured) as endpoint:
        await endpoint.send(query.to_wire())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        garbage = False
        while True:
            try:
                wire = await endpoint.receive(timeout=max(deadline - loop.time(), 0.001))
            except NetFailure as failure:
                if garbage and failure.reason is Reason.TIMEOUT:
                    raise _unreadable(server) from None
                raise
            response = parse(wire)
            if response is not None and query.is_response(response):
                return response
            garbage = True


async def ask_tcp(
    gateway: Gateway, server: Server, query: dns.message.Message, *, seconds: float
) -> dns.message.Message:
    """One question and one message back over TCP (RFC 7766); for a zone transfer the first message."""
    wire = query.to_wire()
    async with await gateway.connect(_permit(gateway, server), timeout=seconds) as stream:
        try:
            async with asyncio.timeout(seconds):
                await stream.write(struct.pack("!H", len(wire)) + wire)
                response = parse(await _message(stream))
        except TimeoutError:
            raise NetFailure(Reason.TIMEOUT, f"{server.label()} did not answer over TCP in time") from None
    if response is None or not query.is_response(response):
        raise _unreadable(server)
    return response


async def _message(stream: Stream) -> bytes:
    (length,) = struct.unpack("!H", await stream.readexactly(2))
    return await stream.readexactly(length)


def _permit(gateway: Gateway, server: Server) -> Permit:
    target = Target(name=server.name, address=server.address, port=server.port)
    return gateway.permit_query(target, why=server.why, configured=server.configured)


def parse(wire: bytes) -> dns.message.Message | None:
    """The message, None for octets that are none."""
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=False)
    except dns.exception.DNSException:
        return None


def _unreadable(server: Server) -> NetFailure:
    return NetFailure(Reason.PROTOCOL_GARBAGE, f"{server.label()} sent something that is no DNS answer")
