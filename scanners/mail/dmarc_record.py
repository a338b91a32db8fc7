"""One DMARC policy record read as RFC 9989 §4.7 and §4.8 define it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanners.mail.tags import Tags, read_tags

POLICIES = ("none", "quarantine", "reject")

_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,!;]+\Z")
_MAILTO = re.compile(r"mailto:[^\s@,!;]+@([^\s@,!;?]+)", re.IGNORECASE)
_SIZE = re.compile(r"!\d+[kmgt]?\Z", re.IGNORECASE)
#: Allowed values; a wrong one is ignored and the default holds (§4.7, last paragraphs).
_VALUES: Mapping[str, re.Pattern[str]] = {
    "adkim": re.compile(r"[rs]\Z", re.IGNORECASE),
    "aspf": re.compile(r"[rs]\Z", re.IGNORECASE),
    "fo": re.compile(r"(?:[01ds]|d:s|s:d)\Z", re.IGNORECASE),
    "psd": re.compile(r"[ynu]\Z", re.IGNORECASE),
    "t": re.compile(r"[yn]\Z", re.IGNORECASE),
}
_POLICY_TAGS = ("p", "sp", "np")
_REMOVED = ("pct", "rf", "ri")
_KNOWN = frozenset({"v", "rua", "ruf", *_POLICY_TAGS, *_VALUES, *_REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """What a receiver acts on. `usable` is false when it must not apply DMARC at all (§4.10.1).

    `policy` is the effective `p`; `subdomain` and `nonexistent` are `sp` and `np` where given and valid.
    """

    text: str
    usable: bool
    policy: str
    subdomain: str | None
    nonexistent: str | None
    testing: bool
    psd: str
    strict_dkim: bool
    strict_spf: bool
    rua: tuple[str, ...]
    ruf: tuple[str, ...]
    problems: tuple[str, ...]


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is a DMARC policy record: `v=DMARC1` comes first, in this very spelling."""
    return _VERSION.match(text) is not None


def read_dmarc(text: str) -> DmarcRecord:
    """Read a record for which `is_dmarc` holds. It never fails: what is wrong is in `problems`."""
    tags = read_tags(text)
    values = {name: value.lower() for name, value in tags.values.items()}
    rua, ruf = _uris(tags.values.get("rua", "")), _uris(tags.values.get("ruf", ""))
    sound = values.get("p") in POLICIES and all(values.get(t, "none") in POLICIES for t in ("sp", "np"))
    return DmarcRecord(
        text=text,
        usable=sound or bool(rua),
        policy=values["p"] if sound else "none",
        subdomain=values.get("sp") if sound else None,
        nonexistent=values.get("np") if sound else None,
        testing=values.get("t") == "y",
        psd=_valid("psd", values) or "u",
        strict_dkim=values.get("adkim") == "s",
        strict_spf=values.get("aspf") == "s",
        rua=rua,
        ruf=ruf,
        problems=tuple(dict.fromkeys(_problems(tags, values, rua))),
    )


def report_host(uri: str) -> str | None:
    """The domain a `mailto:` report goes to; None for another scheme."""
    match = _MAILTO.match(uri)
    return match[1].rstrip(".").lower() if match else None


def _valid(tag: str, values: Mapping[str, str]) -> str | None:
    value = values.get(tag)
    return value if value is not None and _VALUES[tag].match(value) else None


def _uris(text: str) -> tuple[str, ...]:
    """The syntactically valid reporting URIs; the size limit of RFC 7489 is cut off."""
    found = (_SIZE.sub("", item.strip()) for item in text.split(","))
    return tuple(uri for uri in found if _is_uri(uri))


def _is_uri(uri: str) -> bool:
    if uri.lower().startswith("mailto:"):
        return _MAILTO.match(uri) is not None
    return _URI.match(uri) is not None


def _problems(tags: Tags, values: Mapping[str, str], rua: tuple[str, ...]) -> Iterator[str]:
    """Short stable words: what a person should mend, the harmless things too."""
    yield from (f"tag-twice:{tag}" for tag in tags.twice)
    if tags.broken:
        yield "syntax"
    if "p" not in values:
        yield "no-policy"
    for tag in _POLICY_TAGS:
        if tag in values and values[tag] not in POLICIES:
            yield f"bad-value:{tag}"
    for tag in _VALUES:
        if tag in values and _valid(tag, values) is None:
            yield f"bad-value:{tag}"
    yield from (f"removed-tag:{tag}" for tag in _REMOVED if tag in values)
    yield from (f"unknown-tag:{tag}" for tag in values if tag not in _KNOWN)
    yield from _report_problems(tags.values, rua)


def _report_problems(values: Mapping[str, str], rua: tuple[str, ...]) -> Iterator[str]:
    if not rua:
        yield "no-reports"
    for tag in ("rua", "ruf"):
        items = [item.strip() for item in values.get(tag, "").split(",")] if tag in values else []
        if any(_SIZE.search(item) for item in items):
            yield f"size-limit:{tag}"
        if any(not _is_uri(_SIZE.sub("", item)) for item in items):
            yield f"bad-uri:{tag}"
