"""`web/content_type_sniffing`: browsers are told not to guess what a file is."""

from collections.abc import Iterator

from posture.checks.http import set_aside, shown
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, passed


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Only the first value counts, and it has to be `nosniff` (Fetch standard, §3.6)."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    value = fact.header("X-Content-Type-Options")
    if value is None:
        return failed("missing")
    first = value.partition(",")[0].strip().lower()
    return passed("nosniff") if first == "nosniff" else failed("invalid", value=shown(value))
