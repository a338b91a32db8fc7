"""A web grade comparable with MDN HTTP Observatory's (algorithm 4), by the modifiers it publishes.

Source: https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, table in
`posture/data/observatory.toml`. Two differences are on purpose: certificates are judged by the TLS checks, so
none spoils this grade, and browsers' preload lists are not consulted.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from posture.checks import observatory_csp
from posture.checks.http import host, is_https, own_site
from posture.checks.tables import table
from posture.core.facts.web_exposure import Sharing
from posture.core.facts.web_grade import GradedTest
from posture.core.facts.web_response import Cookie, Script, WebResponse, values_of

#: Bonuses count from this score on; the lowest score of each grade, best first.
BONUS_FROM: Final = 90
GRADES: Final = (
    (100, "A+"),
    (90, "A"),
    (85, "A-"),
    (80, "B+"),
    (70, "B"),
    (65, "B-"),
    (60, "C+"),
    (50, "C"),
    (45, "C-"),
    (40, "D+"),
    (30, "D"),
    (25, "D-"),
    (0, "F"),
)
_HALF_A_YEAR: Final = 15_552_000
_PRIVATE: Final = frozenset(
    {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
)
_TELLING: Final = frozenset(
    {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}
)


def graded(tests: Sequence[GradedTest]) -> tuple[int, str]:
    """Score and grade: from 100, and bonuses only for what is well kept without them."""
    penalised = 100 + sum(min(0, test.modifier) for test in tests)
    whole = 100 + sum(test.modifier for test in tests)
    score = max(0, whole if penalised >= BONUS_FROM else penalised)
    return score, next(name for least, name in GRADES if score >= least)


def every_test(
    plain: WebResponse | None, page: WebResponse, sharing: Sharing | None
) -> tuple[GradedTest, ...]:
    """The ten tests. `plain` is what HTTP answered, None where nothing listens; `page` the site's answer."""
    strict = hsts(page)
    results = {
        "content-security-policy": observatory_csp.result(page),
        "cookies": cookies(page.cookies, protected=strict == "hsts-implemented-max-age-at-least-six-months"),
        "cross-origin-resource-sharing": cors(sharing),
        "redirection": redirection(plain),
        "referrer-policy": referrer(page),
        "strict-transport-security": strict,
        "subresource-integrity": integrity(page),
        "x-content-type-options": sniffing(page),
        "x-frame-options": framing(page),
        "cross-origin-resource-policy": resource(page),
    }
    return tuple(
        GradedTest(test=name, result=result, modifier=_modifiers()[result])
        for name, result in sorted(results.items())
    )


@cache
def _modifiers() -> Mapping[str, int]:
    return {name: int(value) for name, value in table("observatory")["modifiers"].items()}


def hsts(page: WebResponse) -> str:
    """Six months or more; of repeated directives the last counts."""
    values = values_of(page.headers, "Strict-Transport-Security")
    if not is_https(page.url):
        return "hsts-not-implemented-no-https"
    if not values:
        return "hsts-not-implemented"
    ages = [part[8:] for part in _parts(values[0], ";") if part.startswith("max-age=")]
    digits = _leading_digits(ages[-1]) if ages else ""
    if "," in values[0] or not ages:
        return "hsts-header-invalid"
    long_enough = not digits or int(digits) >= _HALF_A_YEAR
    return f"hsts-implemented-max-age-{'at-least' if long_enough else 'less-than'}-six-months"


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))][:18]


def redirection(plain: WebResponse | None) -> str:
    """Where HTTP leads; a place outside the consent counts by its address."""
    if plain is None:
        return "redirection-not-needed-no-http"
    route = [plain.asked, *(hop.location for hop in plain.redirects)]
    route += [plain.left_scope] if plain.left_scope else []
    if len(route) == 1:
        return "redirection-missing"
    if not is_https(route[-1]):
        return "redirection-not-to-https"
    if not is_https(route[1]):
        return "redirection-not-to-https-on-initial-redirection"
    return "redirection-to-https" if host(route[0]) == host(route[1]) else "redirection-off-host-from-http"


#: Worst last.
_COOKIE_FLAWS: Final = (
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)


def cookies(given: Iterable[Cookie], *, protected: bool) -> str:
    """The worst flaw of any cookie. `protected`: HSTS keeps them off plain HTTP all the same."""
    kept = [cookie for cookie in given if cookie.name and cookie.name != "heroku-session-affinity"]
    flaws = {
        flaw for cookie in kept for flaw in _flaws(cookie, "-but-protected-by-hsts" if protected else "")
    }
    if flaws:
        return max(flaws, key=_COOKIE_FLAWS.index)
    if not kept:
        return "cookies-not-found"
    everywhere = all(cookie.same_site for cookie in kept)
    return "cookies-secure-with-httponly-sessions" + ("-and-samesite" if everywhere else "")


def _flaws(cookie: Cookie, protection: str) -> Iterable[str]:
    name, same_site = cookie.name.lower(), (cookie.same_site or "").lower()
    session = "login" in name or "sess" in name
    if same_site not in ("", "lax", "strict", "none") or (same_site == "none" and not cookie.secure):
        yield "cookies-samesite-flag-invalid"
    if not cookie.secure:
        yield f"cookies-without-secure-flag{protection}"
    if "csrf" in name and not same_site:
        yield "cookies-anticsrf-without-samesite-flag"
    if session and not cookie.secure:
        yield f"cookies-session-without-secure-flag{protection}"
    if session and not cookie.http_only:
        yield "cookies-session-without-httponly-flag"


def cors(sharing: Sharing | None) -> str:
    """With everybody and credentials is the one flaw."""
    allowed = (sharing.allow_origin or "").strip().lower() if sharing else ""
    prefix = "cross-origin-resource-sharing-"
    if sharing is None or not allowed:
        return f"{prefix}not-implemented"
    if allowed == "*":
        return f"{prefix}implemented-with-public-access"
    with_login = (sharing.allow_credentials or "").strip().lower() == "true"
    universal = allowed == sharing.origin and with_login
    return f"{prefix}implemented-with-{'universal' if universal else 'restricted'}-access"


def referrer(page: WebResponse) -> str:
    """The last value that browsers know counts, the page's own after the header's."""
    given = [*values_of(page.headers, "Referrer-Policy"), *(v for k, v in page.meta or () if k == "referrer")]
    if not given:
        return "referrer-policy-not-implemented"
    known = [part for part in _parts(",".join(given), ",") if part in _PRIVATE | _TELLING]
    if not known:
        return "referrer-policy-header-invalid"
    return "referrer-policy-private" if known[-1] in _PRIVATE else "referrer-policy-unsafe"


#: Worst last.
_INTEGRITY: Final = (
    "sri-implemented-and-external-scripts-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
)


def integrity(page: WebResponse) -> str:
    """Scripts of other sites, and those whose address has no scheme, want a digest and HTTPS."""
    if page.page is None:
        return "sri-not-implemented-response-not-html"
    scripts = page.page.scripts
    foreign = [script for script in scripts if _foreign(script, page.url)]
    if foreign:
        return max((_integrity(script) for script in foreign), key=_INTEGRITY.index)
    if not scripts and not page.page.inline_scripts:
        return "sri-not-implemented-but-no-scripts-loaded"
    pinned = any(script.integrity and is_https(script.url) for script in scripts)
    if pinned:
        return "sri-implemented-and-all-scripts-loaded-securely"
    return "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"


def _foreign(script: Script, url: str) -> bool:
    return script.written.startswith("//") or not own_site(host(script.url), host(url))


def _integrity(script: Script) -> str:
    secure = is_https(script.url) and not script.written.startswith("//")
    pinned = "implemented" if script.integrity else "not-implemented"
    joint = {(True, True): "and", (True, False): "but", (False, True): "but", (False, False): "and"}
    loaded = "loaded" if secure else "not-loaded"
    return f"sri-{pinned}-{joint[script.integrity, secure]}-external-scripts-{loaded}-securely"


def sniffing(page: WebResponse) -> str:
    """One value, and that one."""
    value = page.header("X-Content-Type-Options")
    return f"x-content-type-options-{_one_of(value, {'nosniff': 'nosniff'})}"


def resource(page: WebResponse) -> str:
    """CORP; none is no flaw."""
    tokens = ("same-site", "same-origin", "cross-origin")
    value = page.header("Cross-Origin-Resource-Policy")
    return f"corp-{_one_of(value, {token: f'implemented-with-{token}' for token in tokens})}"


def framing(page: WebResponse) -> str:
    """A policy's frame-ancestors goes before the old header."""
    if observatory_csp.names_ancestors(page):
        return "x-frame-options-implemented-via-csp"
    value = page.header("X-Frame-Options")
    if (value or "").strip().lower().startswith("allow-from"):
        return "x-frame-options-allow-from-origin"
    kept = dict.fromkeys(("deny", "sameorigin"), "sameorigin-or-deny")
    return f"x-frame-options-{_one_of(value, kept)}"


def _one_of(value: str | None, good: Mapping[str, str]) -> str:
    return good.get(value.strip().lower(), "header-invalid") if value else "not-implemented"


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip().lower() for part in text.split(separator)]
