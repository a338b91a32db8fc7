"""`dns/caa`: the domain says which certification authorities may issue for it."""

from collections.abc import Iterator

from posture.core.facts.dns_caa import DnsCaa
from posture.core.findings import Verdict, failed, passed

#: How the fact writes a property that names nobody.
_NOBODY = ";"


def judge(fact: DnsCaa) -> Iterator[Verdict]:
    """An `issue` property restricts issuance; `iodef` alone does not (RFC 8659 §4.2)."""
    issuers = tuple(issuer for issuer in fact.issue if issuer != _NOBODY)
    if fact.critical_unknown:
        yield failed("blocked", tags=fact.critical_unknown, found_at=fact.found_at)
    elif issuers:
        yield passed("restricted", issuers=issuers, found_at=fact.found_at)
    elif fact.issue:
        yield passed("forbidden", found_at=fact.found_at)
    else:
        yield failed("unrestricted")
