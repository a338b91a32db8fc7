"""Trust anchors: the keys from which chains of trust begin (RFC 4035 §4.4)."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from posture.core.errors import PostureError

_ROOT = Path(__file__).with_name("root_anchors.toml")

#: DS or DNSKEY records by the name of their zone.
Anchors = Mapping[dns.name.Name, tuple[DS | DNSKEY, ...]]


def load(path: Path | None) -> Anchors:
    """Anchors from a file of DS and DNSKEY records in master file format, else the root's published ones.

    Raises PostureError for a file that cannot be read or holds nothing of the kind.
    """
    if path is None:
        return _collect(tomllib.loads(_ROOT.read_text(encoding="utf-8"))["records"], _ROOT)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from None
    return _collect(lines, path)


def closest(anchors: Anchors, name: dns.name.Name) -> dns.name.Name | None:
    """The longest zone with an anchor that holds the name."""
    zones = [zone for zone in anchors if name.is_subdomain(zone)]
    return max(zones, key=len) if zones else None


def _collect(lines: list[str], path: Path) -> Anchors:
    found: dict[dns.name.Name, tuple[DS | DNSKEY, ...]] = {}
    for line in lines:
        for name, record in _record(line, path):
            found[name] = (*found.get(name, ()), record)
    if not found:
        raise _unusable(path, "it holds no DS or DNSKEY record")
    return found


def _record(line: str, path: Path) -> Iterator[tuple[dns.name.Name, DS | DNSKEY]]:
    """One record: `NAME [TTL] [IN] DS|DNSKEY DATA`; comments and empty lines give nothing."""
    words = line.partition(";")[0].split()
    kinds = [index for index, word in enumerate(words) if word.upper() in {"DS", "DNSKEY"}]
    if not words:
        return
    if not kinds:
        raise _unusable(path, f"“{line.strip()[:60]}” is not a DS or DNSKEY record")
    try:
        name = dns.name.from_text(words[0])
        kind = dns.rdatatype.from_text(words[kinds[0]])
        record = dns.rdata.from_text(dns.rdataclass.IN, kind, " ".join(words[kinds[0] + 1 :]))
    except (dns.exception.DNSException, ValueError) as error:
        raise _unusable(path, str(error)) from None
    if isinstance(record, DS | DNSKEY):
        yield name, record


def _unusable(path: Path, why: str) -> PostureError:
    return PostureError(
        f"{path} is no file of trust anchors: {why}.",
        remedy="Give a file with lines such as “example.jp. IN DS 12345 13 2 0A1B…”.",
        code="bad-trust-anchor",
    )
