"""Macro expansion (RFC 7208 §7)."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import dns.exception
import dns.name

from posture.core.targets import Address

_TOKEN = re.compile(
    r"%(?:\{(?P<letter>[a-z])(?P<digits>\d*)(?P<reverse>r?)(?P<delimiters>[-.+,/_=]*)\}|(?P<escape>[%_-]))",
    re.IGNORECASE,
)
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
_MAX_NAME = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is sending: the client's address, MAIL FROM (with a local part) and HELO; and when."""

    ip: Address
    sender: str
    helo: str
    at: datetime

    def letters(self, domain: str) -> dict[str, str]:
        """The values of the macro letters while `domain`'s record is evaluated; `p` is not among them."""
        local, _, host = self.sender.rpartition("@")
        ipv4 = self.ip.version == 4
        return {
            "s": self.sender,
            "l": local,
            "o": host,
            "d": domain,
            "i": str(self.ip) if ipv4 else ".".join(self.ip.exploded.replace(":", "")),
            "v": "in-addr" if ipv4 else "ip6",
            "h": self.helo,
            "c": str(self.ip),
            "r": "unknown",
            "t": str(int(self.at.timestamp())),
        }


def identity(ip: Address, domain: str, sender: str, helo: str, at: datetime) -> Identity:
    """An identity with what is missing filled in: the local part is `postmaster` (§4.3).

    An IPv4-mapped client is an IPv4 client (§5, last paragraph).
    """
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    local, _, host = sender.rpartition("@")
    full = f"{local or 'postmaster'}@{host or domain}"
    return Identity(ip=mapped or ip, sender=full, helo=helo or domain, at=at)


def letters_in(text: str) -> frozenset[str]:
    """The macro letters a text uses, in lower case."""
    return frozenset(match["letter"].lower() for match in _TOKEN.finditer(text) if match["letter"])


def expand(text: str, letters: dict[str, str]) -> str:
    """Replace every macro of a text that follows the grammar; `letters` has a value for each it uses."""

    def one(match: "re.Match[str]") -> str:
        if match["escape"]:
            return _ESCAPES[match["escape"]]
        return _transformed(match, letters[match["letter"].lower()])

    return _TOKEN.sub(one, text)


def target_name(text: str) -> dns.name.Name | None:
    """An expanded domain-spec as a name: cut from the left to 253 octets (§7.3); None when it is no name."""
    labels = text.removesuffix(".").split(".")
    while len(".".join(labels)) > _MAX_NAME and len(labels) > 1:
        labels = labels[1:]
    try:
        return dns.name.Name([label.encode("ascii") for label in labels] + [b""])
    except (dns.exception.DNSException, UnicodeError):
        return None


def _transformed(match: "re.Match[str]", value: str) -> str:
    parts = re.split("[" + re.escape(match["delimiters"] or ".") + "]", value)
    if match["reverse"]:
        parts.reverse()
    if match["digits"]:
        parts = parts[-int(match["digits"]) :]
    joined = ".".join(parts)
    return quote(joined, safe="-._~") if match["letter"].isupper() else joined
