"""PDF through typst: tagged, with language and title, the same bytes for the same document."""

import json
import logging
import re
from dataclasses import replace
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from posture.core import codec
from reports import blocks
from reports.blocks import Code, Document, Labels
from reports.dress import Dress
from reports.fonts import Fonts, best

if TYPE_CHECKING:
    import typst

_TEMPLATE = Path(__file__).parents[1] / "templates" / "report.typ"
#: PDF/UA-1 (ISO 14289-1) and PDF/A-2a (ISO 19005-2): readable by everyone, and in ten years.
STANDARDS: list[Literal["ua-1", "a-2a"]] = ["ua-1", "a-2a"]

#: The typesetter refuses what no font can show; it quotes the text as Rust does.
_UNSHOWN = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")

_LONG = re.compile(r"[!-~]{20,}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_AFTER = re.compile(r"(://|[./:@=?&_-])")
_ANYWHERE = re.compile(r"([!-~]{20})")

#: Our own colour, as report.css has it on light ground.
_ACCENT = "#23466b"

#: Size of English text (pt) by kind of report where it is not 10.4: page one of a file holds a decision.
_ENGLISH = {"underwriter": 9.8}

_log = logging.getLogger(__name__)


def render(document: Document, *, fonts: Fonts | None = None) -> bytes:
    """The document as a PDF dated at its assessment.

    A character that is in no font is printed as 〓 with its code point, and named in the log.
    """
    import typst

    chosen = fonts or best()
    document = blocks.rewrite(document, breakable, keep=(Code, Labels))
    known: set[str] = set()
    while True:
        try:
            return _compile(document, chosen)
        except typst.TypstError as error:
            missing = _unshown(error.diagnostic) - known
            if not missing:
                raise
        names = ", ".join(f"U+{ord(letter):04X}" for letter in sorted(missing))
        _log.warning("No font has a glyph for %s: printed as 〓 with the code point.", names)
        document = blocks.translate(document, {ord(letter): _geta(letter) for letter in missing})
        known |= missing


def breakable(text: str) -> str:
    """The text with zero-width spaces where a long name may break: after punctuation, else anywhere.

    Digests stay whole: they have a line of their own and are there to be copied.
    """
    return _LONG.sub(lambda run: run[0] if _DIGEST.fullmatch(run[0]) else _break(run[0]), text)


def _break(run: str) -> str:
    return _ANYWHERE.sub("\\1\u200b", _AFTER.sub("\\1\u200b", run))


def _compile(document: Document, fonts: Fonts) -> bytes:
    dress = document.dress
    plain = replace(document, dress=Dress())
    result = _compiler(fonts).compile(
        input=_TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs={
            "document": json.dumps(codec.encode(plain)),
            "look": _look(document, fonts),
            "logo": json.dumps(list(dress.logo)),
        },
        pdf_standards=[*STANDARDS],
        timestamp=document.issued.astimezone(UTC),
    )
    assert isinstance(result, bytes)  # noqa: S101  one file, as for every PDF
    return result


def _unshown(diagnostic: str) -> set[str]:
    quoted = "".join(_UNSHOWN.findall(diagnostic))
    return set(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), quoted))


def _geta(letter: str) -> str:
    return f"〓(U+{ord(letter):04X})"


def _look(document: Document, fonts: Fonts) -> str:
    """What depends on language and font: faces, sizes (pt), leading (em), width of the terms (mm)."""
    japanese = document.language == "ja"
    issued = document.issued.astimezone(UTC)
    return json.dumps(
        {
            "fonts": fonts.text(document.language),
            "mono": fonts.mono(),
            "outline": japanese and not fonts.bold,
            "thin": not fonts.bold,
            "size": 9.2 if japanese else _ENGLISH.get(document.kind, 10.4),
            "leading": 0.82 if japanese else 0.66,
            "term": 40 if japanese else 42,
            "accent": document.dress.colour or _ACCENT,
            "date": {"year": issued.year, "month": issued.month, "day": issued.day},
        }
    )


@cache
def _compiler(fonts: Fonts) -> "typst.Compiler":
    """One compiler a process keeps the fonts loaded. It gets no file to read and no package to import."""
    import typst

    return typst.Compiler(
        font_paths=typst.Fonts(include_system_fonts=fonts.system, font_paths=[fonts.folder])
    )
