"""Which fonts a report is set in. English uses a face the typesetter carries: it is the same everywhere."""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from posture.core.errors import PostureError

_LATIN = "Libertinus Serif"
_MONO = "DejaVu Sans Mono"
#: Japanese faces with a bold, the best first: used when the system has one.
_WANTED = ("BIZ UDPGothic", "Noto Sans JP", "Noto Sans CJK JP")
_IPAEX = "IPAexGothic"
_FILE = "ipaexg.ttf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    """`japanese` are family names in the order they are asked for a glyph, `folder` that of IPAex Gothic.

    `bold`: the first of them has a bold. Without `system` no font of this machine is looked at.
    """

    japanese: tuple[str, ...]
    folder: str
    system: bool
    bold: bool

    def text(self, language: str) -> tuple[str, ...]:
        """Families for running text."""
        return (*self.japanese, _LATIN) if language == "ja" else (_LATIN, *self.japanese)

    def mono(self) -> tuple[str, ...]:
        """Families for commands and digests."""
        return (_MONO, *self.japanese)


@cache
def best() -> Fonts:
    """The best Japanese font of this machine, then IPAex. Raises PostureError without the latter."""
    import typst

    families = set(typst.Fonts(include_embedded_fonts=False).families())
    for name in _WANTED:
        if name in families:
            return Fonts(japanese=(name, _IPAEX), folder=_folder(), system=True, bold=True)
    return packaged()


@cache
def packaged() -> Fonts:
    """IPAex Gothic alone, from its Python package: the same on every machine, in one weight."""
    return Fonts(japanese=(_IPAEX,), folder=_folder(), system=False, bold=False)


@cache
def carried() -> Path | None:
    """The file of the Japanese font that an HTML page carries a part of; None where it is not installed."""
    try:
        return Path(_folder()) / _FILE
    except PostureError:
        return None


def _folder() -> str:
    found = importlib.util.find_spec("matplotlib_fontja")
    folder = Path(found.origin).parent / "fonts" if found and found.origin else Path()
    if not (folder / _FILE).is_file():
        raise PostureError(
            "The Japanese font for the PDF is missing.",
            remedy="Install the Python package matplotlib-fontja again.",
            code="no-font",
        )
    return str(folder)
