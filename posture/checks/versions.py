"""Compares versions as their makers mean them, and finds out whether a span of NVD holds one."""

import re
from dataclasses import dataclass
from itertools import zip_longest

from posture.core.feeds import Span

_TOKEN = re.compile(r"[0-9]+|[a-z]+")
#: A separator stands before every part but the first, so that no text can make the search slow.
_WHOLE = re.compile(r"[0-9][0-9a-z]{0,20}(?:[.\-_+~][0-9a-z]{1,20}){0,8}")
_UPDATE = re.compile(r"(?P<version>[0-9.]+)(?P<update>p[0-9]+)")
#: Words for what comes before the version they follow.
_BEFORE = frozenset({"a", "alpha", "b", "beta", "dev", "pre", "preview", "rc"})
_ANY, _NONE = "*", "-"

Token = tuple[int, int, str]
_END: Token = (1, 0, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version taken apart as CPE does it: `9.2p1` is version 9.2, update p1."""

    number: str
    update: str | None = None

    @classmethod
    def read(cls, text: str) -> "Version | None":
        """None for what is no version that could be compared."""
        lowered = text.lower()
        if not _WHOLE.fullmatch(lowered):
            return None
        updated = _UPDATE.fullmatch(lowered)
        if updated:
            return cls(number=updated["version"], update=updated["update"])
        return cls(number=lowered)


def holds(span: Span, version: Version) -> bool:
    """Whether the span holds the version. A span without any number holds none: it says nothing."""
    if span.version == _NONE:
        return False
    if span.version != _ANY:
        return compare(span.version, version.number) == 0 and _same_update(span.update, version.update)
    return _within(span, version.number)


def _same_update(stated: str, ours: str | None) -> bool:
    if stated == _ANY:
        return True
    return ours is None if stated == _NONE else stated == ours


def _within(span: Span, number: str) -> bool:
    bounds = (
        (span.start_including, (0, 1)),
        (span.start_excluding, (1,)),
        (span.end_including, (-1, 0)),
        (span.end_excluding, (-1,)),
    )
    return all(compare(number, bound) in orders for bound, orders in bounds if bound is not None)


def compare(one: str, other: str) -> int:
    """-1, 0 or 1. `1.0` equals `1.0.0`, `1.0rc1` comes before `1.0`, `1.0.2k` after `1.0.2`."""
    for left, right in zip_longest(_tokens(one), _tokens(other), fillvalue=_END):
        if left != right:
            return -1 if left < right else 1
    return 0


def _tokens(text: str) -> list[Token]:
    return [_token(part) for part in _TOKEN.findall(text.lower())]


def _token(part: str) -> Token:
    if part.isdecimal():
        return (1, int(part), "")
    return (0 if part in _BEFORE else 2, 0, part)
