"""DNS: what a domain's name servers and its delegation say."""

import asyncio
from typing import Any

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_dangling import DnsDangling
from posture.core.facts.dns_zone import DnsZone
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context

KINDS: tuple[str, ...] = (
    DnsAddresses.KIND,
    DnsZone.KIND,
    DnssecChain.KIND,
    DnsCaa.KIND,
    DnsDangling.KIND,
)


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
