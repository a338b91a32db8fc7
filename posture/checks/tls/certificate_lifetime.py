"""`tls/certificate_lifetime`: the certificate was issued for no longer than the rules allow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

#: Longest life in days by the day of issue, newest first (CA/Browser Forum ballots SC-31 and SC-081v3).
_CALENDAR = (
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
    (datetime(2018, 3, 1, tzinfo=UTC), 825),
)
_SLACK = timedelta(days=1)


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """Public authorities are bound by it; browsers refuse what is longer."""
    if not fact.certificates or fact.trust is None:
        yield without(fact, "certificates")
        return
    leaf = fact.certificates[0]
    days = (leaf.not_after - leaf.not_before + timedelta(seconds=1)).days
    allowed = next((most for since, most in _CALENDAR if leaf.not_before >= since), None)
    if not fact.trust.trusted or allowed is None:
        yield not_applicable("not_bound")
    elif leaf.not_after - leaf.not_before > timedelta(days=allowed) + _SLACK:
        yield failed("too_long", days=days, allowed=allowed)
    else:
        yield passed("within", days=days, allowed=allowed)
