"""Digests of the DNS answers behind an observation.

Not of the datagrams: their identifiers, order and remaining time to live differ from one asking to the next.
What is hashed is the canonical text of what was answered, so unchanged servers give the same digest.
"""

from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import replace
from typing import TypeVar

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.observe import digest, observe

T = TypeVar("T")

#: Answers used by the observation that runs in this context; None where nobody collects.
_USED: ContextVar[set[str] | None] = ContextVar("used", default=None)


async def evident(context: Context, kind: str, target: Target, attempt: Awaitable[Seen[T]]) -> Observation[T]:
    """As `observe`, with the SHA-256 of every answer that the attempt used."""
    used: set[str] = set()
    token = _USED.set(used)
    try:
        found = await observe(context, kind, target, attempt)
    finally:
        _USED.reset(token)
    return replace(found, evidence=(digest("\n".join(sorted(used)).encode()),) if used else ())


def use(message: dns.message.Message, server: str = "") -> None:
    """Note an answer for the observation that runs, if any. `server`: who was asked, where that matters."""
    _note(f"{server}\n{canonical(message)}")


def use_text(what: str, content: str) -> None:
    """As `use`, for a document that came by another way (an MTA-STS policy)."""
    _note(f"{what}\n{content}")


def canonical(message: dns.message.Message) -> str:
    """Question, RCODE and records in canonical order (RFC 4034 §6.3), without times to live.

    Where the answer is empty the authority and its glue are what was said.
    """
    asked = [_head(rrset) for rrset in message.question]
    sections = [message.answer] if message.answer else [message.authority, message.additional]
    lines = {line for section in sections for rrset in section for line in _lines(rrset)}
    return "\n".join([*asked, dns.rcode.to_text(message.rcode()), *sorted(lines)])


def _head(rrset: dns.rrset.RRset) -> str:
    owner = rrset.name.canonicalize().to_text()
    return f"{owner} {dns.rdataclass.to_text(rrset.rdclass)} {dns.rdatatype.to_text(rrset.rdtype)}"


def _lines(rrset: dns.rrset.RRset) -> list[str]:
    return [f"{_head(rrset)} {record.to_digestable(dns.name.root).hex()}" for record in rrset]


def _note(text: str) -> None:
    used = _USED.get()
    if used is not None:
        used.add(text)
