"""Which hosts are worth a sweep: a few ports of many addresses in one run of nmap.

A whole sweep of every address would take hours and find nothing on most.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from posture.core import risky_ports
from posture.core.consent import Technique
from posture.core.risky_ports import Group
from posture.core.targets import Target, address
from scanners.context import Context
from scanners.ports.plan import asked_ports, spell
from scanners.ports.report import HostReport, Key, read_each

#: Ports that a host on the Internet most likely has open: web and portals, remote access, mail, names, files.
TELLING: Final = frozenset(
    {21, 22, 23, 25, 53, 80, 443, 445, 587, 993, 1194, 1723, 3306, 3389, 4433, 4443, 5060, 5432, 5900, 5985}
    | {8000, 8080, 8443, 8888, 9443, 10000, 10443}
)
#: Those, and every other port that gives a picture of somebody's desktop.
REMOTE_ACCESS: Final = TELLING | {entry.port for entry in risky_ports.of(Group.REMOTE_DESKTOP)}

PROBES_PER_PORT = 3


async def tell(context: Context, hosts: Sequence[Target]) -> Mapping[str, HostReport]:
    """The telling ports of each address, as far as the port list of this scan has them.

    Raises PostureError for a malformed port list, and what a run of nmap raises.
    """
    ports = (await asked_ports(context)).get("tcp", frozenset())
    keys = frozenset(("tcp", number) for number in sorted(ports & REMOTE_ACCESS) or sorted(ports)[:30])
    found: dict[str, HostReport] = {}
    for version in (4, 6):
        chosen = [host for host in hosts if address(host.address or "").version == version]
        found |= await ask(context, chosen, keys) if chosen and keys else {}
    return found


async def ask(
    context: Context, hosts: Sequence[Target], keys: frozenset[Key], *, seconds: float | None = None
) -> Mapping[str, HostReport]:
    """One run on addresses of one version. Raises NetFailure and NmapError."""
    permits = [context.gateway.permit(host, Technique.PORTS) for host in hosts]
    places: Iterable[str] = dict.fromkeys(str(host.address) for host in hosts)
    xml = await context.gateway.nmap(permits, ("-sS", "-p", spell(keys)), seconds=seconds)
    return await asyncio.to_thread(read_each, xml, [*places], keys)
