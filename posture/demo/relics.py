"""Services that have no business on the open Internet: they greet as the real ones do and let nobody in.

They keep no state and read no credential; each says just enough to be recognised.
"""

from dataclasses import dataclass

from posture.demo.serving import Connection, Talk

_TELNET_OPTIONS = (
    b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27"  # IAC DO TTYPE, TSPEED, XDISPLOC, NEW-ENVIRON
)
_TPKT_VERSION = 3
_X224_REQUEST, _X224_CONFIRM = 0xE0, 0xD0
_MOST_WORDS = 64
_RDP_RESPONSE = b"\x02\x00\x08\x00" + (0).to_bytes(4, "little")  # RDP_NEG_RSP: plain RDP security


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeter:
    """Says something, then listens in silence: SSH, telnet."""

    greeting: bytes

    async def talk(self, connection: Connection) -> None:
        """Greet, and read until the client ends."""
        await connection.send(self.greeting)
        while await connection.read():
            pass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileServer:
    """FTP (RFC 959) without AUTH TLS; every login is refused before a password is asked for."""

    greeting: str

    async def talk(self, connection: Connection) -> None:
        """Answer commands until QUIT."""
        await connection.send(f"220 {self.greeting}\r\n".encode())
        replies = {b"USER": "530 Not logged in.", b"SYST": "215 UNIX Type: L8", b"QUIT": "221 Goodbye."}
        while (line := await connection.line()) is not None:
            verb = line.upper().partition(b" ")[0]
            reply = "211-Features:\r\n UTF8\r\n211 End" if verb == b"FEAT" else replies.get(verb)
            await connection.send(f"{reply or '502 Command not implemented.'}\r\n".encode())
            if verb == b"QUIT":
                return


async def remote_desktop(connection: Connection) -> None:
    """RDP: confirm an X.224 connection without network level authentication ([MS-RDPBCGR] 2.2.1.2)."""
    header = await connection.exactly(4)
    if header[0] != _TPKT_VERSION:
        return
    request = await connection.exactly(max(int.from_bytes(header[2:], "big") - len(header), 0))
    if len(request) < 7 or request[1] & 0xF0 != _X224_REQUEST:
        return
    body = bytes([_X224_CONFIRM]) + request[4:6] + b"\x12\x34\x00" + _RDP_RESPONSE
    packet = bytes([len(body)]) + body
    await connection.send(bytes([_TPKT_VERSION, 0]) + (len(packet) + 4).to_bytes(2, "big") + packet)
    await connection.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueStore:
    """Redis without a password: answers PING and INFO to everybody (RESP, both ways of writing a command)."""

    version: str

    async def talk(self, connection: Connection) -> None:
        """Answer commands until QUIT."""
        while (words := await _command(connection)) is not None:
            verb = words[0].upper() if words else b""
            await connection.send(self._reply(verb))
            if verb == b"QUIT":
                return

    def _reply(self, verb: bytes) -> bytes:
        if not verb:
            return b""  # a blank line is no command
        if verb == b"INFO":
            info = f"# Server\r\nredis_version:{self.version}\r\nredis_mode:standalone\r\n".encode()
            return b"$%d\r\n%s\r\n" % (len(info), info)
        replies = {b"PING": b"+PONG\r\n", b"QUIT": b"+OK\r\n"}
        return replies.get(verb, b"-ERR unknown command\r\n")


async def _command(connection: Connection) -> list[bytes] | None:
    """The words of the next command, or None at the end."""
    line = await connection.line()
    if line is None or not line.startswith(b"*"):
        return None if line is None else line.split()
    words = []
    for _ in range(min(int(line[1:]), _MOST_WORDS) if line[1:].isdigit() else 0):
        await connection.line()  # the length of the word that follows
        words.append(await connection.line() or b"")
    return words


def database(version: str) -> Talk:
    """MySQL: the initial handshake (protocol 10) that a client gets before it says anything."""
    payload = b"".join(
        [
            b"\x0a" + version.encode() + b"\x00",
            (7).to_bytes(4, "little"),  # connection id
            b"demodemo\x00",  # first part of the challenge
            (0xF7FF).to_bytes(2, "little"),  # capabilities, lower half
            b"\x08",  # latin1
            (2).to_bytes(2, "little"),  # status: autocommit
            (0x0000).to_bytes(2, "little"),  # capabilities, upper half
            b"\x15" + bytes(10),
            b"demodemodemo\x00",
        ]
    )
    return Greeter(greeting=len(payload).to_bytes(3, "little") + b"\x00" + payload).talk


SSH_GREETING = b"SSH-2.0-OpenSSH_5.3\r\n"
_SSH_LISTS = (
    "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
    "ssh-rsa,ssh-dss",
    *("aes128-ctr,aes128-cbc,3des-cbc,arcfour",) * 2,
    *("hmac-sha1,hmac-md5,hmac-md5-96",) * 2,
    *("none",) * 2,
    *("",) * 2,
)
_KEXINIT, _KEXDH_REPLY = b"\x14", b"\x1f"


async def old_ssh(connection: Connection) -> None:
    """SSH as it was in 2010, up to the host key (RFC 4253 §7, §8); nobody ever gets as far as a log-in."""
    lists = b"".join(_ssh_string(names.encode()) for names in _SSH_LISTS)
    await connection.send(SSH_GREETING + _ssh_packet(_KEXINIT + bytes(16) + lists + bytes(5)))
    key = _ssh_string(b"ssh-rsa") + _ssh_string(b"\x01\x00\x01") + _ssh_string(b"\x00" + b"\xc5" * 128)
    reply = _ssh_packet(_KEXDH_REPLY + _ssh_string(key) + _ssh_string(b"\x02") + _ssh_string(b"none"))
    heard = b""
    while chunk := await connection.read():
        heard += chunk
        if b"ssh-rsa" in heard:
            await connection.send(reply)
            return


def _ssh_string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _ssh_packet(payload: bytes) -> bytes:
    padding = 16 - (len(payload) + 5) % 8
    return (len(payload) + padding + 1).to_bytes(4, "big") + bytes([padding]) + payload + bytes(padding)


TELNET_GREETING = _TELNET_OPTIONS + b"\r\nlogin: "
SILENCE = b""
