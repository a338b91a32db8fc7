"""`web/hsts`: browsers are told to come by HTTPS only, for a year or longer (RFC 6797)."""

import re
from collections.abc import Iterator

from posture.checks.http import hops, is_https, shown
from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Seconds. One year, as internet.nl and the browsers' preload list ask; others accept 180 days.
THRESHOLD = 31_536_000

_DIRECTIVE = re.compile(
    r"\s*([a-z0-9!#$%&'*+.^_`|~-]+)\s*(?:=\s*(\"[^\"]*\"|[^\s\";]+)\s*)?\Z", re.IGNORECASE
)


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """The host that was asked answers for itself, redirect or not; the first field counts (§8.1)."""
    if not is_https(fact.asked):
        yield not_applicable("web_plain_http")
        return
    first = hops(fact)[0]
    values = values_of(first.headers, "Strict-Transport-Security")
    if values:
        yield _value(values[0])
    elif first.status >= 400:
        yield unknown("web_error_page", path="status", status=first.status)
    else:
        yield failed("missing", threshold=THRESHOLD)


def _value(value: str) -> Verdict:
    directives = _directives(value)
    age = directives.get("max-age", "") if directives is not None else ""
    if directives is None or not re.fullmatch(r"[0-9]+", age):
        return failed("invalid", value=shown(value))
    seconds = int(age[:18])
    if seconds < THRESHOLD:
        return failed("short", seconds=seconds, threshold=THRESHOLD)
    if "includesubdomains" in directives and "preload" in directives:
        return passed("preloadable", seconds=seconds)
    if "includesubdomains" in directives:
        return passed("strict_with_subdomains", seconds=seconds)
    return passed("strict", seconds=seconds)


def _directives(value: str) -> dict[str, str] | None:
    """Directives by lower-case name (§6.1); None when the grammar is broken or a directive comes twice."""
    found: dict[str, str] = {}
    for part in value.split(";"):
        if not part.strip():
            continue
        match = _DIRECTIVE.match(part)
        if match is None or match[1].lower() in found:
            return None
        found[match[1].lower()] = (match[2] or "").strip('"')
    return found
