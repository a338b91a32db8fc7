"""`mail/bimi`: the domain's logo record, if it has one, can be used. For information."""

from collections.abc import Iterator

from posture.core.facts.mail_bimi import MailBimi
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: MailBimi) -> Iterator[Verdict]:
    """A domain without logo lacks nothing; neither picture nor certificate was fetched."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield not_applicable("none")
    elif fact.status == "declined":
        yield not_applicable("declined")
    elif fact.status == "invalid":
        yield failed("broken", problems=fact.problems)
    elif fact.evidence is None:
        yield passed("published", logo=fact.logo)
    else:
        yield passed("certified", logo=fact.logo, evidence=fact.evidence)
