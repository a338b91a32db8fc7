"""`tag=value; tag=value` records (RFC 6376 §3.2 and its descendants)."""

import re
from dataclasses import dataclass

_TAG = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*=[ \t]*([^;]*?)[ \t]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The tags in order, each once; `twice` and `broken` are what did not fit."""

    values: dict[str, str]
    twice: tuple[str, ...]
    broken: tuple[str, ...]


def read_tags(record: str) -> Tags:
    """Split a record at `;`. Of a repeated tag the first counts; a part without `=` is broken."""
    values: dict[str, str] = {}
    twice: list[str] = []
    broken: list[str] = []
    for part in record.split(";"):
        if not part.strip():
            continue
        match = _TAG.match(part)
        if match is None:
            broken.append(part.strip()[:80])
        elif match[1].lower() in values:
            twice.append(match[1].lower())
        else:
            values[match[1].lower()] = match[2]
    return Tags(values=values, twice=tuple(twice), broken=tuple(broken))
