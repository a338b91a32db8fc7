"""The issuer's look: a logo and a colour, checked before anything is drawn with them.

Only a PNG is taken, and of it only what makes the picture: the file that reaches a report is written anew
from its image chunks, so that nothing hidden in it travels on. A colour has to be readable on our paper.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
#: Chunks that make the picture (PNG third edition §5.6, §11); text, time, profiles and animation stay behind.
_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
#: Bits of a pixel by colour type: samples times depth (PNG third edition §11.2.1, table 9).
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}

#: Largest file in bytes, and largest side in pixels: a letterhead needs no more.
MOST_BYTES: Final = 128 * 1024
MOST_PIXELS: Final = 2_000

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
#: Grounds that coloured text stands on in report.css, light and dark.
_LIGHT: Final = ("#ffffff", "#f5f5f2")
_DARK: Final = ("#171a1e", "#101214", "#20242a")
#: WCAG 2.2 success criterion 1.4.3 (AA).
CONTRAST: Final = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """`logo` is a clean PNG or empty; `colour` is `#rrggbb`, readable on paper, or empty for our own."""

    logo: bytes = b""
    colour: str = ""


def clean(raw: bytes) -> bytes:
    """The PNG rewritten with its image chunks alone. Raises ValueError saying what is wrong with it."""
    if len(raw) > MOST_BYTES:
        raise ValueError(f"it has {len(raw):,} bytes, more than {MOST_BYTES:,}")
    if not raw.startswith(_SIGNATURE):
        raise ValueError("it is no PNG picture")
    chunks = [(kind, data) for kind, data in _chunks(raw) if kind in _KEPT]
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds[-1] != b"IEND" or kinds.count(b"IHDR") != 1 or b"IDAT" not in kinds:
        raise ValueError("its parts are not those of a PNG picture")
    _whole(chunks[0][1], b"".join(data for kind, data in chunks if kind == b"IDAT"), kinds)
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk up to the end of the picture; what follows that is left behind."""
    at = len(_SIGNATURE)
    while at < len(raw):
        length = int.from_bytes(raw[at : at + 4])
        kind, data = raw[at + 4 : at + 8], raw[at + 8 : at + 8 + length]
        if raw[at + 8 + length : at + 12 + length] != zlib.crc32(kind + data).to_bytes(4):
            raise ValueError("it is damaged")
        yield kind, data
        at += 12 + length
        if kind == b"IEND":
            return
    raise ValueError("it breaks off")


def _whole(header: bytes, packed: bytes, kinds: list[bytes]) -> None:
    """Every row of the picture is there, and no more: a small file must not unpack into a large one."""
    if len(header) != 13:
        raise ValueError("its header is not that of a PNG picture")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colour, *methods = header[8:]
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise ValueError(f"it measures {width} × {height} pixels; a side has 1 to {MOST_PIXELS}")
    if depth not in _DEPTHS.get(colour, ()) or methods != [0, 0, 0]:
        raise ValueError("its kind of PNG is not supported (save it without interlacing)")
    if colour == 3 and b"PLTE" not in kinds:
        raise ValueError("its palette is missing")
    expected = height * (1 + (width * depth * _SAMPLES[colour] + 7) // 8)
    reader = zlib.decompressobj()
    try:
        unpacked = reader.decompress(packed, expected + 1)
    except zlib.error:
        raise ValueError("its picture cannot be unpacked") from None
    if len(unpacked) != expected:
        raise ValueError("its picture does not fill its frame")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def readable(colour: str) -> str:
    """The colour in lower case. Raises ValueError for what is none, or what cannot be read on paper."""
    if not _COLOUR.match(colour):
        raise ValueError("it is not a colour of the form #1f4e79")
    worst = min(contrast(colour, ground) for ground in _LIGHT)
    if worst < CONTRAST:
        raise ValueError(f"its contrast on paper is {worst:.1f}, less than {CONTRAST}: choose a darker one")
    return colour.lower()


def at_night(colour: str) -> str:
    """The colour mixed with white until it can be read on dark ground."""
    for share in range(0, 101, 5):
        mixed = _mixed(colour, share / 100)
        if min(contrast(mixed, ground) for ground in _DARK) >= CONTRAST:
            return mixed
    return "#ffffff"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[float, ...]:
    return tuple(byte / 255 for byte in bytes.fromhex(colour[1:]))


def _mixed(colour: str, white: float) -> str:
    return "#" + bytes(round(255 * (part + (1 - part) * white)) for part in _parts(colour)).hex()
