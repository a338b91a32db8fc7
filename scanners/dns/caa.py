"""`dns.caa`: certification authority authorisation, found by climbing the tree (RFC 8659 §3)."""

import asyncio

from dns.rdtypes.ANY.CAA import CAA

from posture.core.facts.dns_caa import DnsCaa
from posture.core.observations import Seen
from posture.core.targets import parents
from scanners.context import Context
from scanners.dns.resolver import Answer
from scanners.net.failure import NetFailure

#: Property tags we know what to do with (RFC 8659 §4, RFC 9495 §4); a critical other one forbids issuance.
KNOWN = frozenset({"issue", "issuewild", "iodef", "issuemail"})
_CRITICAL = 128


async def look(context: Context, domain: str) -> Seen[DnsCaa]:
    """The CAA set that holds for a domain: its own, or that of the nearest ancestor that has one.

    All ancestors are asked at once. Raises NetFailure when a nearer name than the one found failed: what it
    would have said is not known.
    """
    names = list(parents(domain))
    answers = await asyncio.gather(*(context.resolver.attempt(name, "CAA") for name in names))
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, NetFailure):
            raise answer
        if answer.records:
            return Seen(value=_fact(name, answer))
    return Seen(value=DnsCaa(issue=(), issuewild=(), found_at=None))


def _fact(found_at: str, answer: Answer) -> DnsCaa:
    records = answer.of(CAA)
    return DnsCaa(
        issue=_values(records, "issue"),
        issuewild=_values(records, "issuewild"),
        found_at=found_at,
        iodef=_values(records, "iodef"),
        critical_unknown=tuple(
            sorted({tag for r in records if r.flags & _CRITICAL and (tag := _tag(r)) not in KNOWN})
        ),
    )


def _values(records: tuple[CAA, ...], tag: str) -> tuple[str, ...]:
    """Values of a property; for issuers only the domain name counts, `;` when it names nobody (§4.2)."""
    texts = [r.value.decode("utf-8", "replace").strip() for r in records if _tag(r) == tag]
    if tag.startswith("issue"):
        texts = [text.partition(";")[0].strip().lower() or ";" for text in texts]
    return tuple(sorted(set(texts)))


def _tag(record: CAA) -> str:
    return record.tag.decode("ascii", "replace").lower()
