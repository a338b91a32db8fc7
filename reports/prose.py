"""The plain text of check cards: paragraphs, lists (`- `) and indented code, nothing more."""

import textwrap

from reports.blocks import Code, Entry, Items, Paragraph


def parse(text: str) -> tuple[Paragraph | Code | Items, ...]:
    """Blocks of a card's text. Lines indented by four spaces are code; a paragraph's lines are joined."""
    return tuple(_block(chunk) for chunk in _chunks(text))


def _chunks(text: str) -> list[list[str]]:
    """Runs of lines of one kind. A blank line inside code belongs to the code."""
    chunks: list[list[str]] = [[]]
    for line in text.strip("\n").splitlines():
        last = chunks[-1]
        if last and _kind(last[0]) == "code" and (not line.strip() or _kind(line) == "code"):
            last.append(line)
        elif not line.strip():
            chunks.append([])
        elif last and _kind(last[0]) != _kind(line) and not _continues(last[0], line):
            chunks.append([line])
        else:
            last.append(line)
    return [chunk for chunk in chunks if chunk]


def _kind(line: str) -> str:
    if line.startswith("    "):
        return "code"
    return "item" if line.startswith("- ") else "text"


def _continues(first: str, line: str) -> bool:
    return _kind(first) == "item" and line.startswith("  ")


def _block(chunk: list[str]) -> Paragraph | Code | Items:
    kind = _kind(chunk[0])
    if kind == "code":
        return Code(text=textwrap.dedent("\n".join(chunk)).strip("\n"))
    if kind == "item":
        points = _joined("\n".join(chunk).removeprefix("- ").split("\n- "))
        return Items(entries=tuple(Entry(text=point) for point in points))
    return Paragraph(text=_joined(["\n".join(chunk)])[0])


def _joined(texts: list[str]) -> list[str]:
    """Each text on one line; Japanese lines are joined without a space."""
    joined = []
    for text in texts:
        lines = [line.strip() for line in text.splitlines()]
        whole = lines[0]
        for line in lines[1:]:
            spaced = whole[-1:].isascii() and line[:1].isascii()
            whole += (" " if spaced else "") + line
        joined.append(whole)
    return joined
