"""Made-up sites, the same for us and for MDN HTTP Observatory: headers, scripts, redirects by lot."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posture.core.facts.web_exposure import Sharing
from posture.core.facts.web_response import Redirect, WebResponse
from scanners.web.cookies import cookies
from scanners.web.exposure import STRANGER
from scanners.web.page import metas
from scanners.web.parts import parts

HOST = "www.example.co.jp"
PAGE = f"https://{HOST}/"

CSP = (
    None,
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "default-src 'none'",
    "default-src 'self'",
    "default-src 'self'; style-src 'self' 'unsafe-inline'",
    "default-src 'self' 'unsafe-inline'",
    "default-src 'self'; script-src 'self' 'unsafe-eval'",
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'nonce-abc'",
    "script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'; object-src 'none'",
    "script-src 'strict-dynamic'; object-src 'none'",
    "default-src https:",
    "default-src 'self'; object-src *",
    "default-src 'self'; img-src http://pictures.example",
    "default-src 'self'; connect-src http://api.example",
    "default-src 'self'; script-src data:",
    "default-src 'self'; default-src 'none'",
    "default-src 'self'; report-uri /a; report-uri /b",
    "script-src",
    "style-src 'self'",
    "frame-ancestors 'self'",
    "x",
    "",
)
REFERRER = (
    None,
    "no-referrer",
    "strict-origin, unsafe-url",
    "unsafe-url, same-origin",
    "origin",
    "whatever",
    "",
)
HSTS = (
    None,
    "max-age=31536000",
    "max-age=31536000; includeSubDomains; preload",
    "max-age=15552000",
    "max-age=15551999",
    "max-age=0",
    "max-age=63072000, max-age=0",
    "includeSubDomains",
    "MAX-AGE=31536000",
    "max-age=",
    "",
)
SNIFFING = (None, "nosniff", "NOSNIFF", "sniff", "nosniff, nosniff")
FRAMING = (None, "DENY", "sameorigin", "ALLOW-FROM https://x.example", "ALLOWALL", "")
RESOURCE = (None, "same-origin", "same-site", "cross-origin", "nobody")
COOKIES: tuple[tuple[str, ...], ...] = (
    (),
    ("theme=dark; Secure",),
    ("theme=dark; Secure; SameSite=Lax",),
    ("theme=dark",),
    ("sessionid=1; Secure; HttpOnly; SameSite=Strict",),
    ("sessionid=1; HttpOnly",),
    ("sessionid=1; Secure",),
    ("csrftoken=1; Secure",),
    ("a=1; Secure; SameSite=Bogus",),
    ("a=1; SameSite=None",),
    ("a=1; Secure; SameSite=None", "login=1; Secure; HttpOnly"),
    ("heroku-session-affinity=x",),
)
SCRIPTS: tuple[tuple[str, ...], ...] = (
    (),
    ('src="/own.js"',),
    ('src="https://cdn.other.example/x.js"',),
    ('src="https://cdn.other.example/x.js" integrity="sha384-abc"',),
    ('src="http://cdn.other.example/x.js"',),
    ('src="http://cdn.other.example/x.js" integrity="sha384-abc"',),
    ('src="//cdn.other.example/x.js"',),
    ('src="//cdn.other.example/x.js" integrity="sha384-abc"',),
    ('src="https://cdn.other.example/x.js" integrity="sha384-abc"', 'src="https://other.example/y.js"'),
    ('src="https://static.www.example.co.jp/x.js" integrity="sha384-abc"',),
    ("",),
)
SHARING: tuple[tuple[str, str | None], ...] = (
    ("", None),
    ("*", None),
    ("*", "true"),
    (STRANGER, None),
    (STRANGER, "true"),
    ("https://friend.example", "true"),
)
ROUTES: tuple[tuple[str, ...] | None, ...] = (
    None,
    (f"http://{HOST}/",),
    (f"http://{HOST}/", PAGE),
    (f"http://{HOST}/", f"http://{HOST}/a", PAGE),
    (f"http://{HOST}/", "https://example.co.jp/", PAGE),
    (f"http://{HOST}/", "http://example.co.jp/"),
)
MEDIA = ("text/html; charset=utf-8", "text/html", "application/json")
META = (
    "",
    '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">',
    '<meta name="referrer" content="no-referrer">',
    '<meta http-equiv="content-security-policy" content="frame-ancestors \'none\'">',
)


#: The one reading that differs: test, theirs, ours. A directive that only the second of two policies names is
#: 'none' to the peer; CSP3 §4.2 keeps it as it is.
KNOWN = (
    "content-security-policy",
    "csp-implemented-with-no-unsafe-default-src-none",
    "csp-implemented-with-no-unsafe",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One site, in plain values that either side can read."""

    headers: tuple[tuple[str, str], ...]
    body: str
    route: tuple[str, ...] | None
    sharing: tuple[str, str | None]

    def document(self) -> Mapping[str, Any]:
        """For the other side."""
        return {
            "host": HOST,
            "page": PAGE,
            "headers": self.headers,
            "body": self.body,
            "route": self.route,
            "sharing": self.sharing,
            "origin": STRANGER,
        }

    def page(self) -> WebResponse:
        """What HTTPS answered, as our scanner keeps it."""
        return _response(PAGE, self.headers, self.body)

    def plain(self) -> WebResponse | None:
        """What HTTP answered, with where it led."""
        if self.route is None:
            return None
        hops = zip(self.route, self.route[1:], strict=False)
        redirects = tuple(Redirect(url=here, status=301, location=there) for here, there in hops)
        return _response(self.route[-1], (), "", asked=self.route[0], redirects=redirects)

    def shared(self) -> Sharing:
        """What a stranger's script was answered."""
        allowed, login = self.sharing
        return Sharing(origin=STRANGER, allow_origin=allowed or None, allow_credentials=login)


def _response(url: str, headers: tuple[tuple[str, str], ...], body: str, **more: Any) -> WebResponse:
    html = dict(headers).get("Content-Type", "text/html").startswith("text/html")
    fields: dict[str, Any] = {
        "asked": url,
        "url": url,
        "status": 200,
        "redirects": (),
        "headers": headers,
        "cookies": cookies(headers),
        "left_scope": None,
        "title": None,
        "body_bytes": len(body),
        "body_sha256": "",
        "meta": metas(body) if html else (),
        "page": parts(body, url, whole=True) if html else None,
    }
    return WebResponse(**(fields | more))


def cases(count: int, seed: int = 20261125) -> Sequence[Case]:
    """The same sites every time; the first ones differ from a good one in one thing each."""
    rng = random.Random(seed)
    axes: tuple[tuple[Any, ...], ...] = (
        CSP,
        REFERRER,
        HSTS,
        SNIFFING,
        FRAMING,
        RESOURCE,
        COOKIES,
        SCRIPTS,
        SHARING,
        ROUTES,
        MEDIA,
        META,
    )
    good = (
        CSP[1],
        "no-referrer",
        HSTS[1],
        "nosniff",
        "DENY",
        "same-origin",
        (),
        (),
        ("", None),
        ROUTES[2],
        MEDIA[0],
        "",
    )
    single = [(*good[:n], value, *good[n + 1 :]) for n, axis in enumerate(axes) for value in axis]
    drawn = [tuple(rng.choice(axis) for axis in axes) for _ in range(max(0, count - len(single)))]
    return [_case(*chosen) for chosen in (*single, *drawn)][:count]


def _case(*chosen: Any) -> Case:
    csp, referrer, hsts, sniffing, framing, resource, jar, scripts, sharing, route, media, meta = chosen
    named = {
        "Content-Security-Policy": csp,
        "Referrer-Policy": referrer,
        "Strict-Transport-Security": hsts,
        "X-Content-Type-Options": sniffing,
        "X-Frame-Options": framing,
        "Cross-Origin-Resource-Policy": resource,
        "Content-Type": media,
    }
    headers = [(name, value) for name, value in named.items() if value is not None]
    tags = "".join(f"<script {attributes}></script>" for attributes in scripts)
    return Case(
        headers=(*headers, *(("Set-Cookie", cookie) for cookie in jar)),
        body=f"<!doctype html><html><head><title>x</title>{meta}</head><body>{tags}</body></html>",
        route=route,
        sharing=sharing,
    )
