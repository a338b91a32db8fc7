"""Clients of the demo's servers that find their way by the routes, as scanners do."""

import socket
import ssl
import struct
from dataclasses import dataclass

import dns.message
import dns.name
import dns.query
import dns.rdatatype

from posture.demo.stage import Scene

SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Asks a scene's servers by name."""

    scene: Scene

    def where(self, name: str, port: int) -> tuple[str, int]:
        """Address and port in use of a name's port; a port without a route is where its number says."""
        found = {}
        for route in self.scene.routes:
            left, _, right = route.partition("=")
            if left.startswith(f"{name}:"):
                address, _, number = right.rpartition(":")
                found[left] = (address, int(number))
        return found.get(f"{name}:{port}") or (next(iter(found.values()))[0], port)

    def connect(self, name: str, port: int) -> socket.socket:
        """A TCP connection."""
        return socket.create_connection(self.where(name, port), timeout=SECONDS)

    def exchange(self, name: str, port: int, *messages: bytes) -> bytes:
        """Send everything, then read until the server ends or one read brings nothing more for a moment."""
        with self.connect(name, port) as connection:
            connection.sendall(b"".join(messages))
            connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def tls(
        self, name: str, context: ssl.SSLContext, *, port: int = 443, server_name: str | None = None
    ) -> ssl.SSLSocket:
        """A TLS connection; the caller closes it."""
        connection = self.connect(name, port)
        try:
            return context.wrap_socket(connection, server_hostname=server_name or name)
        except OSError:
            connection.close()
            raise

    def trusting(self) -> ssl.SSLContext:
        """A context that trusts the demo's authority and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.scene.trust_store)
        return context

    def resolve(self, name: str, rdtype: str, *, dnssec: bool = False) -> dns.message.Message:
        """What the resolver says."""
        (resolver,) = self.scene.resolvers
        return ask(resolver, name, rdtype, dnssec=dnssec)

    def ask(self, server: str, name: str, rdtype: str, *, dnssec: bool = False) -> dns.message.Message:
        """What a name server says to a question that does not ask for recursion."""
        return ask(self.where(server, 53), name, rdtype, dnssec=dnssec, recurse=False)


def ask(
    server: tuple[str, int], name: str, rdtype: str, *, dnssec: bool = False, recurse: bool = True
) -> dns.message.Message:
    """One question over UDP, and over TCP if the answer is cut short."""
    query = dns.message.make_query(name, rdtype, want_dnssec=dnssec, payload=1232)
    if not recurse:
        query.flags &= ~dns.flags.RD
    answer, _ = dns.query.udp_with_fallback(query, server[0], port=server[1], timeout=SECONDS)
    return answer


def rdata(message: dns.message.Message, rdtype: str) -> list[str]:
    """All answers of a type, as text, in canonical order."""
    wanted = dns.rdatatype.from_text(rdtype)
    return sorted(item.to_text() for rrset in message.answer if rrset.rdtype == wanted for item in rrset)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server ends the connection."""
    found = b""
    while chunk := connection.recv(65536):
        found += chunk
    return found


def framed(message: dns.message.Message) -> bytes:
    """A DNS message as it travels over TCP."""
    wire = message.to_wire()
    return struct.pack("!H", len(wire)) + wire
