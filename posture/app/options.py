"""Turns what the operator wrote into a scan's options. Every complaint names the option."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import posture
from posture.app.settings import Settings
from posture.core.errors import PostureError
from posture.core.risky_ports import port_list
from posture.core.targets import address, host_name
from scanners.context import Options
from scanners.net.routes import parse_routes

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
#: Leaves room for `._domainkey.` and a domain in a name's 253 octets.
_MAX_SELECTOR = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOptions:
    """The scan options of every scanning command, as written."""

    resolvers: Sequence[str] = ()
    address: str | None = None
    trust_store: Path | None = None
    trust_anchor: Path | None = None
    connect_to: Sequence[str] = ()
    dkim_selectors: Sequence[str] = ()
    starttls: str | None = None
    ports: str | None = None
    full: bool = False

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From a command's parameters; what is not given, or not an option of a scan, is left out."""
        return cls(
            **{
                name: raw[name]
                for name in cls.__dataclass_fields__
                if raw.get(name) or (name == "ports" and raw.get(name) is not None)
            }
        )


def build_options(raw: RawOptions, settings: Settings) -> Options:
    """Check and convert. Raises PostureError."""
    if raw.ports is not None:
        port_list(raw.ports)
    contact = settings.contact
    return Options(
        resolvers=tuple(_resolver(text) for text in raw.resolvers),
        address=str(address(raw.address)) if raw.address else None,
        routes=parse_routes(raw.connect_to),
        trust_store=_trust_store(raw.trust_store),
        trust_anchor=_trust_anchor(_readable(raw.trust_anchor, "--trust-anchor")),
        dkim_selectors=tuple(_selector(text) for text in raw.dkim_selectors),
        starttls=_starttls(raw.starttls),
        ports=raw.ports,
        full=raw.full,
        ehlo_name=_ehlo(settings.ehlo),
        nmap=settings.nmap,
        user_agent=f"posture-underwriting/{posture.__version__}" + (f" ({contact})" if contact else ""),
        contact=contact,
        sweep_rate=settings.sweep_rate,
        host_rate=settings.host_rate,
        network_addresses=settings.network_addresses,
    )


def _selector(text: str) -> str:
    """A DKIM selector: labels of letters, digits and inner hyphens, joined by dots (RFC 6376 §3.1)."""
    if not _SELECTOR.fullmatch(text) or len(text) > _MAX_SELECTOR:
        raise PostureError(
            f"--dkim-selector “{text}” is not a selector.",
            remedy="Give what stands behind s= in a signed mail, such as selector1 or 2024.mail.",
            code="bad-selector",
        )
    return text.lower()


def _ehlo(name: str) -> str:
    try:
        return host_name(name) if name else ""
    except PostureError:
        raise PostureError(
            f"“{name}” (ehlo in the settings file) is not a host name.",
            remedy="Give the scanner's own name, such as scanner.insurer.example, or leave it out.",
            code="bad-settings",
        ) from None


def _starttls(protocol: str | None) -> str | None:
    if protocol is None:
        return None
    from scanners.tls.starttls import STARTERS

    if protocol not in STARTERS:
        raise PostureError(
            f"--starttls “{protocol}” is not a protocol we know.",
            remedy=f"Choose one of {', '.join(sorted(STARTERS))}.",
            code="bad-starttls",
        )
    return protocol


def split_host_port(text: str, default: int | None = None) -> tuple[str, int | None]:
    """Read HOST, HOST:PORT or [IPV6]:PORT; the host is a name in A-label form or an address."""
    head, colon, tail = text.rpartition(":")
    bracketed = text.startswith("[")
    plain_ipv6 = text.count(":") > 1 and not bracketed
    host, port = (head, tail) if colon and not plain_ipv6 and not text.endswith("]") else (text, "")
    host = host.removeprefix("[").removesuffix("]")
    number = _port(port, text) if port else default
    if _looks_like_address(host):
        return str(address(host)), number
    return host_name(host), number


def _looks_like_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _port(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise PostureError(
            f"“{text}” in “{whole}” is not a port.",
            remedy="Ports are numbers from 1 to 65535.",
            code="bad-port",
        )
    return int(text)


def _resolver(text: str) -> tuple[str, int]:
    try:
        host, port = split_host_port(text, 53)
        return str(address(host)), port or 53
    except PostureError:
        raise PostureError(
            f"--resolver “{text}” is not an address.",
            remedy="Give IP or IP:PORT, such as 192.0.2.53 or [2001:db8::53]:5353.",
            code="bad-resolver",
        ) from None


def _readable(path: Path | None, option: str) -> Path | None:
    if path is None:
        return None
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise PostureError(
            f"{option} {path} cannot be read ({(error.strerror or str(error)).lower()}).",
            remedy="Check the path.",
            code="bad-file",
        ) from None


def _trust_store(path: Path | None) -> Path | None:
    if path is not None:
        from scanners.tls import trust

        trust.load(path)
    return path


def _trust_anchor(path: Path | None) -> Path | None:
    if path is not None:
        from scanners.dns import anchors

        anchors.load(path)
    return path
