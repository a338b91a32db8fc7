"""`web/no_mixed_content`: a page that came over HTTPS loads nothing over HTTP (W3C Mixed Content)."""

from collections.abc import Iterator

from posture.checks.http import host, is_https, policies, set_aside, shown
from posture.core.facts.web_response import PlainLoad, WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

_UPGRADE = "upgrade-insecure-requests"


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Active parts before those that are only shown."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    if not is_https(fact.url):
        return not_applicable("web_plain_http")
    if fact.page is None:
        return unknown("page_unread", path="page")
    plain = fact.page.plain_loads
    if plain and any(_UPGRADE in policy for policy in policies(fact)):
        return passed("upgraded", hosts=_hosts(plain))
    active = tuple(load for load in plain if load.active)
    if active:
        return failed("active", count=len(active), hosts=_hosts(active))
    if plain:
        return failed("passive", count=len(plain), hosts=_hosts(plain))
    return passed("none") if fact.page.complete else unknown("page_too_long", path="page")


def _hosts(loads: tuple[PlainLoad, ...]) -> tuple[str, ...]:
    return tuple(sorted({shown(host(load.url)) for load in loads})[:5])
