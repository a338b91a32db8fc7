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
class Script:
    """A script the page loads: its address as written and made absolute; whether a digest pins it (SRI)."""

    written: str
    url: str
    integrity: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLoad:
    """A part that is loaded over plain HTTP; `active` parts can change the page (W3C Mixed Content §3)."""

    url: str
    element: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Where a form sends what is typed, and whether it asks for a password."""

    action: str
    password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page loads and asks for; `complete` is false where it was too long to see all of it."""

    scripts: tuple[Script, ...]
    inline_scripts: bool
    plain_loads: tuple[PlainLoad, ...]
    forms: tuple[Form, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """Names in a certificate: subject and issuer as RFC 4514 writes them, and those of subjectAltName."""

    subject: str
    issuer: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """The icon a page declares, or /favicon.ico; its bytes are not kept.

    `status` is null where it was not asked for: elsewhere, written into the page (`url` is then `data:`), or
    not needed. The rest is null unless the whole of it was seen. MD5 is no promise that nobody made another
    file of this digest: public lists of icons are written in it, and a liar could serve the icon itself.
    """

    url: str
    status: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebResponse:
    """The last response of a chain. `headers` keep order, case and repetition; values are cut at 4 KiB.

    `asked` is the URL asked first. `left_scope` is the redirect target that was not followed because no
    permit was given for it, else null. `cookies` are those of every hop. `body_sha256` and `body_bytes`
    describe what was read of the decoded body (bounded). `meta` holds the page's `<meta>` pairs of
    `http-equiv` or `name` and `content`, names in lower case, as far as they act like headers; null where
    the body broke off. `page` is null where the body broke off or is no HTML. `certificate` is that of the
    host that answered last; null without TLS, or where it cannot be read. `icon` is null where none is
    declared and none was asked for.
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
    page: Page | None = None
    certificate: Presented | None = None
    icon: Icon | None = None

    def header(self, name: str) -> str | None:
        """The header's values joined as RFC 9110 §5.3 says; None when absent."""
        values = values_of(self.headers, name)
        return ", ".join(values) if values else None


def values_of(headers: tuple[tuple[str, str], ...], name: str) -> tuple[str, ...]:
    """Every value of a header, in order; names are compared without regard to case."""
    return tuple(value for key, value in headers if key.lower() == name.lower())
