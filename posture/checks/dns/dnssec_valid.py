"""`dns/dnssec_valid`: the zone is signed and its signatures lead to the trust anchor."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, passed, unknown


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """The four states of RFC 4035 §4.3; keys without DS are a job half done, and count as unsigned."""
    if fact.status == "secure":
        yield passed("secure")
    elif fact.status == "bogus":
        yield _bogus(fact)
    elif fact.status == "indeterminate":
        yield unknown("unseen", path="status")
    elif fact.signed:
        yield failed("no_ds")
    else:
        yield failed("unsigned")


def _bogus(fact: DnssecChain) -> Verdict:
    """The two faults of the delegation itself by their names; what else is wrong by the chain's word."""
    word = fact.reason.partition(":")[0]
    if word == "no-keys":
        return failed("ds_without_keys")
    if word == "ds-mismatch":
        return failed("ds_mismatch")
    return failed("bogus", reason_word=fact.reason)
