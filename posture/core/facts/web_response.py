"""`web.response`: what one URL answered, after redirects (RFC 9110)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """One hop: the URL that answered, its status, where it pointed (absolute), and what it sent along."""

    url: str
    status: int
    location: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie the response set, without its value."""

    name: str
    secure: bool
    http_only: bool
    same_site: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebResponse:
    """The last response of a chain. `headers` keep order, case and repetition; values are cut at 4 KiB.

    `asked` is the URL asked first. `left_scope` is the redirect target that was not followed because no
    permit was given for it, else null. `cookies` are those of every hop. `body_sha256` and `body_bytes`
    describe what was read of the decoded body (bounded). `meta` holds the page's `<meta>` pairs of
    `http-equiv` or `name` and `content`, names in lower case, as far as they act like headers; null where
    the body broke off.
    """

    KIND: ClassVar[str] = "web.response"

    asked: str
    url: str
    status: int
    redirects: tuple[Redirect, ...]
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[Cookie, ...]
    left_scope: str | None
    title: str | None
    body_bytes: int
    body_sha256: str
    meta: tuple[tuple[str, str], ...] | None = ()

    def header(self, name: str) -> str | None:
        """The header's values joined as RFC 9110 §5.3 says; None when absent."""
        values = values_of(self.headers, name)
        return ", ".join(values) if values else None


def values_of(headers: tuple[tuple[str, str], ...], name: str) -> tuple[str, ...]:
    """Every value of a header, in order; names are compared without regard to case."""
    return tuple(value for key, value in headers if key.lower() == name.lower())
