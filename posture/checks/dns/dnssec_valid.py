"""`dns/dnssec_valid`: the zone is signed and its signatures lead to the trust anchor."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, passed, unknown

#: Why a validator leaves off although there is a DS (RFC 4035 §5.2, RFC 9276 §3.2, RFC 5155 §9.2).
_UNCHECKED = frozenset({"unsupported-algorithm", "nsec3-iterations", "opt-out"})


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """The four states of RFC 4035 §4.3; keys without DS are a job half done, and count as unsigned."""
    if fact.status == "secure":
        yield passed("secure")
    elif fact.status == "bogus":
        yield _bogus(fact)
    elif fact.status == "indeterminate":
        yield unknown("unseen", path="status")
    elif fact.signed:
        yield _unchecked(fact)
    else:
        yield failed("unsigned")


def _unchecked(fact: DnssecChain) -> Verdict:
    """Keys that nobody follows: mostly for want of a DS, else for how the zone was signed."""
    unchecked = fact.reason.partition(":")[0] in _UNCHECKED
    return failed("unchecked", reason_word=fact.reason) if unchecked else failed("no_ds")


def _bogus(fact: DnssecChain) -> Verdict:
    """The two faults of the delegation itself by their names; what else is wrong by the chain's word."""
    word = fact.reason.partition(":")[0]
    if word == "no-keys":
        return failed("ds_without_keys")
    if word == "ds-mismatch":
        return failed("ds_mismatch")
    return failed("bogus", reason_word=fact.reason)
