"""`web/start_page_is_own`: the address shows its owner's page, no file list, no installer's page."""

import re
from collections.abc import Iterator

from posture.checks.http import set_aside, shown
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, passed, unknown

# Apache httpd, nginx, lighttpd and Python head their listings like this; IIS with the host and a slash.
_LISTING = re.compile(r"(Index of /|Directory listing for /|Directory: /)", re.IGNORECASE)
_INSTALLED = re.compile(
    r"Welcome to nginx!?|Apache2 (Ubuntu|Debian) Default Page.*|(HTTP Server )?Test Page( for the .*)?"
    r"|IIS Windows Server|IIS7|Apache Tomcat(/[\d.]+)?|It works!",
    re.IGNORECASE,
)


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Goes by the page's title alone."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    title = fact.title or ""
    if fact.meta is None and not title:
        return unknown("page_unread", path="meta")
    if _LISTING.match(title):
        return failed("listing", title=shown(title))
    if _INSTALLED.fullmatch(title):
        return failed("installed", title=shown(title))
    return passed("own")
