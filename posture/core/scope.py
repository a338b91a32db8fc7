"""The only source of permits: a string cannot be scanned, only a Permit can."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from posture.core.consent import Basis, Consent, Technique
from posture.core.findings import Owner
from posture.core.targets import (
    Address,
    Network,
    Target,
    address,
    covers_port,
    embedded,
    inside,
    is_public,
    under,
)

_SEAL: Final = object()

#: Ports that belong to a technique itself, whatever list the consent gives for the sweep.
ORDINARY_PORTS: Final = {
    Technique.DNS: frozenset({53}),
    Technique.MAIL: frozenset({25, 80, 443}),
    Technique.TLS: frozenset({443}),
    Technique.WEB: frozenset({80, 443}),
}
_SWEEPING = frozenset({Technique.PORTS, Technique.SERVICES, Technique.AUTH_METHODS})


class Depth(StrEnum):
    """How far a permit goes: everything agreed, one ordinary client contact, or DNS queries only."""

    FULL = "full"
    ORDINARY = "ordinary"
    QUERY = "query"


class RefusalReason(StrEnum):
    """Why a permit was refused: a closed set."""

    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    NOT_CONSENTED = "not-consented"
    EXCLUDED = "excluded"
    TECHNIQUE = "technique-not-granted"
    NOT_PUBLIC = "address-not-public"
    UNCONFIRMED = "address-unconfirmed"
    PORT = "port-not-granted"
    AUTHORITY = "authority-not-declared"
    THIRD_PARTY = "third-party-infrastructure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A company whose addresses many customers share; from the dated provider list."""

    name: str
    kind: str
    networks: tuple[Network, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who runs a target, and the evidence for that in a word and an argument."""

    owner: Owner
    why: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No: with a reason a program can read and a sentence a person can."""

    reason: RefusalReason
    target: Target
    technique: Technique
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to contact one target by one technique; only `Scope` can make one."""

    target: Target
    technique: Technique
    depth: Depth
    owner: Owner
    why: str
    valid_until: datetime
    consent: str
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise ValueError("a permit comes from Scope.permit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A consent read as arithmetic over targets, techniques and time."""

    consent: Consent
    providers: tuple[Provider, ...] = ()

    def permit(self, target: Target, technique: Technique, at: datetime) -> Permit | Refusal:
        """Leave to look at what the applicant consented to, as deep as its owner allows."""
        addr = address(target.address) if target.address else None
        refusal = self._refuse_time(target, technique, at) or self._refuse_target(target, addr, technique)
        if refusal:
            return refusal
        attribution = self.attribute(target.name, addr)
        full = attribution.owner is Owner.SELF or addr is None
        if not full and technique in _SWEEPING:
            return _no(
                RefusalReason.THIRD_PARTY,
                target,
                technique,
                f"{target.label()} is run by {attribution.detail or 'others'}",
            )
        if not full and target.port is not None and target.port not in {25, 80, 443}:
            return _no(
                RefusalReason.PORT,
                target,
                technique,
                f"port {target.port} of shared infrastructure",
            )
        return self._grant(target, technique, Depth.FULL if full else Depth.ORDINARY, attribution)

    def permit_contact(
        self, target: Target, technique: Technique, at: datetime, *, why: str
    ) -> Permit | Refusal:
        """Leave for one ordinary client contact with a third party (MX, name server, redirect target)."""
        addr = address(target.address) if target.address else None
        if target.name and self.consent.names(target.name):
            return self.permit(target, technique, at)
        refusal = self._refuse_time(target, technique, at) or self._refuse_address(target, addr, technique)
        if refusal:
            return refusal
        if technique not in self.consent.techniques:
            return _not_granted(target, technique)
        if technique in _SWEEPING:
            return _no(
                RefusalReason.NOT_CONSENTED,
                target,
                technique,
                f"{target.label()} is not the applicant's",
            )
        return self._grant(
            target,
            technique,
            Depth.ORDINARY,
            Attribution(owner=Owner.PROVIDER, why=why),
        )

    def permit_query(
        self, target: Target, at: datetime, *, why: str, configured: bool = False
    ) -> Permit | Refusal:
        """Leave to send DNS queries to a server.

        A `configured` resolver is the operator's own and may have any address; one learnt from the
        network may not lie outside the public Internet unless the consent names its network.
        """
        refusal = self._refuse_time(target, Technique.DNS, at)
        if refusal is None and not configured:
            addr = address(target.address) if target.address else None
            refusal = self._refuse_address(target, addr, Technique.DNS)
        if refusal:
            return refusal
        return self._grant(
            target,
            Technique.DNS,
            Depth.QUERY,
            Attribution(owner=Owner.PROVIDER, why=why),
        )

    def unconfirmed(self, target: Target, technique: Technique, resolved: Iterable[str]) -> Refusal | None:
        """The refusal of a name at an address that nothing but somebody's word connects it with.

        `resolved` are the addresses DNS gives for the name. An address is believed to be a name's if it is
        one of them, or if the consent's networks hold it (DESIGN §6); a target without both is not judged.
        """
        if target.name is None or target.address is None:
            return None
        addr = address(target.address)
        if inside(addr, self.consent.networks) or addr in map(address, resolved):
            return None
        return _no(
            RefusalReason.UNCONFIRMED,
            target,
            technique,
            f"{target.name} does not resolve to {addr}, and the consent's networks do not hold it",
        )

    def attribute(self, name: str | None, addr: Address | None) -> Attribution:
        """Decide whose the target is (DESIGN §6): self, hosted, provider or unknown."""
        hosted = self.consent.basis(name, addr) is Basis.HOSTED
        if addr is not None and inside(addr, self.consent.networks):
            owner = Owner.HOSTED if hosted else Owner.SELF
            return Attribution(owner=owner, why="in-networks", detail=str(addr))
        consented = name is not None and self.consent.names(name)
        provider = self._provider(name if not consented else None, addr)
        if provider is not None:
            owner = Owner.HOSTED if consented else Owner.PROVIDER
            return Attribution(owner=owner, why="provider-list", detail=provider.name)
        if consented:
            return Attribution(
                owner=Owner.HOSTED if hosted else Owner.SELF,
                why="consented-name",
                detail=name or "",
            )
        return Attribution(
            owner=Owner.PROVIDER if name else Owner.UNKNOWN,
            why="not-consented",
            detail=name or str(addr),
        )

    def _provider(self, name: str | None, addr: Address | None) -> Provider | None:
        for provider in self.providers:
            disguises = () if addr is None else (addr, *embedded(addr))
            if any(inside(one, provider.networks) for one in disguises):
                return provider
            if name is not None and _any_under(name, provider.names):
                return provider
        return None

    def _refuse_time(self, target: Target, technique: Technique, at: datetime) -> Refusal | None:
        if at < self.consent.valid_from:
            return _no(
                RefusalReason.NOT_YET_VALID,
                target,
                technique,
                f"the consent begins {self.consent.valid_from.isoformat()}",
            )
        if at >= self.consent.valid_until:
            return _no(
                RefusalReason.EXPIRED,
                target,
                technique,
                f"the consent ended {self.consent.valid_until.isoformat()}",
            )
        return None

    def _refuse_target(self, target: Target, addr: Address | None, technique: Technique) -> Refusal | None:
        if technique not in self.consent.techniques:
            return _not_granted(target, technique)
        named = target.name is not None and self.consent.names(target.name)
        owned = addr is not None and inside(addr, self.consent.networks)
        if not named and not owned:
            return _no(
                RefusalReason.NOT_CONSENTED,
                target,
                technique,
                f"{target.label()} is not in the consent",
            )
        refusal = self._refuse_address(target, addr, technique)
        if refusal:
            return refusal
        basis = self.consent.basis(target.name, addr)
        if technique in _SWEEPING and basis is None:
            return _no(
                RefusalReason.AUTHORITY,
                target,
                technique,
                f"no authority is declared for {target.label()}",
            )
        return self._refuse_port(target, technique)

    def _refuse_address(self, target: Target, addr: Address | None, technique: Technique) -> Refusal | None:
        if self.consent.excludes(target.name, addr):
            return _no(
                RefusalReason.EXCLUDED,
                target,
                technique,
                f"{target.label()} is excluded by the consent",
            )
        if addr is not None and not is_public(addr) and not inside(addr, self.consent.networks):
            return _no(
                RefusalReason.NOT_PUBLIC,
                target,
                technique,
                f"{addr} is not a public address and not in the consent's networks",
            )
        return None

    def _refuse_port(self, target: Target, technique: Technique) -> Refusal | None:
        ranges = self.consent.port_ranges()
        if target.port is None or ranges is None or target.port in ORDINARY_PORTS.get(technique, frozenset()):
            return None
        udp = technique in (Technique.PORTS, Technique.DNS) and covers_port(ranges, target.port, "udp")
        if udp or covers_port(ranges, target.port):
            return None
        return _no(
            RefusalReason.PORT,
            target,
            technique,
            f"port {target.port} is not in the consent's ports",
        )

    def _grant(
        self,
        target: Target,
        technique: Technique,
        depth: Depth,
        attribution: Attribution,
    ) -> Permit:
        return Permit(
            target=target,
            technique=technique,
            depth=depth,
            owner=attribution.owner,
            why=attribution.why,
            valid_until=self.consent.valid_until,
            consent=self.consent.digest,
            seal=_SEAL,
        )


def _not_granted(target: Target, technique: Technique) -> Refusal:
    detail = f"the consent does not grant “{technique}”"
    return _no(RefusalReason.TECHNIQUE, target, technique, detail)


def _any_under(name: str, suffixes: Iterable[str]) -> bool:
    return any(under(name, suffix) for suffix in suffixes)


def _no(reason: RefusalReason, target: Target, technique: Technique, detail: str) -> Refusal:
    return Refusal(reason=reason, target=target, technique=technique, detail=detail)
