"""`mail/dmarc`: receivers are asked to keep forged mail away from people."""

from collections.abc import Iterator

from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: MailDmarc) -> Iterator[Verdict]:
    """Enforced is quarantine or reject; `t=y` takes one level off (RFC 9989 §4.7)."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield failed("missing")
    elif fact.status == "invalid":
        yield failed("broken", problems=fact.problems)
    elif fact.policy == "none":
        yield failed("not_enforced")
    elif fact.testing and fact.policy == "quarantine":
        yield failed("testing")
    elif fact.testing:
        yield passed("weakened")
    else:
        yield passed("enforced", policy=fact.policy)
