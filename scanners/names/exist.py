"""Which names exist below the domain: likely ones, and those that certificate and application show."""

import asyncio
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from posture.core.consent import Consent
from posture.core.errors import PostureError
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.observations import Reason
from posture.core.targets import host_name, under
from scanners.context import Context
from scanners.dns.dangling import NOBODY
from scanners.net.failure import NetFailure

_TABLE = Path(__file__).with_name("labels.toml")

#: Names that nobody has set up; a wildcard that gives each another address shows it on two.
_INVENTED: Final = (NOBODY, "posture-nor-this-one")
#: Names of certificates and application that are asked for.
MOST_SHOWN: Final = 40
_OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A name with its addresses, and where it was learnt."""

    name: str
    sources: tuple[str, ...]
    purpose: str
    found: DnsAddresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`existing` in the order of the table, then of their mention; the rest as in `DnsNames`.

    `failure` is the reason of one question that failed, null where all were answered.
    """

    existing: tuple[Existing, ...]
    asked: int
    wildcard: tuple[str, ...] | None
    outside: tuple[str, ...]
    failure: Reason | None


@cache
def likely() -> Mapping[str, str]:
    """First labels with their purpose."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    groups = {purpose: group for purpose, group in table.items() if purpose != "list"}
    return {
        label: purpose for purpose, group in groups.items() for label in group["common"] + group["makers"]
    }


async def exist(
    context: Context, domain: str, shown: "asyncio.Task[Iterable[str]]", declared: Iterable[str]
) -> Asked:
    """Ask for all of them, each once. Raises NetFailure when DNS answered for none."""
    consent = context.gateway.scope.consent
    listed = [name for label in likely() if not consent.excludes(name := f"{label}.{domain}", None)]
    first, wildcard = await asyncio.gather(_resolved(context, listed), _wildcard(context, domain))
    named = {"certificate": await shown, "application": declared}
    known = {source: [*_names(texts)] for source, texts in named.items()}
    further = dict.fromkeys(name for names in known.values() for name in names)
    allowed = [name for name in further if _ours(consent, name) and not _start(name, domain)]
    answers = first | await _resolved(context, [name for name in allowed if name not in first][:MOST_SHOWN])
    failures = [answer for answer in answers.values() if isinstance(answer, NetFailure)]
    if failures and len(failures) == len(answers):
        raise failures[0]
    existing = [
        Existing(name=name, sources=sources, purpose=_purpose(name, domain), found=found)
        for name, found in answers.items()
        if not isinstance(found, NetFailure) and found.all
        if (sources := _sources(name, found, listed, wildcard, known))
    ]
    return Asked(
        existing=tuple(existing),
        asked=len(answers) - len(failures),
        wildcard=None if wildcard is None else tuple(sorted(wildcard)),
        outside=tuple(name for name in known["application"] if not _ours(consent, name)),
        failure=failures[0].reason if failures else None,
    )


async def _resolved(context: Context, names: Sequence[str]) -> dict[str, DnsAddresses | NetFailure]:
    found = await asyncio.gather(*(_addresses(context, name) for name in names))
    return dict(zip(names, found, strict=True))


async def _addresses(context: Context, name: str) -> DnsAddresses | NetFailure:
    """A first: a name that does not exist is asked for no more (RFC 8020)."""
    answer = await context.resolver.attempt(name, "A")
    if isinstance(answer, NetFailure):
        return answer
    if not answer.exists and not answer.aliases:
        return DnsAddresses(name=name, exists=False, ipv4=(), ipv6=())
    try:
        return await context.resolver.reach(name, 443)
    except NetFailure as failure:
        return failure


async def _wildcard(context: Context, domain: str) -> set[str] | None:
    """Addresses and aliases of names that nobody has set up (RFC 4592); None where that cannot be told."""
    found = await asyncio.gather(*(_addresses(context, f"{label}.{domain}") for label in _INVENTED))
    if any(isinstance(one, NetFailure) for one in found):
        return None
    answers = [one for one in found if not isinstance(one, NetFailure)]
    return {text for one in answers for text in (*one.all, *one.aliases[-1:])}


def _sources(
    name: str,
    found: DnsAddresses,
    listed: Sequence[str],
    wildcard: set[str] | None,
    known: Mapping[str, Sequence[str]],
) -> tuple[str, ...]:
    """Where the name is known from. A likely one that leads where invented ones do is no evidence."""
    everywhere = wildcard is None or not wildcard.isdisjoint((*found.all, *found.aliases[-1:]))
    set_up = ["list"] if name in listed and not everywhere else []
    return (*set_up, *(source for source, names in known.items() if name in names))


def _names(texts: Iterable[str]) -> Iterable[str]:
    """Host names among them, each once; what a wildcard certificate is for has no name."""
    for text in dict.fromkeys(texts):
        try:
            yield host_name(text)
        except PostureError:
            continue


def _ours(consent: Consent, name: str) -> bool:
    return consent.names(name) and not consent.excludes(name, None)


def _start(name: str, domain: str) -> bool:
    """The domain and its `www` are looked at anyway."""
    return name in (domain, f"www.{domain}")


def _purpose(name: str, domain: str) -> str:
    label = name.removesuffix(f".{domain}") if under(name, domain) else name.partition(".")[0]
    return likely().get(label, _OTHER)
