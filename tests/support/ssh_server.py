"""An SSH server of ours as far as its answer to a request to log in; it keeps what it was told."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from scanners.services import ssh, ssh_session
from scanners.services.ssh import string

GREETING = b"SSH-2.0-OpenSSH_9.2p1"
LISTS = ("curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256")
HOST_KEY = string(b"ssh-ed25519") + string(bytes(32))
FAILURE = bytes([51]) + string(b"publickey,password") + b"\x00"
ACCEPT = bytes([6]) + string(b"ssh-userauth")


@dataclass(slots=True, kw_only=True)
class SshServer:
    """Behaves as an SSH server: `says` follow the new keys, each protected and after something was heard.

    `heard` are the payloads of one connection after another, all of them once it is `over`. `public` is our
    half of the exchange.
    """

    lists: Sequence[str] = LISTS
    says: Sequence[bytes | tuple[bytes, ...]] = (ACCEPT, FAILURE)
    public: bytes | None = None
    raw: bytes = b""
    heard: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, conn: socket.socket) -> None:
        with conn.makefile("rb") as file, suppress(ConnectionError):
            asyncio.run(self._serve(conn, file))
        self.over.set()

    async def _serve(self, conn: socket.socket, file: BinaryIO) -> None:
        async def take(count: int) -> bytes:
            data = file.read(count)
            if len(data) < count:
                raise ConnectionError("the client has gone")
            return data

        conn.sendall(GREETING + b"\r\n")
        client = file.readline().rstrip(b"\r\n")
        names = (*self.lists, *(("none", "none", "", "") if len(self.lists) == 6 else ()))
        lists = ssh.proposal([[name] for name in names])
        conn.sendall(ssh.packet(lists))
        theirs, request = await self._plain(take), await self._plain(take)
        secret = ssh_session.secret(self.lists[0])
        public = secret.public if self.public is None else self.public
        reply = bytes([ssh.KEX_REPLY]) + string(HOST_KEY) + string(public) + string(b"")
        conn.sendall(ssh.packet(reply) + ssh.packet(bytes([ssh_session.NEWKEYS])))
        await self._plain(take)
        said = (client, GREETING, theirs, lists, HOST_KEY, request[5:], secret.public)
        agreed = ssh_session.agree(said, secret.shared(request[5:]))
        choice = ssh_session.choose(ssh.read_offer(lists))
        assert choice is not None
        to_us = ssh_session.direction(choice, agreed, "ACE", 3)
        from_us = ssh_session.direction(choice, agreed, "BDF", 3)
        for answer in self.says:
            self.heard.append(await to_us.open(take))
            for payload in (answer,) if isinstance(answer, bytes) else answer:
                conn.sendall(from_us.seal(payload))
        conn.sendall(self.raw)
        while True:
            self.heard.append(await to_us.open(take))

    async def _plain(self, take: ssh_session.Take) -> bytes:
        size = int.from_bytes(await take(4), "big")
        body = await take(size)
        self.heard.append(body[1 : size - body[0]])
        return self.heard[-1]
