"""`web/https_enforced`: whoever comes by plain HTTP is led to HTTPS on the same host, and stays there."""

from collections.abc import Iterator

from posture.checks.http import host, is_https, shown
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """The first redirect counts: only there can HSTS (RFC 6797 §8.3) protect the next visit."""
    visited = [fact.asked, *(hop.location for hop in fact.redirects), *_outside(fact)]
    if is_https(fact.asked):
        yield _stays(visited)
    elif len(visited) == 1:
        yield _without_redirect(fact)
    elif not is_https(visited[-1]):
        yield failed("plain", url=shown(visited[-1]))
    elif not is_https(visited[1]):
        yield failed("late", url=shown(visited[1]))
    elif host(visited[1]) != host(fact.asked):
        yield failed("other_host", url=shown(visited[1]))
    else:
        yield _stays(visited[1:])


def _outside(fact: WebResponse) -> tuple[str, ...]:
    return () if fact.left_scope is None else (fact.left_scope,)


def _stays(visited: list[str]) -> Verdict:
    plain = [url for url in visited if not is_https(url)]
    return failed("downgraded", url=shown(plain[0])) if plain else passed("enforced", url=shown(visited[-1]))


def _without_redirect(fact: WebResponse) -> Verdict:
    if fact.status >= 500:
        return unknown("web_error_page", path="status", status=fact.status)
    if fact.status >= 400:
        return passed("nothing_served", status=fact.status)
    return failed("plain", url=shown(fact.url))
