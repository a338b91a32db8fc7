"""`dns.addresses`: A and AAAA of a name."""

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.observations import Gap, Reason, Seen
from scanners.context import Context


async def look(context: Context, name: str) -> Seen[DnsAddresses]:
    """Resolve and pin a name. Raises NetFailure when neither type could be asked."""
    found = await context.resolver.addresses(name)
    lost = [field for field in ("ipv4", "ipv6") if getattr(found, field) is None]
    return Seen(value=found, gaps=tuple(Gap(path=field, reason=Reason.DNS_FAILURE) for field in lost))
