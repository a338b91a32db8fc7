"""One request and its response, bounded in every direction; runs in a worker thread."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from posture.core.observations import Reason
from scanners.net.failure import NetFailure
from scanners.net.http import Session, failure_in
from scanners.observe import digest

#: Bytes of the decoded body that are read; the rest is left where it is.
MOST_BODY = 262_144
#: Characters of one header value that are kept (`posture.core.facts.web_response`).
MOST_VALUE = 4096

_CHUNK = 16_384
#: Seconds until a server that names no time is asked again, and the longest that is waited for one that does.
_PAUSE = 1.0
_MOST_PATIENCE = 5.0
_ACCEPT = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response. `body` is decoded and cut at `MOST_BODY`; `broken` says why it ends early, if it does.

    `certificate` is what the host presented (DER), empty without TLS.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    broken: Reason | None
    evidence: str
    certificate: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def fetch(session: Session, url: str, origin: str | None = None) -> Answer:
    """GET a URL without following where it leads; once more where the server asks for a moment's patience.

    `origin` is the site that a script asking for it would come from (RFC 6454 §7).
    Raises NetFailure; RATE_LIMITED when it asks to go away.
    """
    try:
        return _fetch(session, url, origin)
    except _Patience as patience:
        if patience.seconds > _MOST_PATIENCE:
            raise NetFailure(patience.reason, patience.detail) from None
        time.sleep(patience.seconds)
    return _fetch(session, url, origin)


class _Patience(NetFailure):
    """The server asks to be asked later, in so many seconds."""

    def __init__(self, status: int, seconds: float) -> None:
        super().__init__(Reason.RATE_LIMITED, f"status {status}")
        self.seconds = seconds


def _fetch(session: Session, url: str, origin: str | None) -> Answer:
    with session.get(url, headers=_ACCEPT | ({"Origin": origin} if origin else {})) as response:
        headers = tuple((name, value) for name, value in response.raw.headers.items())
        _mind_the_pace(response.status_code, response.headers)
        body, broken = _body(response)
        raw = "\r\n".join([str(response.status_code), *(f"{name}: {value}" for name, value in headers)])
        return Answer(
            status=response.status_code,
            headers=tuple(_kept(name, value) for name, value in headers),
            body=body,
            broken=broken,
            evidence=digest(raw.encode("utf-8", "surrogateescape"), body),
            certificate=_certificate(session, url),
        )


def _certificate(session: Session, url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return b""
    return session.certificate(parts.hostname or "", parts.port or 443) or b""


def _kept(name: str, value: str) -> tuple[str, str]:
    """A header as it is stored: bounded, printable, and a cookie without its value."""
    if name.lower() == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        value = f"{pair.partition('=')[0]}=…{semicolon}{attributes}" if "=" in pair else "…"
    return printable(name)[:MOST_VALUE], printable(value)[:MOST_VALUE]


def printable(text: str) -> str:
    """A stranger's text without control characters, which would act on a terminal or a table."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _mind_the_pace(status: int, headers: CaseInsensitiveDict[str]) -> None:
    """RFC 6585 §4 and RFC 9110 §15.6.4: the server says that it does not want to be asked now."""
    if status == 429 or (status == 503 and "Retry-After" in headers):
        raise _Patience(status, _seconds(headers.get("Retry-After")))


def _seconds(text: str | None) -> float:
    """Retry-After in seconds (RFC 9110 §10.2.3); a date is later than we can wait."""
    if text is None:
        return _PAUSE
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else _MOST_PATIENCE + 1


def _body(response: requests.Response) -> tuple[bytes, Reason | None]:
    """At most `MOST_BODY` decoded bytes: a small answer that unpacks to gigabytes is never unpacked whole."""
    read = bytearray()
    try:
        while len(read) < MOST_BODY:
            chunk = response.raw.read(min(_CHUNK, MOST_BODY - len(read)), decode_content=True)
            if not chunk:
                break
            read += chunk
    except (NetFailure, OSError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        return bytes(read), failure_in(error).reason
    return bytes(read), None
