"""A real DNS server on loopback, in its own thread: zones over UDP and TCP, and every way to misbehave.

    with DnsServer() as server:
        server.zone("example.jp", "@ NS ns1\nns1 A 127.0.0.1")
        server.behave(SERVFAIL, "example.jp", "CAA")
        ...
        assert server.asked("example.jp", "CAA") == 2

An authoritative server refuses foreign names and refers to delegated zones. A `recursive` one answers from
all its zones as a resolver would, with RA, and NXDOMAIN for everything else. Signed zones (NSEC) are served
with their signatures and denials to queries that ask for them.
"""

import asyncio
import contextlib
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone

SOA = "@ 300 SOA ns1 hostmaster 2026110101 14400 3600 1209600 300"
#: Answers longer than this are truncated over UDP when the client names no size of its own.
PLAIN_LIMIT = 512

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question as it came in."""

    server: "DnsServer"
    query: dns.message.Message
    protocol: str

    def answer(self) -> dns.message.Message:
        """What a well-behaved server says."""
        return self.server.answer(self.query)

    def refusal(self, code: dns.rcode.Rcode) -> dns.message.Message:
        response = dns.message.make_response(self.query)
        response.set_rcode(code)
        return response


class Raw(bytes):
    """Octets that go out over TCP without a length in front of them; then the connection is closed."""


#: What goes out: a message, raw bytes, several datagrams, or nothing. Over TCP `HANG_UP` closes.
Reply = dns.message.Message | bytes | list[bytes] | None
Behaviour = Callable[[Asked], Reply]
HANG_UP = b""


def SERVFAIL(asked: Asked) -> Reply:  # noqa: N802
    return asked.refusal(dns.rcode.SERVFAIL)


def REFUSED(asked: Asked) -> Reply:  # noqa: N802
    return asked.refusal(dns.rcode.REFUSED)


def NXDOMAIN(asked: Asked) -> Reply:  # noqa: N802
    return asked.refusal(dns.rcode.NXDOMAIN)


def SILENT(_asked: Asked) -> Reply:  # noqa: N802
    return None


def GARBAGE(asked: Asked) -> Reply:  # noqa: N802
    return asked.query.to_wire()[:2] + b"\x81\x80 this is no DNS message \xff\xff\xff"


def TRUNCATED(asked: Asked) -> Reply:  # noqa: N802
    """Cut short over UDP, whole over TCP."""
    if asked.protocol == "tcp":
        return asked.answer()
    response = dns.message.make_response(asked.query)
    response.flags |= dns.flags.TC
    return response


def CUT(asked: Asked) -> Reply:  # noqa: N802
    """Cut short over UDP, and no TCP to get the rest."""
    return HANG_UP if asked.protocol == "tcp" else TRUNCATED(asked)


def NO_TCP(asked: Asked) -> Reply:  # noqa: N802
    return HANG_UP if asked.protocol == "tcp" else asked.answer()


def NO_UDP(asked: Asked) -> Reply:  # noqa: N802
    return None if asked.protocol == "udp" else asked.answer()


def NO_EDNS(asked: Asked) -> Reply:  # noqa: N802
    """A server from before RFC 6891."""
    if asked.query.edns < 0:
        return asked.answer()
    response = dns.message.from_wire(asked.refusal(dns.rcode.FORMERR).to_wire())
    response.use_edns(False)
    return response


def SPOOFED(asked: Asked) -> Reply:  # noqa: N802
    """First somebody else's answer with a wrong id, then the right one."""
    right = asked.answer().to_wire()
    wrong = bytes([right[0] ^ 0xFF]) + right[1:]
    return [wrong, right] if asked.protocol == "udp" else right


def LAME(asked: Asked) -> Reply:  # noqa: N802
    """Answers without authority, as a server does that was never told of the zone."""
    response = asked.answer()
    response.flags &= ~dns.flags.AA
    response.answer.clear()
    return response


@dataclass
class DnsServer:
    """See the module. `address` and `port` (0: any) are where it listens; `port` is known once started."""

    address: str = "127.0.0.1"
    port: int = 0
    recursive: bool = False
    authentic: bool = False
    transfer: bool = False
    version: str | None = None
    zones: dict[dns.name.Name, dns.zone.Zone] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    _rules: list[tuple[Behaviour, dns.name.Name | None, str | None, str | None]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None
    _udp: asyncio.DatagramTransport | None = None

    def zone(self, origin: str, text: str = "", *, soa: str | None = SOA) -> dns.zone.Zone:
        """Serve a zone written in master file syntax; SOA and a default TTL are added."""
        body = "\n".join(["$TTL 300", *([soa] if soa else []), text])
        zone = dns.zone.from_text(body, origin=f"{origin.rstrip('.')}.", relativize=False, check_origin=False)
        self.zones[dns.name.from_text(origin)] = zone
        return zone

    def behave(
        self,
        behaviour: Behaviour,
        name: str | None = None,
        rdtype: str | None = None,
        *,
        protocol: str | None = None,
    ) -> None:
        """Treat questions for a name, a type, or a protocol so from now on; the last matching rule holds."""
        owner = dns.name.from_text(name) if name is not None else None
        self._rules.insert(0, (behaviour, owner, rdtype, protocol))

    def asked(self, name: str | None = None, rdtype: str | None = None, protocol: str | None = None) -> int:
        """How many questions came in."""
        wanted = (name, rdtype, protocol)
        return sum(all(w in {None, got} for w, got in zip(wanted, line, strict=True)) for line in self.log)

    @property
    def endpoint(self) -> tuple[str, int]:
        return self.address, self.port

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The right answer from the zones."""
        return _Answer(self, query).build()

    def reply(self, wire: bytes, protocol: str) -> list[bytes]:
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return []
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.log.append((question.name.to_text(omit_final_dot=True).lower(), kind, protocol))
        behaviour = self._behaviour(question.name, kind, protocol)
        return _wires(behaviour(Asked(server=self, query=query, protocol=protocol)), query, protocol)

    def _behaviour(self, name: dns.name.Name, kind: str, protocol: str) -> Behaviour:
        for behaviour, owner, rdtype, over in self._rules:
            if owner in {None, name} and rdtype in {None, kind} and over in {None, protocol}:
                return behaviour
        return Asked.answer

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dns-server", daemon=True)
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(20):
            self._server = await asyncio.start_server(self._connection, self.address, self.port)
            port = int(self._server.sockets[0].getsockname()[1])
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(self.address, port)
                )
            except OSError:
                self._server.close()
                if self.port:
                    raise
                continue
            self.port = port
            return
        raise RuntimeError("no port is free for UDP and TCP at once")

    async def _stop(self) -> None:
        assert self._server is not None
        assert self._udp is not None
        self._server.close()
        self._udp.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                wires = self.reply(await reader.readexactly(length), "tcp")
                if HANG_UP in wires:
                    break
                if isinstance(wires[0] if wires else None, Raw):
                    writer.write(wires[0])
                    await writer.drain()
                    break
                for wire in wires:
                    writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        assert self._transport is not None
        for wire in self._server.reply(data, "udp"):
            self._transport.sendto(wire, addr)


def _wires(reply: Reply, query: dns.message.Message, protocol: str) -> list[bytes]:
    if reply is None:
        return []
    if isinstance(reply, list):
        return reply
    if isinstance(reply, bytes):
        return [reply]
    if protocol == "tcp":
        return [reply.to_wire(max_size=65535)]
    limit = max(query.payload, PLAIN_LIMIT) if query.edns >= 0 else PLAIN_LIMIT
    try:
        return [reply.to_wire(max_size=limit)]
    except dns.exception.TooBig:
        short = dns.message.make_response(query)
        short.flags = reply.flags | dns.flags.TC
        return [short.to_wire()]


class _Answer:
    """Builds one answer from a server's zones (RFC 1034 §4.3.2)."""

    def __init__(self, server: DnsServer, query: dns.message.Message) -> None:
        self._server = server
        self._query = query
        self._question = query.question[0]
        self._signed = query.ednsflags & dns.flags.DO != 0
        self._response = dns.message.make_response(query, recursion_available=server.recursive)

    def build(self) -> dns.message.Message:
        if self._question.rdclass == dns.rdataclass.CH:
            return self._chaos()
        if self._question.rdtype == dns.rdatatype.AXFR:
            return self._transfer()
        name: dns.name.Name | None = self._question.name
        for _ in range(16):
            if name is None:
                break
            name = self._step(name)
        if self._server.authentic and self._response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            self._response.flags |= dns.flags.AD
        return self._response

    def _step(self, name: dns.name.Name) -> dns.name.Name | None:
        """Answer for one name; returns the next one where it is an alias."""
        zone = self._zone_of(name)
        if zone is None:
            outside = dns.rcode.NXDOMAIN if self._server.recursive else dns.rcode.REFUSED
            if not self._response.answer:
                self._response.set_rcode(outside)
            return None
        if not self._server.recursive:
            self._response.flags |= dns.flags.AA
        cut = _cut(zone, name, self._question.rdtype)
        if cut is not None:
            self._refer(zone, cut)
            return None
        node, owner = _find(zone, name)
        if node is None:
            self._deny(zone, name, exists=_has_below(zone, name))
            return None
        return self._from_node(zone, node, name, owner)

    def _from_node(
        self, zone: dns.zone.Zone, node: dns.node.Node, name: dns.name.Name, owner: dns.name.Name
    ) -> dns.name.Name | None:
        found = node.get_rdataset(dns.rdataclass.IN, self._question.rdtype)
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
        if found is not None or alias is None:
            if found is None:
                self._deny(zone, name, exists=True)
            else:
                self._add(self._response.answer, name, found, node)
                if owner != name and self._signed:
                    self._nsec(zone, name)
            return None
        self._add(self._response.answer, name, alias, node)
        target: dns.name.Name = alias[0].target
        seen = {rrset.name for rrset in self._response.answer}
        return None if target in seen else target

    def _zone_of(self, name: dns.name.Name) -> dns.zone.Zone | None:
        origins = [origin for origin in self._server.zones if name.is_subdomain(origin)]
        if self._question.rdtype == dns.rdatatype.DS and len(origins) > 1:
            origins = [origin for origin in origins if origin != name]
        return self._server.zones[max(origins, key=len)] if origins else None

    def _refer(self, zone: dns.zone.Zone, cut: dns.name.Name) -> None:
        self._response.flags &= ~dns.flags.AA
        if self._server.recursive:
            self._response.set_rcode(dns.rcode.SERVFAIL)
            return
        node = zone.get_node(cut)
        assert node is not None
        servers = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS)
        assert servers is not None
        self._add(self._response.authority, cut, servers, node)
        delegation = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.DS)
        if self._signed and delegation is not None:
            self._add(self._response.authority, cut, delegation, node)
        for server in servers:
            glue = zone.get_node(server.target)
            for rdataset in glue.rdatasets if glue is not None else ():
                if rdataset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
                    self._response.additional.append(
                        dns.rrset.from_rdata_list(server.target, 300, list(rdataset))
                    )

    def _deny(self, zone: dns.zone.Zone, name: dns.name.Name, *, exists: bool) -> None:
        if not exists:
            self._response.set_rcode(dns.rcode.NXDOMAIN)
        assert zone.origin is not None
        apex = zone.get_node(zone.origin)
        soa = apex.get_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA) if apex is not None else None
        if apex is not None and soa is not None:
            self._add(self._response.authority, zone.origin, soa, apex)
        if self._signed:
            self._nsec(zone, name)
            if not exists:
                self._nsec(zone, dns.name.Name([b"*"]).concatenate(_closest(zone, name)))

    def _nsec(self, zone: dns.zone.Zone, name: dns.name.Name) -> None:
        """The NSEC that is at, or goes over, a name."""
        chain = sorted(
            owner
            for owner, node in zone.nodes.items()
            if node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NSEC) is not None
        )
        before = [owner for owner in chain if owner <= name] or chain[-1:]
        for owner in before[-1:]:
            node = zone.nodes[owner]
            nsec = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NSEC)
            if nsec is not None and not any(
                rrset.name == owner and rrset.rdtype == dns.rdatatype.NSEC
                for rrset in self._response.authority
            ):
                self._add(self._response.authority, owner, nsec, node)

    def _add(
        self,
        section: list[dns.rrset.RRset],
        name: dns.name.Name,
        rdataset: dns.rdataset.Rdataset,
        node: dns.node.Node,
    ) -> None:
        section.append(dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)))
        signatures = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, rdataset.rdtype)
        if self._signed and signatures is not None:
            section.append(dns.rrset.from_rdata_list(name, signatures.ttl, list(signatures)))

    def _transfer(self) -> dns.message.Message:
        zone = self._server.zones.get(self._question.name)
        if zone is None or not self._server.transfer:
            self._response.set_rcode(dns.rcode.REFUSED)
            return self._response
        self._response.flags |= dns.flags.AA
        apex = zone.get_node(self._question.name)
        assert apex is not None
        soa = apex.get_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA)
        assert soa is not None
        self._add(self._response.answer, self._question.name, soa, apex)
        for name, rdataset in zone.iterate_rdatasets():
            if rdataset.rdtype != dns.rdatatype.SOA:
                self._response.answer.append(dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)))
        self._add(self._response.answer, self._question.name, soa, apex)
        return self._response

    def _chaos(self) -> dns.message.Message:
        if self._server.version is None:
            self._response.set_rcode(dns.rcode.REFUSED)
        else:
            text = f'"{self._server.version}"'
            self._response.answer.append(dns.rrset.from_text(self._question.name, 0, "CH", "TXT", text))
        return self._response


def _ancestors(name: dns.name.Name, origin: dns.name.Name) -> Iterator[dns.name.Name]:
    while name != origin:
        yield name
        name = name.parent()


def _cut(zone: dns.zone.Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.name.Name | None:
    """The delegation the name lies at or below, highest first; DS at the cut belongs to the parent."""
    assert zone.origin is not None
    for above in reversed(list(_ancestors(name, zone.origin))):
        node = zone.get_node(above)
        delegated = node is not None and node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS) is not None
        if delegated and not (above == name and rdtype == dns.rdatatype.DS):
            return above
    return None


def _find(zone: dns.zone.Zone, name: dns.name.Name) -> tuple[dns.node.Node | None, dns.name.Name]:
    """The name's node, else that of the wildcard that stands for it (RFC 4592)."""
    node = zone.get_node(name)
    if node is not None or _has_below(zone, name):
        return node, name
    star = dns.name.Name([b"*"]).concatenate(_closest(zone, name))
    return zone.get_node(star), star


def _closest(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name:
    assert zone.origin is not None
    for above in _ancestors(name, zone.origin):
        if above != name and (zone.get_node(above) is not None or _has_below(zone, above)):
            return above
    return zone.origin


def _has_below(zone: dns.zone.Zone, name: dns.name.Name) -> bool:
    return any(owner != name and owner.is_subdomain(name) for owner in zone.nodes)
