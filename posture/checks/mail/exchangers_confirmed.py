"""`mail/exchangers_confirmed`: the addresses of the mail exchangers have names that lead back to them."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.mail_exchangers import Exchanger, MailExchangers, Reverse
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from posture.core.targets import Target

Pairs = tuple[tuple[Exchanger, Reverse], ...]


def judge(fact: MailExchangers) -> Iterator[Verdict]:
    """Forward-confirmed reverse DNS (RFC 8601 §2.7.3). It matters where the same machine also sends."""
    verdict, pairs = _verdict(fact)
    yield replace(verdict, machines=tuple(Target(name=mx.name, address=r.address) for mx, r in pairs))


def _verdict(fact: MailExchangers) -> tuple[Verdict, Pairs]:
    every = tuple((mx, reverse) for mx in fact.hosts for reverse in mx.reverse)
    nameless = tuple(pair for pair in every if pair[1].names == ())
    astray = tuple(pair for pair in every if pair[1].names and pair[1].confirmed is False)
    if not every:
        return not_applicable("no_exchangers"), ()
    if nameless:
        return failed("nameless", servers=_labels(nameless)), nameless
    if astray:
        return failed("astray", servers=_labels(astray)), astray
    for index, mx in enumerate(fact.hosts):
        for place, reverse in enumerate(mx.reverse):
            if reverse.confirmed is None:
                path = f"hosts.{index}.reverse.{place}.confirmed"
                return unknown("unseen", path=path), ((mx, reverse),)
    return passed("confirmed", count=len(every)), every


def _labels(pairs: Pairs) -> tuple[str, ...]:
    return tuple(f"{mx.name} [{reverse.address}]" for mx, reverse in pairs)
