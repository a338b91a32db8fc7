"""`mail/dmarc_reports`: the domain's owner gets reports about mail sent in its name."""

from collections.abc import Iterator

from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: MailDmarc) -> Iterator[Verdict]:
    """Reports to another organization's address are sent only if it says so in DNS (RFC 9990 §4)."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield not_applicable("no_record")
    elif not fact.rua:
        yield failed("none")
    elif fact.unconfirmed_reports is None:
        yield unknown("unseen", path="unconfirmed_reports")
    elif fact.unconfirmed_reports:
        yield failed("unconfirmed", hosts=fact.unconfirmed_reports)
    else:
        yield passed("reported", addresses=fact.rua)
