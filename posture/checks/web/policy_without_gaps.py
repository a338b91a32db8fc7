"""`web/policy_without_gaps`: a policy that restricts scripts leaves no other way to them (CSP3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from posture.checks.http import policies, policy, set_aside
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

Policy = Mapping[str, tuple[str, ...]]

#: A moved base makes relative scripts a stranger's, plug-ins run programs, a form's target gets what is typed
_WAYS: Final = ("base-uri", "form-action", "object-src")
_SCRIPTS: Final = ("script-src-elem", "script-src", "default-src")
_EVERYWHERE: Final = frozenset({"*", "http:", "https:"})


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Every policy has to permit it: one that closes a way closes it (CSP3 §4.2)."""
    aside = list(set_aside(fact))
    yield from aside or [_page(fact)]


def _page(fact: WebResponse) -> Verdict:
    given: list[Policy] = [*policies(fact), *_in_page(fact)]
    if not given and fact.meta is None:
        return unknown("page_unread", path="meta")
    if not any(name in policy for policy in given for name in _SCRIPTS):
        return not_applicable("no_policy")
    left = tuple(name for name in _WAYS if not any(_closes(policy, name) for policy in given))
    return failed("gaps", directives=left) if left else passed("none")


def _in_page(fact: WebResponse) -> Sequence[Policy]:
    return [policy(text) for name, text in fact.meta or () if name == "content-security-policy"]


def _closes(given: Policy, name: str) -> bool:
    """Only plug-ins fall back to the default (§6.8.3)."""
    sources = given.get(name, given.get("default-src") if name == "object-src" else None)
    return sources is not None and not _EVERYWHERE & set(sources)
