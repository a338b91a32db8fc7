"""`mail/spf_few_senders`: SPF lets only a part of the Internet send, not nearly everybody."""

from collections.abc import Iterator

from posture.core.facts.mail_spf import MailSpf
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: IPv4 addresses: a /8 holds 2^24; the largest mail providers together pass far fewer.
_FAR_TOO_MANY = 2**24
#: A /12; more than any provider's sending ranges we know of.
_MANY = 2**20


def judge(fact: MailSpf) -> Iterator[Verdict]:
    """Whether a stranger's address can pass, by how many IPv4 addresses do. Of `+all` speaks `mail/spf`."""
    if fact.status == "temperror":
        yield unknown("unseen", path="status")
    elif fact.all == "+":
        yield not_applicable("everybody")
    elif fact.ipv4_senders is None:
        yield not_applicable("no_policy")
    elif fact.ipv4_senders >= _FAR_TOO_MANY:
        yield failed("everyone", count=fact.ipv4_senders)
    elif fact.ipv4_senders >= _MANY:
        yield failed("many", count=fact.ipv4_senders)
    else:
        yield passed("few", count=fact.ipv4_senders)
