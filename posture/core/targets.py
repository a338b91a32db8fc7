"""Names, addresses and ports, in the one spelling the whole program uses.

Names are lower-case A-labels without a final dot (IDNA 2008, RFC 5891, by way of UTS 46 mapping);
addresses are written as RFC 5952 says. Python's own `idna` codec is IDNA 2003 and would turn
`straße.de` into somebody else's `strasse.de`, so it is never used.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import idna

from posture.core.errors import PostureError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
# Ends in a number in the sense of the URL standard: inet_aton would take `127.0x1` for an address.
_NUMBER = re.compile(r"[0-9]+\Z|0x[0-9a-f]*\Z")
_PORT_ITEM = re.compile(r"\s*(?:([TU]):)?([0-9]{1,5})(?:-([0-9]{1,5}))?\s*\Z")
_MAX_NAME = 253

# RFC 6052 §2.1 well-known prefix and RFC 8215 local-use prefix.
_NAT64 = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)
# Mapped addresses, and NAT64 by its well-known prefix.
_TRANSLATED = (ipaddress.IPv6Network("::ffff:0:0/96"), _NAT64[0])
# The IANA special-purpose registries (RFC 6890), what is not globally reachable. Written out, for Python's
# own `is_global` changed between patch releases. Of IPv6 only 2000::/3 is allocated as global unicast.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # shared address space (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link local (RFC 3927)
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relay anycast, withdrawn (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and limited broadcast (RFC 1112, RFC 919)
        "2001::/23",  # protocol assignments, Teredo among them (RFC 2928, RFC 4380)
        "2001:db8::/32",  # documentation (RFC 3849)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an observation or a finding is about; the parts that do not apply are None."""

    name: str | None = None
    address: str | None = None
    port: int | None = None
    url: str | None = None

    def label(self) -> str:
        """The shortest text a person recognises the target by."""
        if self.url:
            return self.url
        host = self.name or self.address or ""
        if self.port is None:
            return host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def host_name(text: str) -> str:
    """Return the A-label form of a host name.

    Raises PostureError for anything that is not a host name of at least two labels (RFC 1123 §2.1).
    """
    remedy = "Give a name such as example.co.jp, without scheme, path or port."
    stripped = text.strip()
    if not stripped or stripped.startswith("-") or any(c.isspace() for c in stripped):
        raise PostureError(f"“{text}” is not a domain name.", remedy=remedy, code="bad-domain")
    try:
        name = idna.encode(stripped, uts46=True, std3_rules=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise PostureError(
            f"“{text}” is not a domain name: {error}.", remedy=remedy, code="bad-domain"
        ) from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > _MAX_NAME or not all(_LABEL.match(label) for label in labels):
        raise PostureError(f"“{text}” is not a domain name.", remedy=remedy, code="bad-domain")
    if _NUMBER.match(labels[-1]):
        raise PostureError(
            f"“{text}” is an address, not a domain name.",
            remedy=remedy,
            code="bad-domain",
        )
    return name


def under(name: str, parent: str) -> bool:
    """Whether `name` is `parent` or one of its subdomains; both in A-label form."""
    return name == parent or name.endswith("." + parent)


def parents(name: str) -> Iterator[str]:
    """Yield the name, then each of its ancestors down to the top-level label."""
    while name:
        yield name
        _, _, name = name.partition(".")


def address(text: str) -> Address:
    """Parse an address; a zone index (`%eth0`) is refused. Raises PostureError."""
    try:
        parsed = ipaddress.ip_address(text.strip())
    except ValueError:
        parsed = None
    if parsed is None or getattr(parsed, "scope_id", None):
        raise PostureError(
            f"“{text}” is not an IP address.",
            remedy="Give an address such as 203.0.113.7.",
            code="bad-address",
        )
    return parsed


def is_address(text: str) -> bool:
    """Whether `address` reads the text."""
    try:
        address(text)
    except PostureError:
        return False
    return True


def network(text: str) -> Network:
    """Parse a CIDR; host bits must be zero, a zone index is refused. Raises PostureError."""
    problem = "a zone index means nothing here"
    try:
        if "%" not in text:
            return ipaddress.ip_network(text.strip())
    except ValueError as error:
        problem = str(error)
    raise PostureError(
        f"“{text}” is not an address range: {problem}.",
        remedy="Give a range in CIDR form such as 203.0.113.0/28.",
        code="bad-network",
    )


def inside(addr: Address, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks (of its own version)."""
    return any(addr.version == net.version and addr in net for net in networks)


def embedded(addr: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses an IPv6 address carries inside.

    IPv4-mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056),
    Teredo server and client (RFC 4380 §4), ISATAP (RFC 5214 §6.1).
    """
    if isinstance(addr, ipaddress.IPv4Address):
        return ()
    found: list[ipaddress.IPv4Address] = []
    low = ipaddress.IPv4Address(int(addr) & 0xFFFFFFFF)
    if addr.ipv4_mapped is not None:
        found.append(addr.ipv4_mapped)
    if any(addr in net for net in _NAT64):
        found.append(low)
    if addr.sixtofour is not None:
        found.append(addr.sixtofour)
    if addr.teredo is not None:
        found.extend(addr.teredo)
    if (int(addr) >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE):
        found.append(low)
    return tuple(found)


def is_public(addr: Address) -> bool:
    """Whether the address, and every address embedded in it, is a global unicast address."""
    if inside(addr, _TRANSLATED):  # the packet goes to the address inside, by IPv4
        return all(is_public(inner) for inner in embedded(addr))
    if isinstance(addr, ipaddress.IPv6Address) and addr not in _GLOBAL_UNICAST:
        return False
    return not inside(addr, _SPECIAL) and all(is_public(inner) for inner in embedded(addr))


def inward(places: Iterable[str], networks: Iterable[Network]) -> tuple[str, ...]:
    """Those of the addresses that are neither public nor in one of the networks."""
    own = tuple(networks)
    found = ((text, address(text)) for text in places)
    return tuple(text for text, addr in found if not is_public(addr) and not inside(addr, own))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange:
    """Ports `first` to `last` inclusive of one transport protocol."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def port_ranges(text: str) -> tuple[PortRange, ...]:
    """Parse the part of nmap's port language that is plain numbers: `22,80-90,U:53,T:443`.

    As in nmap, `T:` and `U:` hold until the next one. Raises PostureError.
    """
    ranges: list[PortRange] = []
    protocol = "tcp"
    for item in text.split(","):
        match = _PORT_ITEM.match(item)
        first = int(match[2]) if match else 0
        last = int(match[3] or match[2]) if match else 0
        if not match or not 1 <= first <= last <= 65535:
            raise PostureError(
                f"“{item}” in the port list “{text}” is not a port or a range of ports.",
                remedy="Write ports as 22,80,8000-8100 (U:53 for UDP), or “default”.",
                code="bad-ports",
            )
        protocol = {"T": "tcp", "U": "udp", None: protocol}[match[1]]
        ranges.append(PortRange(protocol=protocol, first=first, last=last))
    return tuple(ranges)


def covers_port(ranges: Iterable[PortRange], port: int, protocol: str = "tcp") -> bool:
    """Whether one of the ranges holds the port."""
    return any(r.protocol == protocol and r.first <= port <= r.last for r in ranges)
