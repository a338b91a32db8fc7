"""One document from one configured address: bounded in size and time, unchanged by a redirect."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from posture.core.errors import PostureError
from posture.core.targets import Address, address

#: Seconds without a byte, and for the whole document.
QUIET: Final = 20.0
TOTAL: Final = 180.0
_CHUNK: Final = 65_536
_NOT_MODIFIED: Final = 304

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a document is. `headers` may hold a key; nothing of them is ever shown."""

    url: str
    headers: Mapping[str, str]
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes, seconds of silence, seconds in all."""

    most: int
    quiet: float = QUIET
    total: float = TOTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """`body` is None where the document is still the one of the entity tag that was sent."""

    body: bytes | None
    etag: str


def fetch(source: Source, limits: Limits, *, etag: str = "", clock: Clock = time.monotonic) -> Fetched:
    """GET the document. Raises PostureError (feed-unreachable): nothing came, or not all, or too much.

    HTTPS is asked for except on loopback. Redirects are not followed: what is configured is what is asked.
    """
    _refuse_plain(source.url)
    end = clock() + limits.total
    headers = {**source.headers, **({"If-None-Match": etag} if etag else {})}
    proxies = {"http": source.proxy, "https": source.proxy} if source.proxy else {}
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(
                source.url,
                headers=headers,
                timeout=limits.quiet,
                allow_redirects=False,
                stream=True,
                proxies=proxies,
            ) as response:
                if response.status_code == _NOT_MODIFIED and etag:
                    return Fetched(body=None, etag=etag)
                _refuse_status(source, response)
                return Fetched(
                    body=_body(source, response, limits, lambda: end - clock()),
                    etag=response.headers.get("ETag", "")[:200],
                )
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _unreachable(source, _words(error)) from None


def _body(source: Source, response: requests.Response, limits: Limits, left: Callable[[], float]) -> bytes:
    """Read as the bytes come, so that a server that drips is cut off in time."""
    read = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        read += chunk
        if len(read) > limits.most:
            raise _unreachable(source, f"the document is larger than {limits.most} bytes")
        if left() <= 0:
            raise _unreachable(source, f"it took longer than {limits.total:g} s")
    return bytes(read)


def _refuse_plain(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise PostureError(
        f"The feed address {url} is not HTTPS.",
        remedy="Correct it in the settings, under [feeds].",
        code="bad-settings",
    )


def _is_loopback(host: str) -> bool:
    try:
        literal: Address = address(host)
    except PostureError:
        return False
    return literal.is_loopback


def _refuse_status(source: Source, response: requests.Response) -> None:
    if response.status_code != 200:
        moved = "Location" in response.headers
        what = f"status {response.status_code}" + (" (moved; redirects are not followed)" if moved else "")
        raise _unreachable(source, what)


def _words(error: BaseException) -> str:
    """What went wrong, for whoever set the feeds up: the innermost cause that has words of its own."""
    causes = list(_causes(error))
    for kind, words in _CAUSES.items():
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return type(causes[-1]).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it wraps, outermost first: urllib3 keeps causes in `args` and `reason`."""
    yield error
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(inner, BaseException) and inner is not error:
        yield from _causes(inner)


#: The first that is among the causes is said; urllib3 calls a refused connection a time-out too.
_CAUSES: Final[Mapping[type[BaseException] | tuple[type[BaseException], ...], str]] = {
    urllib3.exceptions.ProxyError: "the proxy cannot be used",
    urllib3.exceptions.NameResolutionError: "its name could not be resolved",
    urllib3.exceptions.NewConnectionError: "no connection",
    (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError): "no answer in time",
    urllib3.exceptions.SSLError: "its certificate is not trusted, or it speaks no TLS that we speak",
    (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError): "the answer breaks off or is damaged",
}


def _unreachable(source: Source, what: str) -> PostureError:
    return PostureError(
        f"{source.url} could not be read: {what}.",
        remedy="Try again later, correct [feeds] in the settings, or use: posture feeds import FILE",
        code="feed-unreachable",
    )
