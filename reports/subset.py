"""A TrueType font cut down to the characters of one page, as WOFF: what an HTML file can carry along.

Tables and their fields are those of the OpenType specification 1.9 and of WOFF 1.0 (§4, §5). Hints are left
out: they need the whole font. The same characters of the same font give the same bytes.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_COMPOSITE_WORDS, _COMPOSITE_MORE, _COMPOSITE_HINTS = 0x0001, 0x0020, 0x0100
#: Bytes of a component's scale, by the flag that says it has one (glyf, component glyph flags).
_SCALES: Final = ((0x0008, 2), (0x0040, 4), (0x0080, 8))
#: Tables that are kept as they are; `name` holds the font's licence.
_WHOLE: Final = ("OS/2", "name")
#: `post` version 3: the glyphs have no names.
_POST: Final = struct.pack(">IIhhIIIII", 0x00030000, 0, -100, 50, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """A font file, and where its glyphs are: `characters` maps code points to glyphs."""

    tables: Mapping[str, bytes]
    characters: Mapping[int, int]
    places: tuple[int, ...]

    def outline(self, glyph: int) -> bytes:
        """The glyph's entry of `glyf`."""
        return self.tables["glyf"][self.places[glyph] : self.places[glyph + 1]]

    def metric(self, glyph: int) -> bytes:
        """Advance width and left side bearing."""
        full = int.from_bytes(self.tables["hhea"][34:36])
        hmtx = self.tables["hmtx"]
        if glyph < full:
            return hmtx[4 * glyph : 4 * glyph + 4]
        bearing = 4 * full + 2 * (glyph - full)
        return hmtx[4 * full - 4 : 4 * full - 2] + hmtx[bearing : bearing + 2]


@cache
def load(path: Path) -> Font:
    """Read a TrueType font. It stays in memory: reports are made by the hundred."""
    raw = path.read_bytes()
    tables: dict[str, bytes] = {}
    for number in range(int.from_bytes(raw[4:6])):
        tag, _, offset, length = struct.unpack_from(">4sIII", raw, 12 + 16 * number)
        tables[tag.decode("ascii")] = raw[offset : offset + length]
    count = int.from_bytes(tables["maxp"][4:6]) + 1
    long = int.from_bytes(tables["head"][50:52])
    places = struct.unpack(f">{count}{'I' if long else 'H'}", tables["loca"][: count * (4 if long else 2)])
    return Font(
        tables={name: tables[name] for name in (*_WHOLE, "head", "hhea", "hmtx", "maxp", "glyf")},
        characters=dict(_characters(tables["cmap"])),
        places=places if long else tuple(2 * place for place in places),
    )


def _characters(cmap: bytes) -> Iterator[tuple[int, int]]:
    """Every code point of the Unicode subtables of format 4 and 12, the larger subtable last."""
    for number in range(int.from_bytes(cmap[2:4])):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * number)
        kind = int.from_bytes(cmap[offset : offset + 2])
        if (platform, encoding) in ((3, 1), (3, 10)):
            yield from {4: _segments, 12: _groups}[kind](cmap[offset:])


def _groups(table: bytes) -> Iterator[tuple[int, int]]:
    for number in range(int.from_bytes(table[12:16])):
        first, last, glyph = struct.unpack_from(">III", table, 16 + 12 * number)
        yield from zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True)


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    count = int.from_bytes(table[6:8]) // 2
    ends, starts, deltas, ranges = (
        struct.unpack_from(f">{count}H", table, at)
        for at in (14, 16 + 2 * count, 16 + 4 * count, 16 + 6 * count)
    )
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if ranges[number]:
                at = 16 + 6 * count + 2 * number + ranges[number] + 2 * (code - start)
                glyph = int.from_bytes(table[at : at + 2])
            if glyph or not ranges[number]:
                yield code, (glyph + deltas[number]) & 0xFFFF


def woff(font: Font, text: Iterable[str]) -> bytes:
    """The font with the glyphs of these characters alone; empty where it has none of them."""
    wanted = {code: font.characters[code] for code in sorted(map(ord, set(text))) if code in font.characters}
    if not wanted:
        return b""
    glyphs = _closed(font, wanted.values())
    new = {glyph: number for number, glyph in enumerate(glyphs)}
    outlines = [_plain(font.outline(glyph), new) for glyph in glyphs]
    places = [0]
    for outline in outlines:
        places.append(places[-1] + len(outline))
    head, hhea, maxp = (bytearray(font.tables[name]) for name in ("head", "hhea", "maxp"))
    head[8:12], head[50:52] = bytes(4), (1).to_bytes(2)
    hhea[34:36] = maxp[4:6] = len(glyphs).to_bytes(2)
    maxp[26:28] = bytes(2)  # maxSizeOfInstructions
    tables = {name: font.tables[name] for name in _WHOLE} | {
        "cmap": _cmap({code: new[glyph] for code, glyph in wanted.items()}),
        "glyf": b"".join(outlines),
        "head": bytes(head),
        "hhea": bytes(hhea),
        "hmtx": b"".join(map(font.metric, glyphs)),
        "loca": struct.pack(f">{len(places)}I", *places),
        "maxp": bytes(maxp),
        "post": _POST,
    }
    return _packed(tables)


def _closed(font: Font, glyphs: Iterable[int]) -> list[int]:
    """The glyphs, the one for unknown characters first, and every glyph they are composed of."""
    found = {0: None} | dict.fromkeys(glyphs)
    queue = list(found)
    for glyph in queue:
        parts = [part for _, part, _ in _components(font.outline(glyph))]
        queue += [part for part in dict.fromkeys(parts) if part not in found]
        found |= dict.fromkeys(parts)
    return list(found)


def _components(outline: bytes) -> Iterator[tuple[int, int, int]]:
    """Place, glyph and flags of each part of a composite glyph; none of a simple one."""
    if not outline or int.from_bytes(outline[:2], signed=True) >= 0:
        return
    at, more = 10, True
    while more:
        flags, glyph = struct.unpack_from(">HH", outline, at)
        yield at, glyph, flags
        at += 4 + (4 if flags & _COMPOSITE_WORDS else 2)
        at += next((size for flag, size in _SCALES if flags & flag), 0)
        more = bool(flags & _COMPOSITE_MORE)


def _plain(outline: bytes, new: Mapping[int, int]) -> bytes:
    """The outline without hints, its parts under their new numbers."""
    made = bytearray(outline)
    if outline and int.from_bytes(outline[:2], signed=True) >= 0:
        at = 10 + 2 * int.from_bytes(outline[:2])
        hints = int.from_bytes(outline[at : at + 2])
        made[at : at + 2 + hints] = bytes(2)
    for at, glyph, flags in _components(outline):
        struct.pack_into(">HH", made, at, flags & ~_COMPOSITE_HINTS, new[glyph])
    return bytes(made)


def _cmap(characters: Mapping[int, int]) -> bytes:
    """One subtable of format 12, for Windows and full Unicode: a group for each run of both numbers."""
    groups: list[list[int]] = []
    for code, glyph in sorted(characters.items()):
        if groups and groups[-1][1] == code - 1 and groups[-1][2] + code - groups[-1][0] == glyph:
            groups[-1][1] = code
        else:
            groups.append([code, code, glyph])
    body = b"".join(struct.pack(">III", *group) for group in groups)
    head = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    return head + struct.pack(">HHIII", 12, 0, 16 + len(body), 0, len(groups)) + body


def _packed(tables: Mapping[str, bytes]) -> bytes:
    """The WOFF file: each table compressed where that makes it smaller (WOFF 1.0 §5)."""
    entries, data = [], b""
    start = 44 + 20 * len(tables)
    for name in sorted(tables):
        table = tables[name]
        small = zlib.compress(table, 9)
        kept = small if len(small) < len(table) else table
        place = start + len(data)
        entries.append(
            struct.pack(">4sIIII", name.encode("ascii"), place, len(kept), len(table), _sum(table))
        )
        data += kept + bytes(-len(kept) % 4)
    whole = 12 + 16 * len(tables) + sum(len(table) + -len(table) % 4 for table in tables.values())
    head = struct.pack(
        ">4s4sIHHIHHIIIII",
        b"wOFF",
        b"\0\1\0\0",
        start + len(data),
        len(tables),
        0,
        whole,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    return head + b"".join(entries) + data


def _sum(table: bytes) -> int:
    """Checksum of a table: the sum of its 32-bit words."""
    padded = table + bytes(-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
