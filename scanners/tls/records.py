"""The record layer and the handshake messages in it, read piece by piece as they arrive."""

from dataclasses import dataclass

from scanners.tls.wire import Malformed, Reader, vector

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23
HEARTBEAT = 24

#: RFC 8446 §5.2 allows 2^14 + 256 bytes of ciphertext, RFC 5246 §6.2.3 2^14 + 2048.
MAX_RECORD = 2**14 + 2048
#: The longest handshake message we read: chains of a hundred kilobytes exist, longer ones are an attack.
MAX_MESSAGE = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it stood on the wire; `body` is ciphertext after keys are in use."""

    kind: int
    version: int
    body: bytes

    def encode(self) -> bytes:
        return bytes([self.kind]) + self.version.to_bytes(2, "big") + vector(2, self.body)


class RecordReader:
    """Cuts a byte stream into records. Holds at most one incomplete record."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Record | None:
        """The next whole record, None until its last byte is there. Raises Malformed."""
        if not self._buffer:
            return None
        if not CHANGE_CIPHER_SPEC <= self._buffer[0] <= HEARTBEAT:
            raise Malformed(f"the answer is not TLS ({_likeness(self._buffer)})")
        if len(self._buffer) < 5:
            return None
        version = int.from_bytes(self._buffer[1:3], "big")
        length = int.from_bytes(self._buffer[3:5], "big")
        if version >> 8 != 3:
            raise Malformed(f"a record of version 0x{version:04x}")
        if length > MAX_RECORD:
            raise Malformed(f"a record of {length} bytes")
        if len(self._buffer) < 5 + length:
            return None
        kind, body = self._buffer[0], self._buffer[5 : 5 + length]
        self._buffer = self._buffer[5 + length :]
        return Record(kind=kind, version=version, body=body)


def _likeness(data: bytes) -> str:
    if data.startswith((b"HTTP/", b"<")):
        return "it looks like HTTP"
    return "first byte 0x" + data[:1].hex()


class MessageReader:
    """Joins handshake fragments into messages (RFC 8446 §5.1)."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, fragment: bytes) -> None:
        self._buffer += fragment

    def next(self) -> tuple[int, bytes, bytes] | None:
        """(type, body, whole message) of the next message, None until it is complete. Raises Malformed."""
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[1:4], "big")
        if length > MAX_MESSAGE:
            raise Malformed(f"a handshake message of {length} bytes")
        if len(self._buffer) < 4 + length:
            return None
        whole, self._buffer = self._buffer[: 4 + length], self._buffer[4 + length :]
        return whole[0], whole[4:], whole


def read_alert(body: bytes) -> tuple[int, int]:
    """(level, description) of an alert record's body. Raises Malformed."""
    reader = Reader(body)
    return reader.number(1), reader.number(1)
