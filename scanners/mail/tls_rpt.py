"""`mail.tls_rpt`: where senders report that mail could not be protected in transit (RFC 8460)."""

import re
from collections.abc import Iterator, Sequence

from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.observations import Gap, Seen
from scanners.context import Context
from scanners.mail.tags import read_tags
from scanners.mail.txt import texts
from scanners.net.failure import NetFailure

_VERSION = re.compile(r"v[ \t]*=[ \t]*TLSRPTv1[ \t]*(?:;|\Z)")
_URI = re.compile(r"(?:mailto:[^\s@,!;]+@[^\s@,!;]+|https://[^\s,!;]+)\Z", re.IGNORECASE)


async def look(context: Context, domain: str) -> Seen[MailTlsRpt]:
    """The record at `_smtp._tls`; exactly one with an address counts (§3)."""
    try:
        found = await texts(context, f"_smtp._tls.{domain}")
    except NetFailure as failure:
        gap = Gap(path="status", reason=failure.reason)
        return Seen(value=MailTlsRpt(status="temperror", rua=(), problems=()), gaps=(gap,))
    records = [record for record in found if _VERSION.match(record)]
    if not records:
        return Seen(value=MailTlsRpt(status="none", rua=(), problems=()))
    uris = [uri.strip() for uri in read_tags(records[0]).values.get("rua", "").split(",")]
    rua = tuple(uri for uri in uris if _URI.match(uri))
    problems = tuple(_problems(records, uris, rua))
    status = "invalid" if len(records) > 1 or not rua else "valid"
    return Seen(value=MailTlsRpt(status=status, rua=rua if status == "valid" else (), problems=problems))


def _problems(records: Sequence[str], uris: Sequence[str], rua: Sequence[str]) -> Iterator[str]:
    if len(records) > 1:
        yield "several-records"
    if len(rua) < len(uris):
        yield "bad-uri"
    if read_tags(records[0]).broken:
        yield "syntax"
