"""What nmap's XML says of one address, read with python-nmap's parser and checked to be whole."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posture.core.facts.ports_host import Disagreement
from posture.core.targets import port_ranges
from scanners.net.nmap import NmapError

#: A port as nmap identifies it: protocol and number.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReport:
    """nmap's state and reason of one port, and the name its table gives the number."""

    state: str
    reason: str
    name: str | None = None
    product: str | None = None
    version: str | None = None
    cpe: tuple[str, ...] = ()
    confidence: int = 0

    @property
    def answered(self) -> bool:
        """Whether the port itself said something: it accepted or it refused."""
        return self.state in {"open", "closed"}


_SILENT = PortReport(state="filtered", reason="no-response")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """Every asked port of one address. `timed_out`: nmap gave the host up, the ports are not to be read.

    `disagreements` are in physical numbers.
    """

    ports: Mapping[Key, PortReport]
    timed_out: bool = False
    disagreements: tuple[Disagreement, ...] = ()

    def open_ports(self, protocol: str = "tcp") -> tuple[int, ...]:
        """Open ports of a protocol, ascending."""
        return tuple(
            sorted(
                number
                for (kind, number), port in self.ports.items()
                if kind == protocol and port.state == "open"
            )
        )

    def text(self) -> str:
        """One line per port that answered: the same for the same answers, whenever asked."""
        lines = [
            f"{protocol}/{number} {port.state} {port.reason}"
            for (protocol, number), port in sorted(self.ports.items())
            if port.answered
        ]
        return "\n".join(lines)


def read(xml: bytes, address: str, asked: frozenset[Key]) -> HostReport:
    """The report on `address`. A protocol that nmap could not sweep is left out of it.

    Raises NmapError when the XML is cut off, speaks of other ports than were asked, or leaves the address
    out: an empty result must never read as a host without open ports.
    """
    return read_each(xml, (address,), asked)[address]


def read_each(xml: bytes, addresses: Sequence[str], asked: frozenset[Key]) -> dict[str, HostReport]:
    """The report on each of several addresses of one run. Raises NmapError as `read` does."""
    root = _whole(xml)
    swept = {one.get("protocol", ""): _numbers(one.get("services", "")) for one in root.findall("scaninfo")}
    for protocol, ports in swept.items():
        if ports != {number for kind, number in asked if kind == protocol}:
            raise NmapError(f"nmap swept other {protocol} ports than it was asked for")
    hosts = {one.get("addr"): host for host in root.findall("host") for one in host.findall("address")}
    entries = _parsed(xml)["scan"]
    return {place: _report(place, hosts.get(place), entries.get(place), swept) for place in addresses}


def _report(
    address: str,
    host: ET.Element | None,
    entry: Mapping[str, Any] | None,
    swept: Mapping[str, frozenset[int]],
) -> HostReport:
    if host is None or entry is None or not swept:
        raise NmapError(f"nmap's result leaves {address} out")
    if host.get("timedout") == "true":
        return HostReport(ports={}, timed_out=True)
    listed = {(protocol, number): port for protocol in swept for number, port in _listed(entry, protocol)}
    numbered, others = _counted(host)
    every = [(protocol, number) for protocol, ports in swept.items() for number in sorted(ports)]
    return HostReport(ports={key: listed.get(key) or numbered.get(key) or others for key in every})


def _whole(xml: bytes) -> ET.Element:
    try:
        root = ET.fromstring(xml)  # noqa: S314 - written by the nmap we started, no text of the target's in it
    except ET.ParseError as error:
        raise NmapError(f"nmap's result is not whole: {error}") from None
    finished = root.find("runstats/finished")
    if finished is None or finished.get("exit") != "success":
        raise NmapError("nmap's result does not say that the run succeeded")
    return root


def _parsed(xml: bytes) -> Mapping[str, Any]:
    """python-nmap's dictionary.

    Its constructor would run `nmap -V`, a program started behind the Gateway's back. The parser uses nothing
    that the constructor sets, so the object is made without it.
    """
    from nmap import PortScanner, PortScannerError

    scanner = PortScanner.__new__(PortScanner)
    try:
        parsed: Mapping[str, Any] = scanner.analyse_nmap_xml_scan(nmap_xml_output=xml)
    except PortScannerError as error:
        raise NmapError(f"nmap's result cannot be read: {error!s:.200}") from None
    return parsed


def _numbers(spec: str) -> frozenset[int]:
    ranges = port_ranges(spec) if spec else ()
    return frozenset(number for one in ranges for number in range(one.first, one.last + 1))


def _listed(entry: Mapping[str, Any], protocol: str) -> Iterator[tuple[int, PortReport]]:
    for number, port in entry.get(protocol, {}).items():
        yield (
            number,
            PortReport(
                state=port["state"],
                reason=port["reason"],
                name=port["name"] or None,
                product=port["product"] or None,
                version=port["version"] or None,
                cpe=(port["cpe"],) if port["cpe"] else (),
                confidence=int(port["conf"] or 0),
            ),
        )


def _counted(host: ET.Element) -> tuple[Mapping[Key, PortReport], PortReport]:
    """Ports that nmap counts instead of listing, and what holds for those it does not even number.

    Before nmap 7.92 groups have no numbers; where there is only one group, it must be all the others.
    """
    numbered: dict[Key, PortReport] = {}
    groups: list[PortReport] = []
    for group in host.findall("ports/extraports"):
        for why in group.findall("extrareasons"):
            port = PortReport(state=group.get("state", ""), reason=why.get("reason", ""))
            groups.append(port)
            for number in _numbers(why.get("ports", "")):
                numbered[why.get("proto", "tcp"), number] = port
    return numbered, groups[0] if len(groups) == 1 else _SILENT
