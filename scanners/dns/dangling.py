"""`dns.dangling`: aliases, exchangers and name servers that do not exist, and who could claim them."""

import asyncio
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.TXT import TXT

from posture.core.facts.dns_dangling import DnsDangling, Pointer
from posture.core.observations import Gap, Seen
from posture.core.targets import parents, under
from scanners.context import Context
from scanners.dns.resolver import Answer, text
from scanners.net.failure import NetFailure

_TABLE = Path(__file__).with_name("dangling.toml")

#: A name nobody has: what answers to it answers to every name.
NOBODY = "posture-no-such-name"
#: A domain can be registered directly below these.
REGISTRY = "registry"
#: Names learnt elsewhere (certificates) that are asked too.
MAX_KNOWN = 100
#: Includes of one SPF record that are asked; more than ten make it void anyway (RFC 7208 §4.6.4).
MAX_POLICIES = 20
#: Where policies for mail stand (RFC 9989 §4.6, RFC 8461 §3.1, RFC 8460 §3, BIMI); often a service's alias.
POLICIES = ("_dmarc", "_mta-sts", "_smtp._tls", "default._bimi")
_TRUSTED = re.compile(r"[+?~-]?(?:include:|redirect=)([a-z0-9._-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    labels: tuple[str, ...]
    registries: frozenset[str]
    services: Mapping[str, tuple[str, ...]]


async def look(context: Context, domain: str, known: Iterable[str] = ()) -> Seen[DnsDangling]:
    """Ask likely names below the domain, `known` ones, and where its MX, NS and SPF records lead.

    Aliases for mail (DKIM keys, policies) are among them. Raises NetFailure when every question failed.
    """
    names = _names(context, domain, known)
    (mx, ns, spf, star, star_mx, *answers), (mail_names, mail_star, mail) = await asyncio.gather(
        asyncio.gather(
            context.resolver.attempt(domain, "MX"),
            context.resolver.attempt(domain, "NS"),
            context.resolver.attempt(domain, "TXT"),
            context.resolver.attempt(f"{NOBODY}.{domain}", "A"),
            context.resolver.attempt(f"{NOBODY}.{domain}", "MX"),
            *(context.resolver.attempt(name, "A") for name in names),
        ),
        _mail(context, domain),
    )
    own = {"MX": mx, "NS": ns, "TXT": spf}
    failed = {rdtype: answer for rdtype, answer in own.items() if isinstance(answer, NetFailure)}
    asked = dict(zip([*names, *mail_names], [*answers, *mail], strict=True))
    failures = [answer for answer in asked.values() if isinstance(answer, NetFailure)]
    if len(failures) == len(asked) and len(failed) == len(own):
        raise failures[0]
    keys = [alias for alias in _aliases(mail, mail_star, f"_domainkey.{domain}") if _differ(alias, star)]
    aliases = [*_aliases(answers, star, domain), *keys]
    pointers = await asyncio.gather(
        *(_alias(context, answer) for answer in aliases),
        *(_server(context, domain, "MX", target) for target in _exchangers(mx)),
        *(_server(context, domain, "NS", target) for target in _name_servers(ns)),
        *(_server(context, domain, "SPF", target) for target in _policies(spf)),
    )
    fact = DnsDangling(
        names_checked=tuple(name for name, answer in asked.items() if isinstance(answer, Answer)),
        pointers=tuple(pointers),
        wildcard=_everywhere(star),
        wildcard_mx=_everywhere(star_mx),
        unasked=tuple(failed),
    )
    gaps = _gaps(failures, [*failed.values()], wildcard=star, wildcard_mx=star_mx)
    return Seen(value=fact, gaps=tuple(gaps))


def _names(context: Context, domain: str, known: Iterable[str]) -> list[str]:
    """The domain, likely names below it, and those that are known and that the consent does not exclude."""
    consent = context.gateway.scope.consent
    told = {name for name in (*known, *context.options.known_names) if under(name, domain)}
    allowed = sorted(name for name in told if not consent.excludes(name, None))
    return list(dict.fromkeys([domain, *(f"{x}.{domain}" for x in _table().labels), *allowed[:MAX_KNOWN]]))


async def _mail(
    context: Context, domain: str
) -> tuple[list[str], Answer | NetFailure, Sequence[Answer | NetFailure]]:
    """Names that mail services have their customers alias to them; the answers are `mail`'s too."""
    from scanners.mail import dkim  # which knows the selectors; mail imports this package

    selectors = await dkim.selectors(context, domain)
    names = [f"{policy}.{domain}" for policy in POLICIES]
    names += [f"{selector}._domainkey.{domain}" for selector in selectors]
    star, *answers = await asyncio.gather(
        context.resolver.attempt(f"{dkim.NOBODY}._domainkey.{domain}", "TXT"),
        *(context.resolver.attempt(name, "TXT") for name in names),
    )
    return names, star, answers


def _gaps(
    names: Sequence[NetFailure], own: Sequence[NetFailure], **stars: Answer | NetFailure
) -> Iterator[Gap]:
    for path, failures in (("names_checked", names), ("unasked", own)):
        if failures:
            yield Gap(path=path, reason=failures[0].reason)
    for path, star in stars.items():
        if isinstance(star, NetFailure):
            yield Gap(path=path, reason=star.reason)


def _everywhere(star: Answer | NetFailure) -> tuple[str, ...] | None:
    """What a name nobody set up leads to."""
    if isinstance(star, NetFailure):
        return None
    exchangers = [text(record.exchange) for record in star.of(MX)]
    return (*star.aliases[-1:], *(exchangers or [record.to_text() for record in star.records]))


def _aliases(answers: Sequence[Answer | NetFailure], star: Answer | NetFailure, domain: str) -> list[Answer]:
    """Answers that led elsewhere; all that a wildcard gives stand there once, under its name."""
    found = [answer for answer in answers if isinstance(answer, Answer) and answer.aliases]
    if not isinstance(star, Answer) or not star.aliases:
        return found
    own = [answer for answer in found if answer.aliases != star.aliases]
    return [*own, replace(star, name=f"*.{domain}")]


def _differ(answer: Answer, star: Answer | NetFailure) -> bool:
    """Whether an alias says more than the domain's wildcard does."""
    return not isinstance(star, Answer) or answer.aliases != star.aliases


def _exchangers(answer: Answer | NetFailure) -> list[str]:
    records = answer.of(MX) if isinstance(answer, Answer) else ()
    return [text(record.exchange) for record in records if len(record.exchange) > 1]


def _name_servers(answer: Answer | NetFailure) -> list[str]:
    return [text(record.target) for record in answer.of(NS)] if isinstance(answer, Answer) else []


def _policies(answer: Answer | NetFailure) -> list[str]:
    """Domains whose word the SPF record takes: who owns one of them says who may send (RFC 7208 §11.2)."""
    records = [b"".join(record.strings) for record in answer.of(TXT)] if isinstance(answer, Answer) else []
    terms = [term for raw in records for term in raw.decode("ascii", "replace").lower().split()]
    if "v=spf1" not in terms:
        return []
    named = [match[1].rstrip(".") for term in terms if (match := _TRUSTED.fullmatch(term))]
    return list(dict.fromkeys(named))[:MAX_POLICIES]


async def _alias(context: Context, answer: Answer) -> Pointer:
    claim = None if answer.exists else await _claimable(context, answer.canonical)
    return Pointer(
        name=answer.name, rdtype="CNAME", target=answer.canonical, gone=not answer.exists, claimable=claim
    )


async def _server(context: Context, domain: str, rdtype: str, target: str) -> Pointer:
    answer = await context.resolver.attempt(target, "A")
    if isinstance(answer, NetFailure):
        return Pointer(name=domain, rdtype=rdtype, target=target, gone=None)
    claim = None if answer.exists else await _claimable(context, answer.canonical)
    return Pointer(name=domain, rdtype=rdtype, target=target, gone=not answer.exists, claimable=claim)


async def _claimable(context: Context, target: str) -> str | None:
    """Who would give the missing name to anybody who asks, as far as we know."""
    for service, suffixes in _table().services.items():
        if any(under(target, suffix) and target != suffix for suffix in suffixes):
            return service
    registered = _registered(target)
    if registered is None:
        return None
    answer = await context.resolver.attempt(registered, "NS")
    return REGISTRY if isinstance(answer, Answer) and not answer.exists else None


def _registered(name: str) -> str | None:
    """The domain somebody registered, or could: one label below a top-level name or a known suffix."""
    chain: Sequence[str] = list(parents(name))
    for index, above in enumerate(chain):
        if index and (above in _table().registries or "." not in above):
            return chain[index - 1]
    return None


@cache
def _table() -> _Table:
    document: Mapping[str, Any] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    services = {name: tuple(suffixes) for name, suffixes in document["services"].items()}
    return _Table(
        labels=tuple(document["labels"]), registries=frozenset(document["registries"]), services=services
    )
