"""`dns/soa_timers_sensible`: the zone outlives an outage of its primary server."""

from collections.abc import Iterator

from posture.core.facts.dns_zone import DnsZone, Soa
from posture.core.findings import Verdict, failed, passed, unknown

#: Seconds: the least time secondaries keep a zone (Zonemaster ZONE05), the longest negative TTL (ZONE06).
_LEAST_EXPIRE = 604_800
_MOST_NEGATIVE = 86_400


def judge(fact: DnsZone) -> Iterator[Verdict]:
    """Expire first: it takes the zone down; then order of refresh and retry; then negative caching."""
    if fact.soa is None:
        yield unknown("unseen", path="soa")
    else:
        yield _verdict(fact.soa)


def _verdict(soa: Soa) -> Verdict:
    if soa.expire < _LEAST_EXPIRE or soa.expire < soa.refresh:
        return failed("expires_soon", seconds=soa.expire)
    if soa.retry >= soa.refresh:
        return failed("retry_too_slow", retry=soa.retry, refresh=soa.refresh)
    if soa.minimum > _MOST_NEGATIVE:
        return failed("errors_remembered", seconds=soa.minimum)
    return passed("sensible", seconds=soa.expire)
