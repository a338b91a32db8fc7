"""`dns/glue_correct`: the parent zone gives the addresses that the name servers really have."""

from collections.abc import Iterator

from posture.core.facts.dns_zone import DnsZone
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """Glue is what the world asks first (RFC 9471 §3); an address given up may belong to a stranger today."""
    if fact.wrong_glue is None:
        yield unknown("unseen", path="wrong_glue")
    elif fact.wrong_glue:
        yield failed("wrong", servers=fact.wrong_glue)
    else:
        yield passed("correct")
