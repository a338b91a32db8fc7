"""`dns/nsec3_light`: proofs of absence do not burden resolvers until they give up."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Rounds beyond which validators treat a zone as unsigned (RFC 9276 §3.2; BIND and Unbound: 150 and falling).
_MANY = 100


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """RFC 9276 §3.1: no extra iterations and no salt."""
    if fact.signed is None:
        yield unknown("unseen", path="status")
    elif fact.denial != "nsec3" or fact.nsec3_iterations is None:
        yield not_applicable("no_nsec3")
    elif fact.nsec3_iterations > _MANY:
        yield failed("heavy", iterations=fact.nsec3_iterations)
    elif fact.nsec3_iterations > 0 or fact.nsec3_salted:
        yield failed("needless", iterations=fact.nsec3_iterations)
    else:
        yield passed("light")
