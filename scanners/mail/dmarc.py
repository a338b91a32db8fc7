"""`mail.dmarc`: the policy that applies to mail in a domain's name, found as RFC 9989 §4.10 says."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.observations import Gap, Seen
from scanners.context import Context
from scanners.mail.dmarc_record import DmarcRecord, is_dmarc, read_dmarc, report_host
from scanners.mail.txt import texts
from scanners.net.failure import NetFailure

#: Names asked in one tree walk, the starting name included (§4.10).
MAX_WALK = 8
#: Report addresses whose consent is looked up.
MAX_DESTINATIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One name of a tree walk: its only record, or why there is none; `failure` when it was not told."""

    name: str
    record: DmarcRecord | None = None
    problems: tuple[str, ...] = ()
    failure: NetFailure | None = None


async def look(context: Context, domain: str) -> Seen[MailDmarc]:
    """Find record, policy and organizational domain; ask report addresses of others for their consent."""
    steps = await walk(context, domain)
    organization = organizational_domain(steps)
    chosen = _chosen(steps, organization)
    lost = _lost(steps, chosen)
    if lost is not None:
        return Seen(value=_without("temperror", None), gaps=(Gap(path="status", reason=lost.reason),))
    problems = (*steps[0].problems, *await _misplaced(context, domain))
    if chosen is None or chosen.record is None:
        status = "invalid" if "several-records" in problems else "none"
        return Seen(value=replace(_without(status, organization), problems=problems))
    unconfirmed = await _unconfirmed(context, chosen.name, chosen.record)
    fact = _fact(steps, chosen.name, chosen.record, organization)
    silent = None if isinstance(unconfirmed, NetFailure) else unconfirmed
    fact = replace(fact, problems=(*problems, *fact.problems), unconfirmed_reports=silent)
    return Seen(value=fact, gaps=tuple(_gaps(steps, fact, unconfirmed)))


async def walk(context: Context, domain: str) -> tuple[Step, ...]:
    """Ask every name of the tree walk at once; the last is where the walk stops (§4.10 steps 2 and 6)."""
    steps = await asyncio.gather(*(_step(context, name) for name in walk_names(domain)))
    kept: list[Step] = []
    for step in steps:
        kept.append(step)
        if step.record is not None and step.record.psd in {"y", "n"}:
            break
    return tuple(kept)


def walk_names(domain: str) -> Iterator[str]:
    """The names of a tree walk, longest first: the domain, then at most seven shorter ones."""
    labels = domain.split(".")
    yield domain
    rest = labels[1:] if len(labels) < MAX_WALK else labels[-(MAX_WALK - 1) :]
    for index in range(len(rest)):
        yield ".".join(rest[index:])


def organizational_domain(steps: Sequence[Step]) -> str | None:
    """§4.10.2, from the longest name to the shortest; None when a failure on the way leaves it open."""
    start = steps[0].name
    shortest = start
    for step in steps:
        if step.failure is not None:
            return None
        if step.record is None or not step.record.usable:
            continue
        if step.record.psd == "n":
            return step.name
        if step.record.psd == "y" and step.name != start:
            return _one_below(start, step.name)
        shortest = step.name
    return shortest


def _one_below(start: str, parent: str) -> str:
    labels = start.split(".")
    return ".".join(labels[-(len(parent.split(".")) + 1) :])


def _chosen(steps: Sequence[Step], organization: str | None) -> Step | None:
    """The step whose record applies (§4.10.1): the domain's, else the organization's, else the suffix's."""
    own = steps[0]
    if own.record is not None:
        return own
    by_name = {step.name: step for step in steps if step.record is not None and step.record.usable}
    above = [step for step in by_name.values() if step.record is not None and step.record.psd == "y"]
    return by_name.get(organization or "") or next(iter(above), None)


def _lost(steps: Sequence[Step], chosen: Step | None) -> NetFailure | None:
    """The failure that leaves the policy open: none once the domain's own record is there."""
    if chosen is steps[0]:
        return None
    return next((step.failure for step in steps if step.failure is not None), None)


async def _step(context: Context, name: str) -> Step:
    try:
        found = await texts(context, f"_dmarc.{name}")
    except NetFailure as failure:
        return Step(name=name, failure=failure)
    records = [text for text in found if is_dmarc(text)]
    problems = tuple(dict.fromkeys(_strays(found, records)))
    return Step(name=name, record=read_dmarc(records[0]) if len(records) == 1 else None, problems=problems)


def _strays(found: Sequence[str], records: Sequence[str]) -> Iterator[str]:
    if len(records) > 1:
        yield "several-records"
    for text in found:
        if text in records:
            continue
        if is_dmarc(text.lstrip()):
            yield "leading-space"
        elif text.lower().startswith("v=spf1"):
            yield "spf-in-place"
        elif text.lower().replace(" ", "").startswith("v=dmarc"):
            yield "bad-version"
        else:
            yield "unrelated-record"


async def _misplaced(context: Context, domain: str) -> list[str]:
    """Whether the record was put at the domain itself, where nobody looks; a failure tells nothing."""
    try:
        found = await texts(context, domain)
    except NetFailure:
        return []
    return ["at-the-domain-itself"] if any(is_dmarc(text.lstrip()) for text in found) else []


async def _unconfirmed(context: Context, domain: str, record: DmarcRecord) -> tuple[str, ...] | NetFailure:
    """Report hosts of other organizations that do not say they want the reports (RFC 9990 §4)."""
    hosts = sorted({host for uri in record.rua if (host := report_host(uri)) is not None})
    hosts = hosts[:MAX_DESTINATIONS]
    asked = await asyncio.gather(*(_confirms(context, domain, host) for host in hosts))
    for answer in asked:
        if isinstance(answer, NetFailure):
            return answer
    return tuple(host for host, answer in zip(hosts, asked, strict=True) if not answer)


async def _confirms(context: Context, domain: str, host: str) -> bool | NetFailure:
    if host == domain or host.endswith("." + domain) or domain.endswith("." + host):
        return True
    try:
        found = await texts(context, f"{domain}._report._dmarc.{host}")
    except NetFailure as failure:
        return failure
    if any(is_dmarc(text) for text in found):
        return True
    mine, theirs = await asyncio.gather(walk(context, domain), walk(context, host))
    same = organizational_domain(mine)
    return same is not None and same == organizational_domain(theirs)


def _without(status: str, organization: str | None) -> MailDmarc:
    return MailDmarc(
        status=status,
        record=None,
        policy=None,
        subdomain_policy=None,
        organizational_domain=organization,
        rua=(),
        problems=(),
    )


def _fact(steps: Sequence[Step], found_at: str, record: DmarcRecord, organization: str | None) -> MailDmarc:
    below = _record_below(steps, record, organization)
    subdomain = below.subdomain or below.policy
    inherited = found_at != steps[0].name
    policy = (record.subdomain or record.policy) if inherited else record.policy
    return MailDmarc(
        status="valid" if record.usable else "invalid",
        record=record.text,
        policy=policy if record.usable else None,
        subdomain_policy=subdomain if record.usable else None,
        nonexistent_policy=(below.nonexistent or subdomain) if record.usable else None,
        organizational_domain=organization,
        rua=record.rua,
        problems=record.problems,
        found_at=found_at,
        testing=record.testing,
        ruf=record.ruf,
        strict_dkim=record.strict_dkim,
        strict_spf=record.strict_spf,
    )


def _record_below(steps: Sequence[Step], record: DmarcRecord, organization: str | None) -> DmarcRecord:
    """The record whose `sp` and `np` rule the names below: the organizational domain's (§4.7, `sp`)."""
    for step in steps:
        if step.name == organization and step.record is not None and step.record.usable:
            return step.record
    return record


def _gaps(steps: Sequence[Step], fact: MailDmarc, unconfirmed: tuple[str, ...] | NetFailure) -> Iterator[Gap]:
    failures = [step.failure for step in steps if step.failure is not None]
    if fact.organizational_domain is None and failures:
        yield Gap(path="organizational_domain", reason=failures[0].reason)
    if isinstance(unconfirmed, NetFailure):
        yield Gap(path="unconfirmed_reports", reason=unconfirmed.reason)
