"""`mail/spf`: the domain says which servers may send its mail, and receivers can act on it."""

from collections.abc import Iterator

from posture.core.facts.mail_spf import MailSpf
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: MailSpf) -> Iterator[Verdict]:
    """A policy counts when it evaluates and ends in `-all` or `~all` (RFC 7208 §5.1, §8)."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield failed("missing")
    elif fact.status == "permerror":
        yield failed("broken", problems=fact.problems)
    else:
        yield _ending(fact)


def _ending(fact: MailSpf) -> Verdict:
    if fact.all == "-":
        return passed("strict", lookups=fact.lookups)
    if fact.all == "~":
        return passed("soft", lookups=fact.lookups)
    if fact.all == "+":
        return failed("everyone")
    return failed("neutral")
