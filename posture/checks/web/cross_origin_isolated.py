"""`web/cross_origin_isolated`: the page is kept apart from windows and resources of other sites."""

from collections.abc import Iterator

from posture.checks.http import is_https, set_aside, shown
from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, failed, not_applicable, passed

_OPENER = (
    "Cross-Origin-Opener-Policy",
    frozenset({"same-origin", "same-origin-allow-popups", "noopener-allow-popups"}),
)
_EMBEDDER = ("Cross-Origin-Embedder-Policy", frozenset({"require-corp", "credentialless"}))
_RESOURCE = ("Cross-Origin-Resource-Policy", frozenset({"same-origin", "same-site"}))


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Each of the three headers counts by itself; a value outside its list protects nothing."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    if not is_https(fact.url):
        return not_applicable("web_plain_http")
    given = {name: _value(fact, name) for name, _ in (_OPENER, _EMBEDDER, _RESOURCE)}
    missing = tuple(name for name, good in (_OPENER, _EMBEDDER, _RESOURCE) if given[name] not in good)
    if not missing:
        return passed("isolated")
    if len(missing) == len(given):
        return failed("open")
    kept = tuple(shown(f"{name}: {value}") for name, value in given.items() if name not in missing)
    return failed("partly", kept=kept, missing=missing)


def _value(fact: WebResponse, name: str) -> str:
    """The token before any parameter (RFC 8941 §3.3.4); a header sent twice is none (HTML standard)."""
    values = values_of(fact.headers, name)
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""
