"""Scripts, forms and plainly loaded parts of a page, found without building a document.

Everything is bounded: a page of a stranger decides neither how long we look nor how much we keep.
"""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

from posture.core.facts.web_response import Form, Page, PlainLoad, Script
from scanners.web.exchange import printable
from scanners.web.page import attributes

_TAG = re.compile(
    r"<(base|script|link|iframe|frame|object|embed|img|audio|video|source|form|input|/form)\b([^<>]{0,2000})>",
    re.IGNORECASE,
)
#: Parts of each kind that are kept, and characters of an address.
_MOST = 100
_LONGEST = 300

#: Elements whose parts can change the page (W3C Mixed Content §3.2: blockable), and what loads them.
_ACTIVE = {"script": "src", "iframe": "src", "frame": "src", "object": "data", "embed": "src"}
#: Elements whose parts are only shown or played (§3.1: upgradable).
_PASSIVE = {"img": "src", "audio": "src", "video": "src", "source": "src"}

Found = tuple[str, dict[str, str]]


def parts(text: str, url: str, *, whole: bool) -> Page:
    """What the page loads and asks for. `url` is where it came from; `whole` whether all of it was read."""
    tags = list(_tags(uncommented(text)))
    base = resolved(url, next((a["href"] for name, a in tags if name == "base" and a.get("href")), "")) or url
    scripts = tuple(_script(base, a) for name, a in tags if name == "script" and a.get("src"))
    loads = tuple(load for name, a in tags for load in _plain(base, name, a))
    forms = tuple(_forms(base, tags))
    cut = max(len(scripts), len(loads), len(forms)) > _MOST
    inline = any(name == "script" and not a.get("src") for name, a in tags)
    return Page(
        scripts=scripts[:_MOST],
        inline_scripts=inline,
        plain_loads=loads[:_MOST],
        forms=forms[:_MOST],
        complete=whole and not cut,
    )


def uncommented(text: str) -> str:
    """The text without comments; one that never ends hides the rest, as in a browser."""
    kept, here = [], 0
    while (start := text.find("<!--", here)) >= 0:
        kept.append(text[here:start])
        end = text.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        here = end + 3
    return "".join((*kept, text[here:]))


def _tags(text: str) -> Iterator[Found]:
    for match in _TAG.finditer(text):
        yield match[1].lower(), attributes(match[2])


def _script(base: str, found: dict[str, str]) -> Script:
    written = unescape(found["src"]).strip()
    return Script(
        written=printable(written)[:_LONGEST],
        url=_shown(resolved(base, written)),
        integrity=bool(found.get("integrity", "").strip()),
    )


def _plain(base: str, name: str, found: dict[str, str]) -> Iterator[PlainLoad]:
    """The part, where it is loaded over HTTP."""
    attribute, active = _ACTIVE.get(name), True
    if name == "link":
        attribute = "href" if "stylesheet" in found.get("rel", "").lower().split() else None
    elif attribute is None:
        attribute, active = _PASSIVE.get(name), False
    where = resolved(base, found.get(attribute, "")) if attribute else None
    if where is not None and urlsplit(where).scheme == "http":
        yield PlainLoad(url=_shown(where), element=name, active=active)


def _forms(base: str, tags: list[Found]) -> Iterator[Form]:
    """Each form with where it sends, and whether it asks for a password; one outside a form sends home."""
    action: str | None = None
    password = False
    for name, found in tags:
        if name in ("form", "/form"):
            if action is not None or password:
                yield Form(action=_shown(action or base), password=password)
            action = resolved(base, found.get("action", "")) or base if name == "form" else None
            password = False
        elif name == "input" and found.get("type", "").lower() == "password":
            password = True
    if action is not None or password:
        yield Form(action=_shown(action or base), password=password)


def resolved(base: str, written: str) -> str | None:
    """The absolute address; None for what is none, or not HTTP."""
    try:
        where = urljoin(base, "".join(unescape(written).split()))
        return where if urlsplit(where).scheme in ("http", "https") else None
    except ValueError:
        return None


def _shown(url: str | None) -> str:
    return printable(url or "")[:_LONGEST]
