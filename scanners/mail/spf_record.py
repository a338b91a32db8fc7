"""The grammar of an SPF record (RFC 7208 §12): a record is either wholly right or a syntax error (§4.6)."""

import ipaddress
import re
from dataclasses import dataclass

from posture.core.targets import Network

_EXPAND = r"%(?:\{[slodiphv](?:0*[1-9]\d*)?r?[-.+,/_=]*\}|[%_-])"
_EXPLAIN = r"%(?:\{[slodiphvcrt](?:0*[1-9]\d*)?r?[-.+,/_=]*\}|[%_-])"
_LITERAL = r"[\x21-\x24\x26-\x7e]"
_TOP = r"\.(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])\.?"
_STRING = rf"(?:{_EXPAND}|{_LITERAL})*"

_RECORD = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_DOMAIN = re.compile(rf"{_STRING}(?:{_TOP}|{_EXPAND})\Z", re.IGNORECASE)
_MACROS = re.compile(rf"{_STRING}\Z", re.IGNORECASE)
_EXPLANATION = re.compile(rf"(?:{_EXPLAIN}|{_LITERAL}| )*\Z", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)\Z", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(r"([+?~-]?)([a-z0-9]+)(?::(.*?))?((?:/\d+)?(?://\d+)?)\Z", re.IGNORECASE | re.DOTALL)
_PREFIX = re.compile(r"(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?\Z")
_WITH_DOMAIN = {"include": True, "exists": True, "a": False, "mx": False, "ptr": False}


class SpfSyntaxError(ValueError):
    """The record breaks the grammar at `term`."""

    def __init__(self, term: str) -> None:
        super().__init__(f"not a term of SPF: {term}")
        self.term = term


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One directive. `domain` is its domain-spec, `network` that of ip4 and ip6; prefix lengths in bits."""

    text: str
    qualifier: str
    kind: str
    domain: str | None = None
    ipv4: int = 32
    ipv6: int = 128
    network: Network | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfRecord:
    """Directives in order, and the two modifiers that mean something."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str | None
    exp: str | None

    @property
    def reached(self) -> tuple[Mechanism, ...]:
        """The directives up to and with the first `all`; later ones are never reached (§5.1)."""
        for index, mechanism in enumerate(self.mechanisms):
            if mechanism.kind == "all":
                return self.mechanisms[: index + 1]
        return self.mechanisms

    @property
    def all(self) -> str | None:
        """The qualifier of the first `all`; None without one."""
        last = self.reached[-1:]
        return last[0].qualifier if last and last[0].kind == "all" else None


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record: its version ends in a space or at the end (§4.5)."""
    return _RECORD.match(text) is not None


def is_explanation(text: str) -> bool:
    """Whether a text is an explain-string (§6.2, §7.1)."""
    return _EXPLANATION.match(text) is not None


def read_spf(text: str) -> SpfRecord:
    """Parse a record for which `is_spf` holds. Raises SpfSyntaxError at the first wrong term."""
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text[len("v=spf1") :].split(" "):
        if not term:
            continue
        match = _MODIFIER.match(term)
        if match is None:
            mechanisms.append(_mechanism(term))
        elif match[1].lower() in {"redirect", "exp"}:
            _modifier(term, match[1].lower(), match[2], modifiers)
        elif not _MACROS.match(match[2]):
            raise SpfSyntaxError(term)
    return SpfRecord(
        mechanisms=tuple(mechanisms), redirect=modifiers.get("redirect"), exp=modifiers.get("exp")
    )


def _modifier(term: str, name: str, value: str, modifiers: dict[str, str]) -> None:
    """`redirect` and `exp` take a domain-spec and may appear once each (§6)."""
    if name in modifiers or not _DOMAIN.match(value):
        raise SpfSyntaxError(term)
    modifiers[name] = value


def _mechanism(term: str) -> Mechanism:
    match = _MECHANISM.match(term)
    if match is None:
        raise SpfSyntaxError(term)
    qualifier, kind = match[1] or "+", match[2].lower()
    if kind in {"ip4", "ip6"}:
        network = _network(term, kind, term.partition(":")[2])
        return Mechanism(text=term, qualifier=qualifier, kind=kind, network=network)
    if kind == "all":
        if term[len(match[1]) :].lower() != "all":
            raise SpfSyntaxError(term)
        return Mechanism(text=term, qualifier=qualifier, kind=kind)
    return _with_domain(term, qualifier, kind, match[3], match[4])


def _with_domain(term: str, qualifier: str, kind: str, domain: str | None, prefix: str) -> Mechanism:
    if kind not in _WITH_DOMAIN or (domain is None and _WITH_DOMAIN[kind]):
        raise SpfSyntaxError(term)
    lengths = _PREFIX.match(prefix)
    if lengths is None or (prefix and kind not in {"a", "mx"}):
        raise SpfSyntaxError(term)
    ipv4, ipv6 = int(lengths[1] or 32), int(lengths[2] or 128)
    if ipv4 > 32 or ipv6 > 128 or (domain is not None and not _DOMAIN.match(domain)):
        raise SpfSyntaxError(term)
    return Mechanism(text=term, qualifier=qualifier, kind=kind, domain=domain, ipv4=ipv4, ipv6=ipv6)


def _network(term: str, kind: str, text: str) -> Network:
    """An ip4 or ip6 network: bits behind the prefix may be set (§5.6)."""
    host, slash, length = text.partition("/")
    if slash and not re.fullmatch(r"0|[1-9]\d{0,2}", length):
        raise SpfSyntaxError(term)
    try:
        network = ipaddress.ip_network(text, strict=False) if "%" not in host else None
    except ValueError:
        network = None
    if network is None or network.version != int(kind[2]):
        raise SpfSyntaxError(term)
    return network
