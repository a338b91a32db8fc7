"""`mail.bimi`: the logo record of a domain (draft-brand-indicators-for-message-identification §4)."""

import re
from collections.abc import Iterator, Sequence

from posture.core.facts.mail_bimi import MailBimi
from posture.core.observations import Gap, Seen
from posture.core.targets import is_address
from scanners.context import Context
from scanners.mail import dmarc
from scanners.mail.tags import Tags, read_tags
from scanners.mail.txt import texts
from scanners.net.failure import NetFailure

_VERSION = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")
_HTTPS = re.compile(r"https://([^\s,;/?#]+)[^\s,;]*\Z", re.IGNORECASE)


async def look(context: Context, domain: str) -> Seen[MailBimi]:
    """The record at the domain, else at its organizational domain (§4.2.1, §7.2)."""
    try:
        fact = await _at(context, domain)
        if fact.status == "none":
            above = dmarc.organizational_domain(await dmarc.walk(context, domain))
            fact = await _at(context, above) if above not in {None, domain} else fact
    except NetFailure as failure:
        gap = Gap(path="status", reason=failure.reason)
        return Seen(value=_fact("temperror", None), gaps=(gap,))
    return Seen(value=fact)


async def _at(context: Context, name: str | None) -> MailBimi:
    found = await texts(context, f"default._bimi.{name}")
    records = [record for record in found if _VERSION.match(record)]
    return read_bimi(records, name) if records else _fact("none", None)


def read_bimi(records: Sequence[str], name: str | None) -> MailBimi:
    """The record where exactly one counts. Never fails: an unusable one is `invalid` with its problems."""
    tags = read_tags(records[0])
    problems = tuple(_problems(records, tags))
    logo, evidence = tags.values.get("l", ""), tags.values.get("a", "")
    status = "invalid" if problems else "valid" if logo else "declined"
    return _fact(status, name, logo=logo or None, evidence=evidence or None, problems=problems)


def _problems(records: Sequence[str], tags: Tags) -> Iterator[str]:
    if len(records) > 1:
        yield "several-records"
    if tags.broken or tags.twice:
        yield "syntax"
    if "l" not in tags.values:
        yield "no-logo"
    for tag in ("l", "a"):
        if tags.values.get(tag) and not _fetchable(tag, tags.values[tag]):
            yield f"bad-uri:{tag}"


def _fetchable(tag: str, uri: str) -> bool:
    """Whether it is an https URI; that of the evidence has to name a host in full (§4.3)."""
    match = _HTTPS.match(uri)
    if match is None:
        return False
    host = match[1].partition(":")[0]
    return tag == "l" or ("." in host and not is_address(host))


def _fact(
    status: str,
    name: str | None,
    *,
    logo: str | None = None,
    evidence: str | None = None,
    problems: tuple[str, ...] = (),
) -> MailBimi:
    return MailBimi(status=status, found_at=name, logo=logo, evidence=evidence, problems=problems)
