"""The icon of a page: appliances keep their maker's where title and headers are silent.

One ordinary request to the page's own origin, and only where it may tell something; the bytes are not kept.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from posture.core.errors import PostureError
from posture.core.facts.web_response import Icon, WebResponse
from posture.core.observations import Observation, Seen
from scanners.context import Context
from scanners.observe import digest
from scanners.web.exchange import printable
from scanners.web.page import attributes
from scanners.web.parts import resolved, uncommented
from scanners.web.place import LONGEST, Place, place

#: Where browsers look when a page declares no icon (HTML standard §4.6.7.8, link type “icon”).
USUAL = "/favicon.ico"

# An icon may be written into the page (`data:`), which makes for a long tag.
_LINK = re.compile(r"<(base|link)\b([^<>]{1,90000})>", re.IGNORECASE)
_DATA = re.compile(r"data:([^,]{0,200}),(.*)", re.IGNORECASE | re.DOTALL)


def declared(text: str, url: str) -> Icon | None:
    """The first icon that a page from `url` declares; one that is written into the page with its digests."""
    tags = [(found[1].lower(), attributes(found[2])) for found in _LINK.finditer(uncommented(text))]
    named = next((given["href"] for tag, given in tags if tag == "base" and given.get("href")), "")
    written = next((given["href"] for tag, given in tags if tag == "link" and _is_icon(given)), None)
    if written is None:
        return None
    if written.strip().lower().startswith("data:"):
        return digests(Icon(url="data:"), _decoded(written.strip()))
    where = resolved(resolved(url, named) or url, written)
    return Icon(url=printable(where)[:LONGEST]) if where else None


def _is_icon(given: dict[str, str]) -> bool:
    return bool(given.get("href")) and "icon" in given.get("rel", "").lower().split()


def _decoded(written: str) -> bytes:
    """The bytes of a `data:` address (RFC 2397 §2); none where it cannot be read."""
    found = _DATA.fullmatch(written)
    if found is None:
        return b""
    raw = unquote_to_bytes(found[2])
    if not found[1].lower().replace(" ", "").endswith(";base64"):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        return b""


def digests(icon: Icon, body: bytes) -> Icon:
    """The icon with what can be said of its bytes; nothing of an empty one."""
    if not body:
        return icon
    # MD5 because public lists of icons are written in it; nothing is trusted because of it.
    known_by = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Icon(url=icon.url, status=icon.status, bytes=len(body), sha256=digest(body), md5=known_by)


def wanted(context: Context, found: Observation[WebResponse]) -> Place | None:
    """Where the icon of an answer is to be asked for; None where there is none, or no need.

    That is a page (HTML, status 200) whose product is not recognised, and its own origin: an icon that it
    declares, or the usual one for a page that asks for a password.
    """
    if not isinstance(found.result, Seen):
        return None
    fact = found.result.value
    if fact.status != 200 or fact.page is None or context.known(fact):
        return None
    if fact.icon is None and not any(form.password for form in fact.page.forms):
        return None
    try:
        there = place(urljoin(fact.url, fact.icon.url if fact.icon else USUAL))
    except (PostureError, ValueError):
        return None
    return there if _origin(there) == _origin(place(fact.url)) else None


def _origin(there: Place) -> tuple[str, str | None, str | None, int | None]:
    return urlsplit(there.url).scheme, there.target.name, there.target.address, there.target.port


def one_per_host(
    context: Context, answers: Iterable[Observation[WebResponse]]
) -> dict[str, tuple[Observation[WebResponse], Place]]:
    """By host: the answer whose icon is asked for, and where. What came over HTTPS goes first."""
    hosts: dict[str, tuple[Observation[WebResponse], Place]] = {}
    for answer in sorted(answers, key=lambda found: not (found.target.url or "").startswith("https:")):
        there = wanted(context, answer)
        if there is not None:
            hosts.setdefault(there.target.name or there.target.address or "", (answer, there))
    return hosts
