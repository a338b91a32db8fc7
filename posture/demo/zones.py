"""The demo's name space: the root, the top-level domain `example`, and one zone for each applicant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

TTL = 3600
_SECURE_ENTRY_POINT = 0x0101
_ZONE_KEY = 0x0100
_SIGNED_FOR = timedelta(days=14)
_SIGNED_SINCE = timedelta(hours=1)  # a validator whose clock is a little slow still accepts


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneText:
    """A zone before it is signed. `records` are the lines of a zone file below the SOA, relative to `origin`.

    `nameservers` are (host name, address); the host name is fully qualified, without final dot.
    """

    origin: str
    nameservers: tuple[tuple[str, str], ...]
    records: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A finished zone; `ds` is what its parent publishes of it, None for an unsigned one."""

    text: ZoneText
    data: dns.zone.Zone
    ds: DS | None

    @property
    def origin(self) -> dns.name.Name:
        """The zone's absolute name."""
        return _origin(self.text)


def build(text: ZoneText, children: Sequence[Zone], now: datetime) -> Zone:
    """Make the zone, delegate its children, and sign it if it is to be signed."""
    lines = [*_apex(text, now), text.records]
    for child in children:
        lines += _delegation(child)
    data = dns.zone.from_text("\n".join(lines), origin=_origin(text), relativize=False)
    return Zone(text=text, data=data, ds=_sign(data, now) if text.signed else None)


def trust_anchor(root: Zone) -> str:
    """The root's key as a line of a zone file (RFC 4034 §5.3), as BIND and unbound read trust anchors."""
    if root.ds is None:
        raise ValueError("the root zone is not signed")
    return f". {TTL} IN DS {root.ds.to_text()}\n"


def _origin(text: ZoneText) -> dns.name.Name:
    return dns.name.from_text(text.origin)


def _apex(text: ZoneText, now: datetime) -> Iterator[str]:
    # A full stop ends the names of all zones but the root, whose own name is one.
    hostmaster = dns.name.from_text("hostmaster", _origin(text))
    yield f"$TTL {TTL}"
    yield f"@ SOA {text.nameservers[0][0]}. {hostmaster} {now:%Y%m%d}01 7200 900 1209600 300"
    for name, address in text.nameservers:
        yield f"@ NS {name}."
        if dns.name.from_text(name).is_subdomain(_origin(text)):
            yield f"{name}. A {address}"


def _delegation(child: Zone) -> Iterator[str]:
    for name, address in child.text.nameservers:
        yield f"{child.origin} NS {name}."
        yield f"{name}. A {address}"
    if child.ds is not None:
        yield f"{child.origin} DS {child.ds.to_text()}"


def _sign(data: dns.zone.Zone, now: datetime) -> DS:
    ksk, zsk = _key(_SECURE_ENTRY_POINT), _key(_ZONE_KEY)
    dns.dnssec.sign_zone(
        data,
        keys=[ksk, zsk],
        inception=now - _SIGNED_SINCE,
        expiration=now + _SIGNED_FOR,
    )
    origin = data.origin
    if origin is None:
        raise ValueError("a zone without origin cannot be signed")
    return dns.dnssec.make_ds(origin, ksk[1], "SHA256")


def _key(flags: int) -> tuple[ec.EllipticCurvePrivateKey, DNSKEY]:
    key = ec.generate_private_key(ec.SECP256R1())
    dnskey = dns.dnssec.make_dnskey(key.public_key(), "ECDSAP256SHA256", flags=flags)
    return key, dnskey
