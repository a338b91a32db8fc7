"""`mail.mta_sts`: the domain's word that mail to it must be protected in transit (RFC 8461)."""

import asyncio
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dns.rdtypes.ANY.MX import MX

from posture.core.consent import Technique
from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import evidence
from scanners.dns.resolver import text
from scanners.mail.tags import read_tags
from scanners.mail.txt import texts
from scanners.net.failure import NetFailure

#: A policy longer than this is not read (§3.3 allows such a limit).
MAX_POLICY = 64 * 1024
#: What a sender puts up with (§3.2: of a key that stands twice the first counts; §3.3: the media type).
NOTES = frozenset({"key-twice", "content-type"})
#: Seconds; the longest `max_age` (§3.2).
MAX_AGE = 31_557_600
MODES = ("enforce", "testing", "none")

_VERSION = re.compile(r"v[ \t]*=[ \t]*STSv1[ \t]*(?:;|\Z)")
_ID = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*([^\r]*?)[ \t]*\Z")
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\Z")
_KNOWN = frozenset({"version", "mode", "max_age", "mx"})
#: Values of keys to come: visible characters with spaces between them (§3.2).
_EXTENSION = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?\Z")

_NONE = MailMtaSts(status="none", mode=None, max_age=None, mx=(), problems=())


async def look(context: Context, domain: str) -> Seen[MailMtaSts]:
    """The record, the policy behind it, and the exchangers that the policy does not name."""
    try:
        found = await texts(context, f"_mta-sts.{domain}")
    except NetFailure as failure:
        return _temporary(failure)
    records = [record for record in found if _VERSION.match(record)]
    problems = record_problems(records)
    if not records:
        return Seen(value=_NONE)
    if problems:
        return Seen(value=replace(_NONE, status="invalid", problems=problems))
    try:
        fact = await _fetch(context, f"mta-sts.{domain}")
    except NetFailure as failure:
        return _temporary(failure)
    return await _with_coverage(context, domain, fact)


def read_policy(body: str) -> MailMtaSts:
    """A policy file's fields (§3.2). Never fails: an unusable policy is `invalid` with its problems."""
    fields: list[tuple[str, str]] = []
    broken = False
    for line in body.replace("\r\n", "\n").split("\n"):
        match = _LINE.match(line)
        broken = broken or (bool(line) and not _is_field(match))
        fields.extend([(match[1], match[2])] if match else [])
    first: dict[str, str] = {}
    for key, value in fields:
        first.setdefault(key, value)
    patterns = tuple(value.lower() for key, value in fields if key == "mx")
    age = first.get("max_age", "")
    problems = (*(("syntax",) if broken else ()), *_policy_problems(fields, first, patterns))
    return MailMtaSts(
        status="valid" if NOTES.issuperset(problems) else "invalid",
        mode=first.get("mode") if first.get("mode") in MODES else None,
        max_age=int(age) if _is_number(age) else None,
        mx=patterns,
        problems=problems,
    )


def _is_field(match: re.Match[str] | None) -> bool:
    return match is not None and (match[1] in _KNOWN or _EXTENSION.match(match[2]) is not None)


def covers(patterns: Sequence[str], name: str) -> bool:
    """Whether a policy names an exchanger; `*` stands for exactly one label (§4.1)."""
    wildcard = "*." + name.partition(".")[2]
    return name in patterns or wildcard in patterns


def record_problems(records: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with the records that begin as one of MTA-STS (§3.1)."""
    return tuple(_record_problems(records))


def _record_problems(records: Sequence[str]) -> Iterator[str]:
    if len(records) > 1:
        yield "several-records"
    for record in records[:1]:
        tags = read_tags(record)
        if tags.broken:
            yield "record-syntax"
        if not _ID.match(tags.values.get("id", "")):
            yield "bad-id"


def _policy_problems(
    fields: Sequence[tuple[str, str]], first: dict[str, str], patterns: Sequence[str]
) -> Iterator[str]:
    if first.get("version") != "STSv1":
        yield "bad-version"
    if first.get("mode") not in MODES:
        yield "bad-mode"
    age = first.get("max_age", "")
    if not _is_number(age) or int(age) > MAX_AGE:
        yield "bad-max-age"
    if not patterns and first.get("mode") != "none":
        yield "no-mx"
    if any(not _PATTERN.match(pattern) for pattern in patterns):
        yield "bad-mx"
    if any(sum(key == name for key, _ in fields) > 1 for name in ("version", "mode", "max_age")):
        yield "key-twice"


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 10


async def _fetch(context: Context, host: str) -> MailMtaSts:
    found = await context.resolver.addresses(host)
    if not found.all and None not in {found.ipv4, found.ipv6}:
        return replace(_NONE, status="invalid", problems=("no-policy-host",))
    if not await _certificate_valid(context, host, found.all):
        return replace(_NONE, status="invalid", problems=("certificate",))
    status, kind, raw = await asyncio.to_thread(_get, context, f"https://{host}/.well-known/mta-sts.txt")
    body = raw.decode("utf-8", "replace")
    evidence.use_text(f"{host} {status} {kind}", body)
    if status != 200:
        return replace(_NONE, status="invalid", problems=(f"http-status:{status}",))
    if len(raw) > MAX_POLICY:
        return replace(_NONE, status="invalid", problems=("too-long",))
    fact = read_policy(body)
    if kind != "text/plain":
        fact = replace(fact, problems=(*fact.problems, "content-type"))
    return fact


async def _certificate_valid(context: Context, host: str, addresses: Sequence[str]) -> bool:
    """Whether a client that verifies accepts the policy host: one that does not must not use it (§3.3).

    Raises NetFailure when no address lets a handshake come to its end.
    """
    verifying = ssl.create_default_context(cafile=context.options.trust_store)
    last = NetFailure(Reason.NO_DATA, f"{host} has no address")
    for address in addresses:
        target = Target(name=host, address=address, port=443)
        try:
            permit = context.gateway.permit(target, Technique.MAIL)
            async with await context.gateway.connect(permit) as stream:
                await stream.start_tls(verifying, host)
        except NetFailure as failure:
            if "certificate_verify_failed" in failure.detail:
                return False
            last = failure
        else:
            return True
    raise last


def _get(context: Context, url: str) -> tuple[int, str, bytes]:
    """Status, media type and body of one request; redirects are not followed (§3.3). Runs in a thread.

    Of a body that is too long a little more than `MAX_POLICY` is read.
    """
    import requests  # here, because most domains have no policy and requests takes long to load

    from scanners.net.http import failure_in

    with context.gateway.session(Technique.MAIL) as session:
        response = session.get(url)
        body = bytearray()
        try:
            for chunk in response.iter_content(8192):
                body += chunk
                if len(body) > MAX_POLICY:
                    break
        except (requests.RequestException, OSError) as error:
            raise failure_in(error) from None
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return response.status_code, kind, bytes(body)


async def _with_coverage(context: Context, domain: str, fact: MailMtaSts) -> Seen[MailMtaSts]:
    if fact.status != "valid":
        return Seen(value=fact)
    answer = await context.resolver.attempt(domain, "MX")
    if isinstance(answer, NetFailure):
        gap = Gap(path="uncovered", reason=answer.reason)
        return Seen(value=replace(fact, uncovered=None), gaps=(gap,))
    names = {text(record.exchange) for record in answer.of(MX)} - {"."}
    return Seen(value=replace(fact, uncovered=tuple(sorted(n for n in names if not covers(fact.mx, n)))))


def _temporary(failure: NetFailure) -> Seen[MailMtaSts]:
    gap = Gap(path="status", reason=failure.reason)
    return Seen(value=replace(_NONE, status="temperror"), gaps=(gap,))
