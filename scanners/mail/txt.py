"""TXT records as mail protocols read them."""

from dns.rdtypes.ANY.TXT import TXT

from scanners.context import Context


def joined(record: TXT) -> str:
    """The character-strings of a record put together without spaces (RFC 7208 §3.3).

    Bytes outside ASCII become U+FFFD, which no grammar of ours allows.
    """
    return b"".join(record.strings).decode("ascii", "replace")


async def texts(context: Context, name: str) -> tuple[str, ...]:
    """All TXT records of a name, aliases followed; empty for NODATA and NXDOMAIN. Raises NetFailure."""
    answer = await context.resolver.query(name, "TXT")
    return tuple(joined(record) for record in answer.of(TXT))
