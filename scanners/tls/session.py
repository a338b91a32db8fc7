"""One connection's TLS state: records become messages, through decryption once keys are in use."""

from typing import TYPE_CHECKING, Protocol

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.tls.records import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    MessageReader,
    Record,
    RecordReader,
    read_alert,
)
from scanners.tls.wire import Malformed

if TYPE_CHECKING:
    from scanners.net.gateway import Stream

#: A server's first flight with a large chain is some 20 KB; what is far beyond is not a handshake.
MAX_FLIGHT = 2**19
_MAX_WARNINGS = 8
_FATAL = 2
#: Warnings after which nothing else follows: close_notify and no_renegotiation (RFC 5246 §7.2.2).
_LAST_WORDS = (0, 100)


class Alerted(Exception):
    """The server ended the conversation with this alert."""

    def __init__(self, description: int) -> None:
        super().__init__(str(description))
        self.description = description


class Opener(Protocol):
    """Takes protection off a record."""

    def open(self, record: Record) -> Record: ...


class Sealer(Protocol):
    """Puts protection on what a record is to hold."""

    def seal(self, record_kind: int, body: bytes, /) -> Record: ...


class Session:
    """Reads messages from a stream and writes records to it.

    Failures: Alerted, NetFailure (silence, reset, end of stream), Malformed. `reader` and `writer` are set
    when records are protected; `reader_after_change` takes over when the server changes its cipher.
    """

    def __init__(self, stream: "Stream") -> None:
        self.stream = stream
        self.reader: Opener | None = None
        self.writer: Sealer | None = None
        self.reader_after_change: Opener | None = None
        self._everything = False
        self._records = RecordReader()
        self._messages = MessageReader()
        self._bytes = 0
        self._warnings: list[int] = []

    async def message(self) -> tuple[int, bytes, bytes]:
        """(type, body, whole message) of the server's next handshake message."""
        while (message := self._messages.next()) is None:
            record = await self.record()
            if record.kind == HANDSHAKE:
                if not record.body:
                    raise Malformed("an empty handshake record")
                self._messages.feed(record.body)
            elif record.kind != CHANGE_CIPHER_SPEC:
                raise Malformed(f"a record of type {record.kind} within the handshake")
        return message

    async def record(self) -> Record:
        """The next record that is no warning, decrypted when keys are in use."""
        while True:
            record = await self._raw()
            if self.reader is not None and (self._everything or record.kind == APPLICATION_DATA):
                record = self.reader.open(record)
            elif record.kind == CHANGE_CIPHER_SPEC and self.reader_after_change is not None:
                # Before TLS 1.3 every record is protected from here on, whatever its kind.
                self.reader, self._everything = self.reader_after_change, True
            if record.kind != ALERT:
                return record
            self._alert(record.body)

    async def send(self, kind: int, body: bytes, version: int) -> None:
        """Write one record, protected when keys are in use."""
        record = Record(kind=kind, version=version, body=body)
        if self.writer is not None and kind != CHANGE_CIPHER_SPEC:
            record = self.writer.seal(kind, body)
        await self.stream.write(record.encode())

    def _alert(self, body: bytes) -> None:
        level, description = read_alert(body)
        self._warnings.append(description)
        fatal = level >= _FATAL or description in _LAST_WORDS
        if fatal or len(self._warnings) > _MAX_WARNINGS:
            raise Alerted(description)

    async def _raw(self) -> Record:
        while (record := self._records.next()) is None:
            data = await self.stream.read(16384)
            if not data:
                self._ended()
            self._bytes += len(data)
            if self._bytes > MAX_FLIGHT:
                raise Malformed("an answer without end")
            self._records.feed(data)
        return record

    def _ended(self) -> None:
        # Some servers warn and hang up where others send a fatal alert: the warning was their no.
        if self._warnings:
            raise Alerted(self._warnings[-1])
        raise NetFailure(Reason.RESET, "closed without an answer")
