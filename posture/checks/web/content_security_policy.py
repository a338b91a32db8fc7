"""`web/content_security_policy`: the page says where its scripts may come from (W3C CSP Level 3)."""

from collections.abc import Iterator, Mapping

from posture.checks.http import policies, policy, set_aside
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, passed, unknown

Policy = Mapping[str, tuple[str, ...]]

#: Sources that let in scripts of anybody's making.
_ANYWHERE = ("*", "http:", "https:", "data:", "blob:", "filesystem:")
_PROOFS = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """What every policy permits is permitted: a policy can only take away (CSP3 §4.2)."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    given = [*policies(fact), *_in_page(fact)]
    if not given and fact.meta is None:
        return unknown("page_unread", path="meta")
    if not given:
        only_reported = policies(fact, "Content-Security-Policy-Report-Only")
        return failed("report_only") if only_reported else failed("missing")
    scripted = [sources for sources in map(_scripts, given) if sources is not None]
    if not scripted:
        return failed("scripts_unrestricted")
    loose = set.intersection(*(_loose(sources) for sources in scripted))
    if loose:
        return failed("scripts_from_anywhere", sources=tuple(sorted(loose)))
    return passed("restrictive")


def _in_page(fact: WebResponse) -> list[Policy]:
    return [
        policy(text) for name, text in fact.meta or () if name == "content-security-policy" and policy(text)
    ]


def _scripts(given: Policy) -> tuple[str, ...] | None:
    """Sources that decide about scripts; None when the policy leaves them alone (CSP3 §6.8.3)."""
    for directive in ("script-src-elem", "script-src", "default-src"):
        if directive in given:
            return given[directive]
    return None


def _loose(sources: tuple[str, ...]) -> set[str]:
    """The source expressions that defeat the purpose, after those that switch others off (CSP3 §6.7.3)."""
    proved = any(source.startswith(_PROOFS) for source in sources)
    dynamic = "'strict-dynamic'" in sources
    loose = set() if dynamic else {source for source in sources if source in _ANYWHERE}
    if "'unsafe-inline'" in sources and not proved and not dynamic:
        loose.add("'unsafe-inline'")
    if "'unsafe-eval'" in sources:
        loose.add("'unsafe-eval'")
    return loose
