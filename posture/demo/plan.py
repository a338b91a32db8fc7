"""Who answers where: puts companies, their papers, the name space and bound ports together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from posture.core.consent import Consent
from posture.demo import papers, zones
from posture.demo.answers import Server
from posture.demo.berths import Place
from posture.demo.cast import Company
from posture.demo.serving import Talk
from posture.demo.zones import Zone, ZoneText

#: Where clients that resolve nothing themselves ask.
RESOLVER = Place(address="127.0.100.5", port=53, names=(), udp=True)

_ROOT = ZoneText(origin=".", nameservers=(("a.root.example", "127.0.100.1"),), signed=True)
_TOP = ZoneText(
    origin="example",
    nameservers=(("a.nic.example", "127.0.100.2"), ("b.nic.example", "127.0.100.3")),
    signed=True,
)
_REVERSE = ZoneText(origin="127.in-addr.arpa", nameservers=_ROOT.nameservers)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSpace:
    """All zones, finished."""

    root: Zone
    top: Zone
    reverse: Zone
    companies: tuple[Zone, ...]

    @property
    def all(self) -> tuple[Zone, ...]:
        """Every zone."""
        return (self.root, self.top, self.reverse, *self.companies)


def talks(companies: Iterable[Company], shut: Iterable[int]) -> dict[Place, Talk | None]:
    """What answers on each TCP port of the hosts; None on ports that are held to be `shut`."""
    found: dict[Place, Talk | None] = {}
    shut = tuple(shut)
    for host in (host for company in companies for host in company.hosts):
        for port in dict.fromkeys((*host.services, *shut)):
            place = Place(address=host.address, port=port, names=host.names)
            found[place] = host.services.get(port)
    return found


def name_server_places(companies: Iterable[Company]) -> Iterator[Place]:
    """Every place where DNS is spoken."""
    yield RESOLVER
    for text in (_ROOT, _TOP, *(company.zone for company in companies)):
        yield from _places(text)


def consents(companies: Iterable[Company], now: datetime) -> dict[str, Consent]:
    """Every company's consent by its key."""
    return {company.key: papers.consent(company, now) for company in companies}


def name_space(companies: Sequence[Company], given: Mapping[str, Consent], now: datetime) -> NameSpace:
    """Build all zones from the leaves to the root, with the proof of each consent in its company's zone."""
    leaves = tuple(zones.build(_proved(company, given[company.key]), (), now) for company in companies)
    top = zones.build(_TOP, leaves, now)
    reverse = zones.build(replace(_REVERSE, records="\n".join(_pointers(companies))), (), now)
    root = zones.build(_ROOT, (top, reverse), now)
    return NameSpace(root=root, top=top, reverse=reverse, companies=leaves)


def _pointers(companies: Sequence[Company]) -> Iterator[str]:
    """The name of each host's address (RFC 1035 §3.5)."""
    for host in (host for company in companies for host in company.hosts):
        owner = ".".join(reversed(host.address.split(".")[1:]))
        yield from (f"{owner} PTR {name}." for name in host.names[:1])


def name_servers(companies: Sequence[Company], space: NameSpace) -> dict[Place, Server]:
    """What is said at every place where DNS is spoken."""
    said = {RESOLVER: Server(known=space.all)}
    said |= dict.fromkeys(_places(space.root.text), Server(own=(space.root, space.reverse)))
    said |= dict.fromkeys(_places(space.top.text), Server(own=(space.top,)))
    for company, zone in zip(companies, space.companies, strict=True):
        server = Server(
            own=(zone,),
            known=space.all if company.open_name_servers else (),
            transfer=company.open_name_servers,
            version=company.dns_software,
        )
        said |= dict.fromkeys(_places(company.zone), server)
    return said


def _places(text: ZoneText) -> Iterator[Place]:
    for name, address in text.nameservers:
        yield Place(address=address, port=53, names=(name,), udp=True)


def _proved(company: Company, consent: Consent) -> ZoneText:
    return replace(company.zone, records=f"{company.zone.records}\n{papers.proof_record(consent)}")
