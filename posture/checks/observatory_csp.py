"""What the web grade makes of a content security policy (CSP3, read as MDN HTTP Observatory grades it)."""

from collections.abc import Iterable, Mapping
from typing import Final

from posture.checks.http import is_https
from posture.core.facts.web_response import WebResponse, values_of

Sources = frozenset[str]
Policy = Mapping[str, Sources]

_BROAD: Final = frozenset(
    {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
)
_UNSAFE: Final = frozenset({"'unsafe-inline'", "data:"})
_PROOFS: Final = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
_ANYTHING: Final = frozenset({"*"})
_PASSIVE: Final = ("img-src", "media-src")
_NOT_IN_META: Final = frozenset({"frame-ancestors", "report-uri", "sandbox"})
_REPEATABLE: Final = frozenset({"report-uri", "report-to"})
#: No directive is shorter than this.
_SHORTEST: Final = 6


_DOUBLED: Final = "csp-implemented-but-duplicate-directives"
_PASSED: Final = frozenset(
    f"csp-implemented-with-{what}"
    for what in (
        "no-unsafe",
        "no-unsafe-default-src-none",
        "unsafe-inline-in-style-src-only",
        "insecure-scheme-in-passive-content-only",
    )
)


class _InvalidError(Exception):
    """A policy that the grade refuses to read."""


def result(page: WebResponse) -> str:
    """The first thing that is wrong, the worst first."""
    header, meta = values_of(page.headers, "Content-Security-Policy"), _in_page(page)
    if not header and not meta:
        reported = values_of(page.headers, "Content-Security-Policy-Report-Only")
        return "csp-not-implemented" + ("-but-reporting-enabled" if reported else "")
    try:
        every = [_policy(text) for text in (*header, *meta)]
        only_meta = [_policy(text) for text in meta]
    except _InvalidError:
        return "csp-header-invalid"
    if not header and not any(set(policy) - _NOT_IN_META for policy in only_meta):
        return "csp-not-implemented"
    judged = _judged(_together(every), secure=is_https(page.url))
    doubled = any(_doubled(text) for text in (*header, *meta))
    return _DOUBLED if doubled and judged in _PASSED else judged


def names_ancestors(page: WebResponse) -> bool:
    """Whether a policy that the grade reads says who may frame the page.

    Within the page it has no effect (CSP3 §3.3), which `web/clickjacking_protected` says; the peer counts it.
    """
    header, meta = values_of(page.headers, "Content-Security-Policy"), _in_page(page)
    if result(page).startswith(("csp-not-implemented", "csp-header-invalid")) and not _readable(header):
        return False
    return _readable((*header, *meta)) and any(
        "frame-ancestors" in _policy(text) for text in (*header, *meta)
    )


def _readable(texts: Iterable[str]) -> bool:
    try:
        return [_policy(text) for text in texts] != []
    except _InvalidError:
        return False


def _in_page(page: WebResponse) -> tuple[str, ...]:
    return tuple(text for name, text in page.meta or () if name == "content-security-policy")


def _policy(text: str) -> Policy:
    """One policy. Raises _InvalidError for a directive named twice, which browsers would pass over."""
    if len(text.strip()) < _SHORTEST:
        raise _InvalidError
    found: dict[str, Sources] = {}
    for words in (part.lower().split() for part in text.split(";")):
        if not words:
            continue
        if words[0] in found and words[0] not in _REPEATABLE:
            raise _InvalidError
        empty = {"'none'"} if words[0].endswith("-src") else set[str]()
        found[words[0]] = frozenset(words[1:] or empty)
    return found


def _doubled(text: str) -> bool:
    names = [words[0] for words in (part.lower().split() for part in text.split(";")) if words]
    return len(names) != len(set(names))


def _together(policies: Iterable[Policy]) -> Policy:
    """What every policy permits (CSP3 §4.2); nothing in common is nothing."""
    merged: dict[str, Sources] = {}
    for policy in policies:
        for name, sources in policy.items():
            common = merged[name] & sources if name in merged else sources
            merged[name] = common or frozenset({"'none'"})
    return merged


def _judged(csp: Policy, *, secure: bool) -> str:
    default = csp.get("default-src", _ANYTHING)
    script, styles = _proved(csp.get("script-src", default)), _proved(csp.get("style-src", default))
    objects = csp.get("object-src", default)
    if "'strict-dynamic'" in script and not _has_proof(script):
        return "csp-header-invalid"
    script = _dynamic(script)
    passive = {source for name in _PASSIVE for source in csp.get(name, csp.get("default-src", ()))}
    others = {
        source for name, given in csp.items() if name not in (*_PASSIVE, "script-src") for source in given
    }
    checks = (
        ("unsafe-inline", bool(script & (_BROAD | _UNSAFE) or objects & _BROAD)),
        ("insecure-scheme", secure and _plain(others | script)),
        ("unsafe-eval", "'unsafe-eval'" in script | styles),
        ("insecure-scheme-in-passive-content-only", secure and _plain(passive)),
        ("unsafe-inline-in-style-src-only", bool(styles & (_BROAD | _UNSAFE))),
        ("no-unsafe-default-src-none", csp.get("default-src", _ANYTHING) == frozenset({"'none'"})),
    )
    return "csp-implemented-with-" + next((name for name, true in checks if true), "no-unsafe")


def _has_proof(sources: Iterable[str]) -> bool:
    return any(source.startswith(_PROOFS) for source in sources)


def _proved(sources: Sources) -> Sources:
    """A nonce or a digest switches 'unsafe-inline' off (CSP3 §6.7.3.2)."""
    return sources - {"'unsafe-inline'"} if _has_proof(sources) else sources


def _dynamic(sources: Sources) -> Sources:
    """'strict-dynamic' switches hosts and schemes off (CSP3 §8.2)."""
    if "'strict-dynamic'" not in sources:
        return sources
    return frozenset(s for s in sources if s != "'self'" and not s.startswith(tuple(_BROAD)))


def _plain(sources: Iterable[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)
