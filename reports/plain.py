"""Text that came from elsewhere, made harmless for the eye; each renderer escapes for its own format."""

import re
import unicodedata

#: Control characters, line and paragraph separators, lone surrogates, and what reorders or hides text:
#: categories Cc, Cf, Cs, Co, Cn, Zl and Zp of the Unicode Character Database (UAX #44 §5.7.1).
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SUSPECT = re.compile(r"[^ -~\u00a1-\u00ac\u00ae-\u02ff\u3001-\u30ff\u4e00-\u9fff\uff01-\uffee]")
_LIMIT = 2_000


def visible(text: str, *, limit: int = _LIMIT, lines: bool = False) -> str:
    r"""The text with every invisible character spelt out (`\x1b`, `\u202e`), cut at `limit` characters.

    `lines` keeps line feeds and turns tabs into spaces.
    """
    cut = text if len(text) <= limit else text[:limit] + "…"
    if lines:
        cut = cut.replace("\r\n", "\n").replace("\t", "    ")
    return _SUSPECT.sub(lambda match: _spell(match[0], keep_line=lines), cut)


def _spell(character: str, *, keep_line: bool) -> str:
    if character == "\n" and keep_line:
        return character
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
