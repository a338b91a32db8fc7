"""Bytes in and out: bounded reading and length-prefixed writing, as TLS spells them (RFC 8446 §3)."""


class Malformed(ValueError):
    """The peer's bytes are not what they claim to be; the text says where, for people."""


class Reader:
    """Reads big-endian numbers and vectors from one bounded buffer. Raises Malformed past its end."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > len(self):
            raise Malformed(f"{count} bytes wanted, {len(self)} left")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A vector whose length stands before it in `size` bytes."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self))


def vector(size: int, body: bytes) -> bytes:
    """`body` with its length before it in `size` bytes."""
    return len(body).to_bytes(size, "big") + body


def numbers(size: int, values: "tuple[int, ...] | list[int]") -> bytes:
    """The values side by side, each in `size` bytes."""
    return b"".join(value.to_bytes(size, "big") for value in values)
