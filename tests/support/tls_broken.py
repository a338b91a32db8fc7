"""A TLS 1.2 server with the flaws of famous ones, one by one; nothing else would have them any more.

It speaks TLS_RSA_WITH_AES_128_CBC_SHA only, and shakes hands correctly with whoever behaves.
"""

import asyncio
import os
from asyncio import StreamReader, StreamWriter

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from scanners.tls import legacy
from scanners.tls.hello import read_extensions
from scanners.tls.legacy import Protection, Shape, Transcript
from scanners.tls.records import Record
from scanners.tls.registry import TLS10, TLS12
from scanners.tls.wire import Reader, vector
from tests.support.tls_servers import Paper, alert, message, record

SUITE = 0x002F
VERSION = b"\x03\x03"


class Refuse(Exception):
    """The server ends the conversation with this alert."""

    def __init__(self, description: int) -> None:
        super().__init__(description)
        self.description = description


class Broken:
    """A handler for `canned`.

    Flaws: heartbleed, heartbeat (the sound feature), ccs, robot, poodle, zombie, goldendoodle, ticketbleed,
    tickets (the sound feature), injection, compression, renegotiation.

    `taken` collects the session ids that came with a ticket.
    """

    def __init__(self, paper: Paper, *flaws: str, version: int = TLS12) -> None:
        assert isinstance(paper.key, rsa.RSAPrivateKey)
        self.paper = paper
        self.key = paper.key
        self.flaws = frozenset(flaws)
        self.version = version
        self.taken: list[bytes] = []

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        await self.serve(reader, writer, b"")

    async def serve(self, reader: StreamReader, writer: StreamWriter, behind: bytes) -> None:
        conversation = Conversation(self, reader, writer, behind)
        try:
            await conversation.run()
        except Refuse as refusal:
            writer.write(alert(refusal.description, self.version))
            await writer.drain()
        except asyncio.IncompleteReadError:
            return


class Conversation:
    def __init__(self, server: Broken, reader: StreamReader, writer: StreamWriter, behind: bytes) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.behind = behind
        self.transcript = Transcript()
        self.changed = False
        self.premaster = b""
        self.bare = False

    async def run(self) -> None:
        await self.hello()
        while True:
            kind, body = await self.record()
            if kind == 24:
                await self.heartbeat(body)
            elif kind == 20:
                await self.change()
            elif kind == 22 and self.changed:
                await self.finished(body)
            elif kind == 22:
                self.key_exchange(body)
            else:
                raise Refuse(10)

    async def record(self) -> tuple[int, bytes]:
        head = await self.reader.readexactly(5)
        return head[0], await self.reader.readexactly(int.from_bytes(head[3:], "big"))

    async def send(self, *records: bytes) -> None:
        self.writer.write(b"".join(records))
        await self.writer.drain()

    async def hello(self) -> None:
        head = await self.reader.readexactly(5)
        if head[0] != 22:
            raise Refuse(40)
        whole = await self.reader.readexactly(int.from_bytes(head[3:], "big"))
        body = Reader(whole[4:])
        version = body.number(2)
        self.client_random = body.take(32)
        session_id = body.vector(1)
        suites = body.vector(2)
        compressions = body.vector(1)
        extensions = read_extensions(Reader(body.vector(2))) if len(body) else {}
        offered = {suites[at : at + 2] for at in range(0, len(suites), 2)}
        self.offered = version.to_bytes(2, "big")
        if version < self.server.version or SUITE.to_bytes(2, "big") not in offered or 43 in extensions:
            raise Refuse(70)
        self.transcript.add(whole)
        await self.answer(session_id, extensions, compressions)

    async def answer(self, session_id: bytes, extensions: dict[int, bytes], compressions: bytes) -> None:
        flaws = self.server.flaws
        self.random = os.urandom(32)
        self.tickets = 35 in extensions and bool(flaws & {"ticketbleed", "tickets"})
        resumed = self.tickets and bool(extensions[35])
        if resumed:
            self.server.taken.append(session_id)
        shown = session_id if resumed else b""
        if resumed and "ticketbleed" in flaws:
            shown = shown[:24] + bytes(
                8
            )  # it keeps part of the id and fills up: there is nothing to give away
        more = b"\xff\x01\x00\x01\x00"
        more += b"\x00\x0f\x00\x01\x01" if 15 in extensions and flaws & {"heartbleed", "heartbeat"} else b""
        more += b"\x00\x23\x00\x00" if self.tickets else b""
        squeeze = b"\1" if "compression" in flaws and 1 in compressions else b"\0"
        version = self.server.version.to_bytes(2, "big")
        hello = version + self.random + vector(1, shown) + SUITE.to_bytes(2, "big") + squeeze
        messages = [message(2, hello + vector(2, more))]
        if not resumed:
            messages.append(message(11, vector(3, vector(3, self.server.paper.der))))
            messages.append(message(14, b""))
        for each in messages:
            self.transcript.add(each)
        await self.send(record(22, self.server.version, b"".join(messages)))

    async def heartbeat(self, body: bytes) -> None:
        length, rest = int.from_bytes(body[1:3], "big"), body[3:]
        sound = length + 16 <= len(rest)
        # The flaw is confined to what was sent: this server has no memory to give away.
        if body[0] == 1 and (sound or ("heartbleed" in self.server.flaws and length <= len(rest))):
            answer = b"\2" + vector(2, rest[:length]) + bytes(16)
            await self.send(record(24, self.server.version, answer))

    async def change(self) -> None:
        if not self.premaster and "ccs" not in self.server.flaws:
            raise Refuse(10)
        self.changed = True

    def key_exchange(self, body: bytes) -> None:
        self.transcript.add(body)
        sealed = Reader(body[4:]).vector(2)
        numbers = self.key_numbers()
        size = (numbers[0].bit_length() + 7) // 8
        block = pow(int.from_bytes(sealed, "big"), numbers[1], numbers[0]).to_bytes(size, "big")
        good = block[:2] == b"\0\2" and block.find(b"\0", 2) == size - 49 and block[-48:-46] == self.offered
        if not good and "robot" in self.server.flaws:
            raise Refuse(51)
        self.premaster = block[-48:] if good else os.urandom(48)

    def key_numbers(self) -> tuple[int, int]:
        numbers = self.server.key.private_numbers()
        return numbers.public_numbers.n, numbers.d

    async def finished(self, body: bytes) -> None:
        if not self.premaster:
            raise Refuse(20)
        kind = legacy.shape(SUITE)
        assert kind is not None
        version = self.server.version
        master = legacy.prf(
            version, kind.digest, self.premaster, legacy.MASTER, self.client_random + self.random, 48
        )
        client, server = legacy.key_block(kind, version, master, self.random + self.client_random)
        self.transcript.add(self.opened(kind, client, body))
        writer = Protection(kind, version, server)
        messages = []
        if self.tickets:
            messages.append(message(4, bytes(4) + vector(2, b"a ticket")))
            self.transcript.add(messages[0])
        digest = self.transcript.digest(version, kind.digest)
        verify = legacy.prf(version, kind.digest, master, legacy.SERVER_FINISHED, digest, 12)
        plain = [record(22, version, each) for each in messages]
        done = writer.seal(22, message(20, verify)).encode()
        await self.send(*plain, record(20, version, b"\1"), done)
        reader = Protection(kind, version, client)
        reader._sequence, reader._last = 1, body[-16:]  # the Finished was number 0
        await self.talk(reader, writer)

    def opened(self, kind: Shape, keys: legacy.Keys, body: bytes) -> bytes:
        """The Finished inside, or a refusal as the flaws would have it."""
        implicit = self.server.version == TLS10
        iv, sealed = (keys.iv, body) if implicit else (body[:16], body[16:])
        decryptor = Cipher(AES(keys.key), CBC(iv)).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        count = plain[-1]
        padded = plain[-count - 1 :] == bytes([count]) * (count + 1)
        content = plain[: max(0, len(plain) - count - 1)]
        text, mac = content[:-20], content[-20:]
        right = mac == Protection(kind, self.server.version, keys)._mac(
            bytes(8) + b"\x16" + self.server.version.to_bytes(2, "big"), text
        )
        flaws = self.server.flaws
        if right and (padded or "poodle" in flaws):
            return text
        if right and "zombie" in flaws:
            raise Refuse(40)
        if not padded and "goldendoodle" in flaws:
            raise Refuse(21)
        raise Refuse(20)

    async def talk(self, reader: Protection, writer: Protection) -> None:
        """Inside TLS: answers of a mail server, one of them to what came before, if that is the flaw."""
        said = (
            [b"250 slipped through\r\n"]
            if b"NOOP" in self.behind and "injection" in self.server.flaws
            else []
        )
        while True:
            kind, body = await self.record()
            opened = reader.open(Record(kind=kind, version=self.server.version, body=body))
            if kind == 22 and "renegotiation" in self.server.flaws:
                hello = VERSION + bytes(33) + SUITE.to_bytes(2, "big") + b"\0"
                await self.send(writer.seal(22, message(2, hello)).encode())
            elif kind == 22:
                await self.send(writer.seal(21, b"\1\x64").encode())
            elif opened.body.startswith(b"QUIT"):
                for line in [*said, b"221 bye\r\n"]:
                    await self.send(writer.seal(23, line).encode())
                return
