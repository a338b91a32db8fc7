"""`web/login_protected`: a form that asks for a password comes and sends over HTTPS."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from posture.checks.http import is_https, set_aside, shown
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """The page's own encryption first: who can change the form can change where it sends."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    if fact.page is None:
        return unknown("page_unread", path="page")
    logins = [form for form in fact.page.forms if form.password]
    if logins and not is_https(fact.url):
        return failed("plain_page")
    plain = sorted({urlsplit(form.action).hostname or "" for form in logins if not is_https(form.action)})
    if plain:
        return failed("plain_action", hosts=tuple(shown(name) for name in plain[:5]))
    if logins:
        return passed("encrypted")
    return not_applicable("no_login") if fact.page.complete else unknown("page_too_long", path="page")
