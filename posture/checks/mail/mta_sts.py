"""`mail/mta_sts`: mail on its way to the domain cannot be stripped of its encryption."""

from collections.abc import Iterator

from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.findings import Verdict, failed, passed, unknown

#: Seconds: a policy that is forgotten within a day protects nobody who writes once a week (RFC 8461 §3.2).
_SHORT = 86_400


def judge(fact: MailMtaSts) -> Iterator[Verdict]:
    """A policy protects in mode enforce, when it names every exchanger and is remembered for some time."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield failed("missing")
    elif fact.status == "invalid":
        yield failed("broken", problems=fact.problems)
    else:
        yield _valid(fact)


def _valid(fact: MailMtaSts) -> Verdict:
    if fact.mode == "none":
        return failed("withdrawn")
    if fact.uncovered:
        return failed("exchangers_missing", exchangers=fact.uncovered)
    if fact.mode == "testing":
        return failed("testing")
    if fact.uncovered is None:
        return unknown("unseen", path="uncovered")
    if fact.max_age is not None and fact.max_age < _SHORT:
        return failed("forgotten", seconds=fact.max_age)
    return passed("enforced", seconds=fact.max_age)
