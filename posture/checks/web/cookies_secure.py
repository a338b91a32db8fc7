"""`web/cookies_secure`: cookies travel over HTTPS only, and scripts cannot read those of a session."""

import re
from collections.abc import Iterable, Iterator

from posture.checks.http import is_https, set_aside, shown
from posture.core.facts.web_response import Cookie, WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed

# Names that web frameworks give to the cookie that stands for a login.
_SESSION = re.compile(r"sess|sid\b|_sid|^sid|auth|token|login|jwt|cfid|cftoken|identity", re.IGNORECASE)


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """The worst state decides; a site without HTTPS cannot keep a cookie safe (RFC 6265 §8.3)."""
    if not fact.cookies:
        aside = list(set_aside(fact))
        yield from aside or [not_applicable("none")]
    elif not is_https(fact.asked) and is_https(fact.url):
        yield not_applicable("web_elsewhere", url=shown(fact.url))
    else:
        yield _cookies(fact.cookies, served_securely=is_https(fact.url))


def _cookies(cookies: tuple[Cookie, ...], *, served_securely: bool) -> Verdict:
    clear = [cookie for cookie in cookies if not (served_securely and cookie.secure)]
    sessions = [cookie for cookie in cookies if _SESSION.search(cookie.name)]
    if any(cookie in sessions for cookie in clear):
        return failed("session_in_clear", names=_names(cookie for cookie in clear if cookie in sessions))
    readable = [cookie for cookie in sessions if not cookie.http_only]
    if readable:
        return failed("session_readable", names=_names(readable))
    if clear:
        return failed("in_clear", names=_names(clear))
    return passed("secure", count=len(cookies))


def _names(cookies: Iterable[Cookie]) -> tuple[str, ...]:
    return tuple(sorted({shown(cookie.name) for cookie in cookies}))
