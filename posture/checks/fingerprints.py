"""Recognises products with a login page by what they answer (table: `posture/data/fingerprints.toml`)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlsplit

from posture.checks.http import hops, set_aside
from posture.checks.tables import table
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Confidence, Verdict, failed, passed

Signs = Mapping[str, tuple[str, ...]]

KINDS = ("vpn", "exchange", "transfer", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A product and its rules. `claims` is A, B or empty; each rule maps a sign to its expression."""

    product: str
    kind: str
    claims: str
    rules: tuple[Mapping[str, re.Pattern[str]], ...]

    def matches(self, signs: Signs) -> bool:
        """Whether all parts of one rule are found."""
        return any(
            all(any(expression.search(text) for text in signs[sign]) for sign, expression in rule.items())
            for rule in self.rules
        )


@cache
def fingerprints(kind: str) -> tuple[Fingerprint, ...]:
    """The fingerprints of a kind, in the table's order."""
    return tuple(
        Fingerprint(
            product=entry["product"],
            kind=entry["kind"],
            claims=entry.get("claims", ""),
            rules=tuple({sign: expression(text) for sign, text in rule.items()} for rule in entry["when"]),
        )
        for entry in table("fingerprints")["fingerprint"]
        if entry["kind"] == kind
    )


def expression(given: str | list[str]) -> re.Pattern[str]:
    """Of a part of a rule: an expression that is searched, or a list of which one is the whole text."""
    exact = given if isinstance(given, str) else rf"\A(?:{'|'.join(map(re.escape, given))})\Z"
    return re.compile(exact, re.IGNORECASE)


def known(fact: WebResponse) -> bool:
    """Whether the answer shows a product of any kind."""
    return any(recognised(fact, kind) for kind in KINDS)


def recognised(fact: WebResponse, kind: str) -> tuple[Fingerprint, ...]:
    """The products of a kind that the answer shows."""
    seen = signs(fact)
    return tuple(entry for entry in fingerprints(kind) if entry.matches(seen))


def signs(fact: WebResponse) -> Signs:
    """What rules may look at, by its word in the table."""
    visited = [fact.asked, fact.url, *(hop.location for hop in fact.redirects), fact.left_scope or ""]
    headers = [pair for hop in hops(fact) for pair in hop.headers]
    shown = fact.certificate
    return {
        "path": tuple(_from_path(url) for url in visited),
        "title": (fact.title or "",),
        "cookie": tuple(cookie.name for cookie in fact.cookies),
        "server": tuple(value for name, value in headers if name.lower() == "server"),
        "header": tuple(name for name, _ in headers),
        "subject": (shown.subject,) if shown else (),
        "issuer": (shown.issuer,) if shown else (),
        "names": shown.names if shown else (),
        "icon": (fact.icon.md5,) if fact.icon and fact.icon.md5 else (),
    }


def judge_kind(fact: WebResponse, kind: str) -> Iterator[Verdict]:
    """One `reachable` per recognised product; `none` only for a page that was really seen."""
    found = recognised(fact, kind)
    for entry in found:
        yield about(entry, failed("reachable", product=entry.product))
    if not found:
        yield from none_found(fact)


def none_found(fact: WebResponse) -> Iterator[Verdict]:
    """The verdict where nothing was recognised."""
    aside = list(set_aside(fact))
    yield from aside or [passed("none")]


def about(entry: Fingerprint, verdict: Verdict) -> Verdict:
    """A verdict about one product: inferred, and a finding of its own."""
    return replace(verdict, confidence=Confidence.INFERRED, discriminator=entry.product)


def _from_path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
