"""`web/clickjacking_protected`: strangers cannot put the page into a frame of theirs."""

from collections.abc import Iterator

from posture.checks.http import policies, set_aside, tokens
from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, failed, passed

_ANYONE = frozenset({"*", "http:", "https:"})
_KNOWN = frozenset({"deny", "sameorigin", "allowall"})


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """`frame-ancestors` decides where it stands (CSP3 §6.4.2), `X-Frame-Options` elsewhere (HTML §7.5.1)."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    ancestors = [given["frame-ancestors"] for given in policies(fact) if "frame-ancestors" in given]
    options = set(tokens(values_of(fact.headers, "X-Frame-Options")))
    if ancestors:
        closed = any(not _ANYONE & set(sources) for sources in ancestors)
        return (
            passed("frame_ancestors") if closed else failed("open_to_all", header="Content-Security-Policy")
        )
    if not options:
        return failed("missing")
    return passed("frame_options") if _denies(options) else failed("open_to_all", header="X-Frame-Options")


def _denies(options: set[str]) -> bool:
    """Browsers know two words and ignore the rest; words that contradict each other deny."""
    if len(options) > 1:
        return bool(options & _KNOWN)
    return bool(options & {"deny", "sameorigin"})
