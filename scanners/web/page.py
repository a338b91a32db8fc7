"""The few things a page says of itself, read without building a document.

Expressions are bounded, so that no page can make them slow: what no honest page holds is not read.
"""

import re
from html import unescape

from scanners.web.exchange import printable

_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{0,500})", re.IGNORECASE)
_META = re.compile(r"<meta\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z-]{1,20})\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]{1,2000}))", re.IGNORECASE
)
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Labels of the Encoding standard and the codec for each. Python knows more, some of which (punycode,
# unicode_escape) a stranger must not choose.
_CODECS = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "iso-8859-1": "cp1252",
    "us-ascii": "cp1252",
    "windows-1252": "cp1252",
    "windows-1251": "cp1251",
    "iso-8859-2": "iso8859_2",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
}
#: Names of `<meta>` that act like headers.
_ACTING = frozenset({"content-security-policy", "referrer"})
_MOST_META = 50
_LONGEST = 200


def text_of(body: bytes, content_type: str | None) -> str:
    """The body as text: the header's charset, else the page's own, else UTF-8 (HTML standard §13.2.3.2)."""
    declared = _CHARSET.search(content_type or "") or _CHARSET.search(body[:1024].decode("latin-1"))
    return body.decode(_CODECS.get(declared[1].lower() if declared else "", "utf-8"), "replace")


def title(text: str) -> str | None:
    """The page's title on one line, at most 200 characters; None when there is none."""
    match = _TITLE.search(text)
    words = " ".join(unescape(match[1]).split()) if match else ""
    return printable(words)[:_LONGEST] or None


def metas(text: str) -> tuple[tuple[str, str], ...]:
    """Name and content of the `<meta>` elements that act like headers."""
    found = []
    for match in list(_META.finditer(text))[:_MOST_META]:
        given = attributes(match[1])
        name = (given.get("http-equiv") or given.get("name") or "").strip().lower()
        if name in _ACTING and "content" in given:
            found.append((name, printable(given["content"])))
    return tuple(found)


def attributes(text: str) -> dict[str, str]:
    """The attributes of one tag, names in lower case; of a name given twice the last counts."""
    return {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}
