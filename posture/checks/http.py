"""What the checks of `web/` have in common: which response answers a question, if it arises at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from posture.core.facts.web_response import WebResponse, values_of
from posture.core.findings import Verdict, not_applicable, unknown

Headers = tuple[tuple[str, str], ...]

_LONGEST = 120
_DOCUMENTS = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One response of a chain."""

    url: str
    status: int
    headers: Headers


def hops(fact: WebResponse) -> tuple[Hop, ...]:
    """Every response of the chain, in order; the last is the one that was not followed further."""
    passed_on = (Hop(url=hop.url, status=hop.status, headers=hop.headers) for hop in fact.redirects)
    return (*passed_on, Hop(url=fact.url, status=fact.status, headers=fact.headers))


def is_https(url: str) -> bool:
    """Whether the URL's scheme is https."""
    return urlsplit(url).scheme == "https"


def host(url: str) -> str:
    """The URL's host in lower case, without port."""
    return (urlsplit(url).hostname or "").lower()


def own_site(one: str, other: str) -> bool:
    """Whether one host lies below the other, once a leading www is left out."""
    left, right = one.removeprefix("www."), other.removeprefix("www.")
    return left == right or left.endswith("." + right) or right.endswith("." + left)


def shown(text: str) -> str:
    """A stranger's text at a length that fits a sentence."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def set_aside(fact: WebResponse) -> Iterator[Verdict]:
    """Why the last response does not answer a question about a page; nothing when it does.

    An address that leads from HTTP to HTTPS, or to a place outside the consent, is judged by the answer
    there. An error page is not the site: a filter that turns us away must never look well kept.
    """
    if fact.left_scope is not None:
        yield not_applicable("web_off_scope", url=shown(fact.left_scope))
    elif is_https(fact.url) and not is_https(fact.asked):
        yield not_applicable("web_elsewhere", url=shown(fact.url))
    elif not 200 <= fact.status < 300:
        yield unknown("web_error_page", path="status", status=fact.status)
    elif not _is_document(fact):
        yield not_applicable("web_no_page", media_type=shown(_media_type(fact)))


def _media_type(fact: WebResponse) -> str:
    return (fact.header("Content-Type") or "").partition(";")[0].strip().lower()


def _is_document(fact: WebResponse) -> bool:
    """A response without a type is taken for a page, as browsers do."""
    return not _media_type(fact) or _media_type(fact) in _DOCUMENTS


def tokens(values: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a comma-separated header (RFC 9110 §5.6.1), in lower case, without the empty ones."""
    parts = (part.strip().lower() for value in values for part in value.split(","))
    return tuple(part for part in parts if part)


def policies(
    fact: WebResponse, name: str = "Content-Security-Policy"
) -> tuple[dict[str, tuple[str, ...]], ...]:
    """The content security policies of a header (CSP3 §2.2): directive to source expressions, in lower case.

    A comma begins another policy; of a directive named twice the first counts.
    """
    texts = [part for value in values_of(fact.headers, name) for part in value.split(",")]
    parsed = (policy(text) for text in texts)
    return tuple(entry for entry in parsed if entry)


def policy(text: str) -> dict[str, tuple[str, ...]]:
    """One serialized policy, as the standard reads it."""
    found: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        words = part.lower().split()
        if words:
            found.setdefault(words[0], tuple(words[1:]))
    return found
