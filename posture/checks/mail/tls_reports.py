"""`mail/tls_reports`: the owner learns when mail could not be protected on its way."""

from collections.abc import Iterator

from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: MailTlsRpt) -> Iterator[Verdict]:
    """RFC 8460 §3. Its absence harms nobody by itself."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status == "none":
        yield failed("missing")
    elif fact.status == "invalid":
        yield failed("broken", problems=fact.problems)
    else:
        yield passed("reported", addresses=fact.rua)
