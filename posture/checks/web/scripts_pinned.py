"""`web/scripts_pinned`: scripts from other sites are pinned by a digest (W3C Subresource Integrity)."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from posture.checks.http import host, is_https, own_site, set_aside, shown
from posture.core.facts.web_response import Page, Script, WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Scripts of the page's own host, or of one above or below it, need no digest."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    if fact.page is None:
        return unknown("page_unread", path="page")
    foreign = [script for script in fact.page.scripts if not own_site(host(script.url), host(fact.url))]
    plain = [script for script in foreign if is_https(fact.url) and not is_https(script.url)]
    if plain:
        return failed("plain", hosts=_hosts(plain))
    loose = [script for script in foreign if not script.integrity]
    if loose:
        return failed("unpinned", hosts=_hosts(loose))
    return _clean(fact.page, foreign)


def _clean(page: Page, foreign: list[Script]) -> Verdict:
    if not page.complete:
        return unknown("page_too_long", path="page")
    if foreign:
        return passed("pinned", hosts=_hosts(foreign))
    return passed("own_only") if page.scripts else not_applicable("no_scripts")


def _hosts(scripts: list[Script]) -> tuple[str, ...]:
    return tuple(sorted({shown(urlsplit(script.url).hostname or script.written) for script in scripts})[:5])
