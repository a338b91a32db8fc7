"""`mail/dmarc_subdomains`: names below the domain, existing or invented, are protected like the domain."""

from collections.abc import Iterator

from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: MailDmarc) -> Iterator[Verdict]:
    """`sp` and `np` (RFC 9989 §4.7). That the domain itself is unprotected `mail/dmarc` says already."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.status != "valid" or fact.policy == "none":
        yield not_applicable("domain_unprotected")
    elif fact.subdomain_policy == "none":
        yield failed("subdomains_open")
    elif fact.nonexistent_policy == "none":
        yield failed("invented_open")
    else:
        yield passed("protected", policy=fact.subdomain_policy)
