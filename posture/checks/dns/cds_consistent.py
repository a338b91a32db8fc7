"""`dns/cds_consistent`: what the zone asks its parent to publish keeps its chain of trust whole."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """A parent that acts on CDS and CDNSKEY does what they say (RFC 7344 §4.1, RFC 8078 §4)."""
    if fact.signed is None:
        yield unknown("unseen", path="status")
    elif not fact.signed:
        yield not_applicable("not_signed")
    elif fact.cds is None:
        yield unknown("unseen", path="cds")
    elif fact.cds == "none":
        yield not_applicable("not_used")
    else:
        yield _asked(fact.cds, delegated=fact.ds is True)


def _asked(cds: str, *, delegated: bool) -> Verdict:
    if cds == "unmatched":
        return failed("unmatched")
    if cds == "disagree":
        return failed("disagree")
    if cds == "delete":
        return failed("removal") if delegated else passed("removed")
    return passed("current") if cds == "current" else passed("rollover")
