"""`web/referrer_policy`: other sites do not learn the full addresses of the pages people come from."""

from collections.abc import Iterator

from posture.checks.http import set_aside, tokens
from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, failed, passed, unknown

_LEAKING = frozenset({"unsafe-url", "no-referrer-when-downgrade"})
_SPARING = frozenset(
    {
        "no-referrer",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
    }
)


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """The last known word counts (Referrer Policy §11.1); without one browsers send the origin only (§3)."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    in_page = tuple(text for name, text in fact.meta or () if name == "referrer")
    words = tokens(values_of(fact.headers, "Referrer-Policy")) + tokens(in_page)
    known = [word for word in words if word in _LEAKING | _SPARING]
    if not known and fact.meta is None:
        return unknown("page_unread", path="meta")
    if not known:
        return passed("default")
    return failed("leaks", policy=known[-1]) if known[-1] in _LEAKING else passed("sparing", policy=known[-1])
