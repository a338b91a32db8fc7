"""`tls/certificate_current`: the certificate is valid today and will be renewed in time."""

from collections.abc import Iterator
from datetime import timedelta

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import Certificate, TlsEndpoint
from posture.core.findings import Verdict, failed, passed

#: Days before the end at which a certificate is late, or due; for short lives a share of the life instead,
#: because a certificate of 90 or 47 days is renewed by a machine, late in its life and on purpose.
_LATE = timedelta(days=30)
_DUE = timedelta(days=60)
_LATE_SHARE = 6
_DUE_SHARE = 3


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """Bands: over, late, due, fine; against the time of the handshake."""
    if fact.certificates is None:
        yield without(fact, "certificates")
        return
    leaf = fact.certificates[0]
    until = leaf.not_after.date().isoformat()
    if leaf.not_after < fact.at and fact.opportunistic:
        yield failed("expired_mail", until=until)
    elif leaf.not_after < fact.at:
        yield failed("expired", until=until)
    elif leaf.not_before > fact.at:
        yield failed("not_yet_valid", begins=leaf.not_before.date().isoformat())
    else:
        yield _running(leaf, leaf.not_after - fact.at, until)


def _running(leaf: Certificate, left: timedelta, until: str) -> Verdict:
    life = leaf.not_after - leaf.not_before
    if left < min(_LATE, life / _LATE_SHARE):
        return failed("late", until=until, days=left.days)
    if left < min(_DUE, life / _DUE_SHARE):
        return passed("due", until=until, days=left.days)
    return passed("current", until=until, days=left.days)
