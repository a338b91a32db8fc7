"""Answers that belong to more than one protocol: what speaks every language speaks for a honeypot.

A service of its own answers in one protocol. Bytes that are the greetings of several at once, or a port that
answers the questions of two protocols in each of them, were made to be recognised, whatever is asked.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from posture.core.consent import Technique
from posture.core.facts.service_product import ServiceProduct
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure
from scanners.services.questions import BY_PORT, Question, spoken

#: What a line of an answer begins with, or a product's own word in it, by protocol.
_SIGNS: Final = {
    "ssh": rb"(?:^|\n)SSH-[12]\.",
    "smtp": rb"(?:^|\n)220[ -][^\n]*SMTP",
    "ftp": rb"(?:^|\n)220[ -][^\n]*FTP",
    "pop3": rb"(?:^|\n)\+OK\b",
    "imap": rb"(?:^|\n)\* (?:OK|PREAUTH)\b",
    "vnc": rb"(?:^|\n)RFB \d{3}\.\d{3}",
    "redis": rb"(?:^|\n)\+PONG\b",
    "memcached": rb"(?:^|\n)VERSION \d",
    "zookeeper": rb"(?:^|\n)imok\b",
    "nats": rb"(?:^|\n)INFO \{",
    "http": rb"(?:^|\n)HTTP/1\.[01] \d{3}",
    "elasticsearch": rb'"lucene_version"',
    "couchdb": rb'"couchdb"\s*:\s*"Welcome"',
    "etcd": rb'"etcdserver"\s*:',
}
#: Two happen by chance: SSH may be preceded by lines of talk, and a product's word stands in an HTTP answer.
_TOO_MANY: Final = 3
#: Protocols met on one host from which one of its ports is asked a second question.
_SEVERAL: Final = 3
#: Seconds for the answer to it, and the bytes that are read of it.
_PATIENCE: Final = 3.0
_MOST: Final = 4096


def further(raw: bytes, protocol: str) -> tuple[str, ...]:
    """The other protocols an answer belongs to, where that is more than chance."""
    found = [name for name, sign in _SIGNS.items() if re.search(sign, raw)]
    return tuple(name for name in found if name != protocol) if len(found) >= _TOO_MANY else ()


async def crossed(context: Context, found: Sequence[Observation[Any]]) -> list[Observation[Any]]:
    """The observations; on each host of many protocols one port was asked in the words of another.

    A real service does not understand them. What it answered all the same is in `also`.
    """
    hosts: dict[str, list[_Told]] = {}
    for place, obs in enumerate(found):
        if (told := _told(place, obs)) is not None:
            hosts.setdefault(obs.target.address or "", []).append(told)
    doubtful = [pair for several in hosts.values() if (pair := _pair(several)) is not None]
    answers = await asyncio.gather(*(_answer(context, one.target, question) for one, question in doubtful))
    changed = list(found)
    for (one, _), answer in zip(doubtful, answers, strict=True):
        if answer not in (None, "http", one.fact.protocol):
            value = replace(one.fact, also=(answer,))
            changed[one.place] = replace(found[one.place], result=Seen(value=value))
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """An observation that answers the question of its own protocol, and its place among all."""

    place: int
    target: Target
    fact: ServiceProduct
    question: Question


def _told(place: int, obs: Observation[Any]) -> _Told | None:
    """The observation with its question; None for what was not asked, and for plain HTTP."""
    fact = obs.result.value if isinstance(obs.result, Seen) else None
    question = BY_PORT.get(obs.target.port or 0)
    if not isinstance(fact, ServiceProduct) or fact.how != "question" or question is None:
        return None
    if fact.protocol == "http":
        return None
    return _Told(place=place, target=obs.target, fact=fact, question=question)


def _pair(several: Sequence[_Told]) -> tuple[_Told, Question] | None:
    """The first port, and the question of another protocol that answered on the host; None for a few."""
    questions = {one.fact.protocol: one.question for one in several}
    if len(questions) < _SEVERAL:
        return None
    others = [question for name, question in questions.items() if name != several[0].fact.protocol]
    return several[0], min(others, key=lambda question: question.sent.startswith(b"GET "))


async def _answer(context: Context, target: Target, question: Question) -> str | None:
    """The protocol in which the port answers the question; None where it does not understand it."""
    try:
        permit = context.gateway.permit(target, Technique.SERVICES)
        async with await context.gateway.connect(permit) as stream:
            await stream.write(spoken(question, target, context.options.user_agent))
            answer = question.read(await stream.read(_MOST, timeout=_PATIENCE))
    except NetFailure as failure:
        if failure.reason is Reason.NOT_PERMITTED:
            raise
        return None
    return None if answer is None else answer.protocol
