"""The applicant's consent: who allowed what, when, and how that is proved (DESIGN §6)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from posture.core.errors import PostureError
from posture.core.targets import (
    Address,
    Network,
    PortRange,
    embedded,
    host_name,
    inside,
    network,
    port_ranges,
    under,
)

#: The word in a consent for “nmap's usual ports and every port on our risk list”.
DEFAULT_PORTS = "default"

# The widest blocks that registries ever gave to one holder; a wider one, such as 0.0.0.0/0, would also
# switch off the refusal of private addresses.
_WIDEST = {4: 8, 6: 16}


class Technique(StrEnum):
    """What the applicant may allow."""

    DNS = "dns"
    MAIL = "mail"
    TLS = "tls"
    WEB = "web"
    PORTS = "ports"
    SERVICES = "services"
    AUTH_METHODS = "auth-methods"


class Basis(StrEnum):
    """On what ground the granter may speak for a domain or a network."""

    OWN = "own"
    OPERATOR_PERMISSION = "operator-permission"
    HOSTED = "hosted"


class ProofMethod(StrEnum):
    """How it is proved that the applicant gave this very consent."""

    DNS_TXT = "dns-txt"
    HTTP = "http"
    SIGNATURE = "signature"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granter:
    """The person who gave the consent."""

    name: str
    title: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The method, and for a signature the key's name and the base64 signature over the digest."""

    method: ProofMethod
    key: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Domains and networks (`covers`) the granter speaks for, and on what basis."""

    domains: tuple[str, ...]
    networks: tuple[Network, ...]
    basis: Basis
    document_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A well-formed consent. Whether it is proved and valid now is asked elsewhere."""

    applicant: str
    domains: tuple[str, ...]
    networks: tuple[Network, ...]
    excluded_names: tuple[str, ...]
    excluded_networks: tuple[Network, ...]
    techniques: frozenset[Technique]
    ports: str
    valid_from: datetime
    valid_until: datetime
    granted_by: Granter
    purpose: str = "underwriting"
    disclose_to: tuple[str, ...] = ("insurer",)
    retain_until: date | None = None
    document_sha256: str = ""
    proof: Proof | None = None
    authority: tuple[Authority, ...] = ()

    def __post_init__(self) -> None:
        if self.valid_from.tzinfo is None or self.valid_until.tzinfo is None:
            raise PostureError(
                "valid_from and valid_until need an offset.",
                remedy="Write 2026-12-01T00:00:00+09:00.",
                code="bad-consent",
            )
        if self.valid_from >= self.valid_until:
            raise PostureError(
                "valid_until is not after valid_from.",
                remedy="Correct the period of the consent.",
                code="bad-consent",
            )
        if self.ports != DEFAULT_PORTS:
            port_ranges(self.ports)
        for owned in self.networks:
            if owned.prefixlen < _WIDEST[owned.version]:
                raise PostureError(
                    f"“{owned}” is wider than any one organisation's network.",
                    remedy="Name the ranges that the applicant owns.",
                    code="bad-consent",
                )

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the content in canonical form, without the proof."""
        return hashlib.sha256(
            json.dumps(self._content(), sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest()

    def _content(self) -> Mapping[str, object]:
        return {
            "schema": "posture.consent/1",
            "applicant": self.applicant,
            "domains": sorted(self.domains),
            "networks": sorted(map(str, self.networks)),
            "exclude": sorted([*self.excluded_names, *map(str, self.excluded_networks)]),
            "techniques": sorted(self.techniques),
            "ports": self.ports,
            "valid_from": _instant(self.valid_from),
            "valid_until": _instant(self.valid_until),
            "granted_by": [
                self.granted_by.name,
                self.granted_by.title,
                self.granted_by.email,
            ],
            "purpose": self.purpose,
            "disclose_to": sorted(self.disclose_to),
            "retain_until": str(self.retain_until or ""),
            "document": self.document_sha256,
            "authority": sorted(
                [entry.basis, entry.document_sha256, *sorted([*entry.domains, *map(str, entry.networks)])]
                for entry in self.authority
            ),
        }

    def names(self, name: str) -> bool:
        """Whether the name is one of the consented domains or below one."""
        return any(under(name, domain) for domain in self.domains)

    def excludes(self, name: str | None, addr: Address | None) -> bool:
        """Whether the applicant took this name (with what lies below it) or address out.

        An address is out in every disguise: `::ffff:203.0.113.9` leads to 203.0.113.9.
        """
        by_name = name is not None and any(under(name, excluded) for excluded in self.excluded_names)
        disguises = () if addr is None else (addr, *embedded(addr))
        return by_name or any(inside(one, self.excluded_networks) for one in disguises)

    def port_ranges(self) -> tuple[PortRange, ...] | None:
        """The ports named in the consent; None for the default list."""
        return None if self.ports == DEFAULT_PORTS else port_ranges(self.ports)

    def basis(self, name: str | None, addr: Address | None) -> Basis | None:
        """On what basis the granter speaks for this target; a consent without `authority` declares its own.

        Of several entries that cover the target the most careful decides: an own name on a hosted
        address is hosted.
        """
        if not self.authority:
            return Basis.OWN
        found = {entry.basis for entry in self.authority if _covers(entry, name, addr)}
        return next((basis for basis in _CAREFUL_FIRST if basis in found), None)


_CAREFUL_FIRST = (Basis.HOSTED, Basis.OPERATOR_PERMISSION, Basis.OWN)


def _covers(entry: Authority, name: str | None, addr: Address | None) -> bool:
    by_name = name is not None and any(under(name, domain) for domain in entry.domains)
    return by_name or (addr is not None and inside(addr, entry.networks))


def _instant(time: datetime) -> str:
    """The instant itself: the digest must not change when the same time is written with another offset."""
    return time.astimezone(UTC).isoformat()


def split_scope(items: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Network, ...]]:
    """Sort a mixed list (`exclude`, `covers`) into names and networks. Raises PostureError."""
    networks = tuple(network(item) for item in items if "/" in item or ":" in item or item[-1:].isdigit())
    names = tuple(
        host_name(item) for item in items if not ("/" in item or ":" in item or item[-1:].isdigit())
    )
    return names, networks
