"""DNS: what a domain's name servers and its delegation say."""

import asyncio
from collections.abc import Sequence
from typing import Any

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_dangling import DnsDangling
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.observations import Observation, Seen
from posture.core.targets import Target, under
from scanners.context import Context

KINDS: tuple[str, ...] = (
    DnsAddresses.KIND,
    DnsZone.KIND,
    DnssecChain.KIND,
    DnsCaa.KIND,
    DnsDangling.KIND,
)


async def completed(
    context: Context, domain: str, observations: Sequence[Observation[Any]]
) -> list[Observation[Any]]:
    """The observations, with dangling names looked for among those that certificates show too.

    What was asked before is in the resolver's cache.
    """
    shown = _shown(domain, observations)
    place = next((i for i, o in enumerate(observations) if o.kind == DnsDangling.KIND), None)
    if place is None or not shown or not isinstance(observations[place].result, Seen):
        return list(observations)
    from scanners.dns import dangling
    from scanners.dns.evidence import evident

    again = dangling.look(context, domain, shown)
    found = await evident(context, DnsDangling.KIND, observations[place].target, again)
    return [*observations[:place], found, *observations[place + 1 :]]


def _shown(domain: str, observations: Sequence[Observation[Any]]) -> set[str]:
    """Names below the domain in the certificates that were served."""
    values = [obs.result.value for obs in observations if isinstance(obs.result, Seen)]
    certificates = [c for v in values if isinstance(v, TlsEndpoint) for c in v.certificates or ()]
    names = {name.removeprefix("*.").lower() for c in certificates for name in c.names}
    return {name for name in names if under(name, domain)}


async def scan(context: Context, domain: str) -> list[Observation[Any]]:
    """Addresses of the domain and of its `www`, its zone, chain of trust, CAA, dangling names."""
    from scanners.dns import addresses, caa, dangling, dnssec, zone  # dnspython is loaded when it is needed
    from scanners.dns.evidence import evident

    target = Target(name=domain)
    www = Target(name=f"www.{domain}")
    return list(
        await asyncio.gather(
            evident(context, DnsAddresses.KIND, target, addresses.look(context, domain)),
            evident(context, DnsAddresses.KIND, www, addresses.look(context, f"www.{domain}")),
            evident(context, DnsZone.KIND, target, zone.look(context, domain)),
            evident(context, DnssecChain.KIND, target, dnssec.look(context, domain)),
            evident(context, DnsCaa.KIND, target, caa.look(context, domain)),
            evident(context, DnsDangling.KIND, target, dangling.look(context, domain)),
        )
    )
