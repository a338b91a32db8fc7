"""URLs as places one may ask leave for: scheme, host, port; never with a login in them."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from posture.core.errors import PostureError
from posture.core.targets import Target, address, host_name

#: Characters. Longer addresses are nobody's home page.
LONGEST = 2048

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A URL with its target. The target's name is an A-label, or it has an address and no name."""

    url: str
    target: Target


def place(url: str) -> Place:
    """Read a URL with scheme http or https. A login and a fragment are left out. Raises PostureError."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _bad(url) from None
    if parts.scheme not in _PORTS or not parts.hostname or len(url) > LONGEST:
        raise _bad(url)
    name, literal = _host(parts.hostname)
    clean = _rebuilt(parts, name or literal or "")
    return Place(url=clean, target=Target(name=name, address=literal, port=port, url=clean))


def led_to(origin: Place, location: str) -> Place:
    """The place a Location header means (RFC 9110 §10.2.2), seen from where it was sent.

    `location` is as http.client gives it, bytes as Latin-1. Raises PostureError for what is not HTTP.
    """
    text = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        return place(urljoin(origin.url, "".join(text.split())))
    except ValueError:
        raise _bad(location) from None


def _host(text: str) -> tuple[str | None, str | None]:
    try:
        return None, str(address(text))
    except PostureError:
        return host_name(text), None


def _rebuilt(parts: SplitResult, host: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != _PORTS[parts.scheme]:
        shown = f"{shown}:{parts.port}"
    return urlunsplit((parts.scheme, shown, parts.path or "/", parts.query, ""))


def _bad(url: str) -> PostureError:
    return PostureError(
        f"“{url[:80]}” is not a web address.",
        remedy="Give one such as https://www.example.co.jp/.",
        code="bad-url",
    )
