"""`mail.dkim`: signing keys that can be found without a message (RFC 6376 §3.6).

A domain's selectors cannot be listed. They are guessed: named by the operator, usual for the domain's mail
services, common. Only the absence of `_domainkey` itself proves that there are none (RFC 8020).
"""

import asyncio
import base64
import binascii
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from posture.core.facts.mail_dkim import MailDkim, Selector
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import under
from scanners.context import Context
from scanners.dns.resolver import Answer, text
from scanners.mail.spf_record import SpfSyntaxError, is_spf, read_spf
from scanners.mail.tags import read_tags
from scanners.mail.txt import joined, texts
from scanners.net.failure import NetFailure

#: A selector nobody has: what answers to it answers to every name.
NOBODY = "posture-no-such-selector"
_TABLE = Path(__file__).with_name("dkim_selectors.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    name: str
    names: tuple[str, ...]
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Derived:
    """Selectors that hold the customer's own name at a service, as its exchanger or include shows it."""

    pattern: re.Pattern[str]
    selectors: tuple[str, ...]

    def selectors_for(self, host: str) -> list[str]:
        match = self.pattern.fullmatch(host.rstrip("."))
        return [text_.format(tenant=match["tenant"]) for text_ in self.selectors] if match else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    common: tuple[str, ...]
    derived: tuple[_Derived, ...]
    providers: tuple[_Provider, ...]


async def look(context: Context, domain: str) -> Seen[MailDkim]:
    """Ask every likely selector. Raises NetFailure when all of them failed."""
    names = await selectors(context, domain)
    asked = await asyncio.gather(
        context.resolver.attempt(f"_domainkey.{domain}", "TXT"),
        context.resolver.attempt(f"{NOBODY}._domainkey.{domain}", "TXT"),
        *(context.resolver.attempt(f"{name}._domainkey.{domain}", "TXT") for name in names),
    )
    below, wildcard, *answers = asked
    failures = [answer for answer in answers if isinstance(answer, NetFailure)]
    if len(failures) == len(answers):
        raise failures[0]
    found = tuple(_found(names, answers, _records(wildcard)))
    fact = MailDkim(
        selectors=found,
        selectors_checked=tuple(n for n, a in zip(names, answers, strict=True) if isinstance(a, Answer)),
        any_below=_any_below(below, found),
        wildcard=bool(_records(wildcard)),
        sends_mail=await _sends_mail(context, domain),
    )
    reason = failures[0].reason if failures else Reason.NO_DATA
    return Seen(value=fact, gaps=() if found else (Gap(path="selectors", reason=reason),))


def read_key(selector: str, record: str) -> Selector:
    """One key record (RFC 6376 §3.6.1, RFC 8463). Never fails: an unusable record is `invalid`."""
    tags = read_tags(record)
    kind = tags.values.get("k", "rsa").lower()
    version = tags.values.get("v", "DKIM1")
    key = "".join(tags.values.get("p", "?").split())
    bits = _bits(kind, key)
    if tags.broken or tags.twice or version != "DKIM1" or (key and bits is None):
        return Selector(selector=selector, status="invalid", key_type=kind, bits=None)
    if not key:
        return Selector(selector=selector, status="revoked", key_type=kind, bits=None)
    testing = "y" in tags.values.get("t", "").lower().split(":")
    return Selector(selector=selector, status="testing" if testing else "valid", key_type=kind, bits=bits)


def _bits(kind: str, key: str) -> int | None:
    """Size of a key; None for what is no key of its kind."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind == "ed25519":
        return 256 if len(raw) == 32 else None
    return _rsa_bits(raw) if kind == "rsa" and raw else None


def _rsa_bits(raw: bytes) -> int | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return public.key_size if isinstance(public, RSAPublicKey) else None


def _found(
    names: Sequence[str], answers: Sequence[Answer | NetFailure], everywhere: Sequence[str]
) -> Iterator[Selector]:
    for name, answer in zip(names, answers, strict=True):
        records = _records(answer)
        if not records or records == everywhere:
            continue
        if len(records) > 1:
            yield Selector(selector=name, status="invalid", key_type=None, bits=None)
        else:
            yield read_key(name, records[0])


def _records(answer: Answer | NetFailure) -> list[str]:
    return [joined(record) for record in answer.of(TXT)] if isinstance(answer, Answer) else []


def _any_below(below: Answer | NetFailure, found: Sequence[Selector]) -> bool | None:
    if found:
        return True
    return below.exists if isinstance(below, Answer) else None


async def _sends_mail(context: Context, domain: str) -> bool | None:
    """False for a domain that says `v=spf1 -all`: no key is missing there."""
    try:
        records = [record for record in await texts(context, domain) if is_spf(record)]
    except NetFailure:
        return None
    return not (len(records) == 1 and records[0].split()[1:] == ["-all"])


async def selectors(context: Context, domain: str) -> list[str]:
    """All names to ask, each once: the operator's, those of the domain's services, the common ones."""
    table = _table()
    hosts = await _hosts(context, domain)
    named = [
        selector
        for provider in table.providers
        if any(under(host, name) for host in hosts for name in provider.names)
        for selector in provider.selectors
    ]
    derived = [name for host in hosts for pattern in table.derived for name in pattern.selectors_for(host)]
    return list(dict.fromkeys([*context.options.dkim_selectors, *derived, *named, *table.common]))


async def _hosts(context: Context, domain: str) -> list[str]:
    """Names of the domain's mail services: exchangers and what SPF includes. Failures give none."""
    mx = await context.resolver.attempt(domain, "MX")
    hosts = [text(record.exchange) for record in mx.of(MX)] if isinstance(mx, Answer) else []
    try:
        records = [record for record in await texts(context, domain) if is_spf(record)]
        terms = [term for record in records for term in read_spf(record).mechanisms]
    except (NetFailure, SpfSyntaxError):
        return hosts
    return [*hosts, *(term.domain.lower() for term in terms if term.kind == "include" and term.domain)]


@cache
def _table() -> _Table:
    document: Mapping[str, Any] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    providers = tuple(
        _Provider(name=row["name"], names=tuple(row["names"]), selectors=tuple(row["selectors"]))
        for row in document["providers"]
    )
    derived = tuple(
        _Derived(pattern=re.compile(row["pattern"]), selectors=tuple(row["selectors"]))
        for row in document["derived"]
    )
    return _Table(common=tuple(document["common"]), derived=derived, providers=providers)
