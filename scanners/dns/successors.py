"""What a zone asks its parent to publish: CDS and CDNSKEY (RFC 7344, RFC 8078)."""

from collections.abc import Sequence

import dns.message
import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.CDNSKEY import CDNSKEY
from dns.rdtypes.ANY.CDS import CDS
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from scanners.dns.signatures import find, stands_for

#: Algorithm of the records that ask for the removal of every DS (RFC 8078 §4).
_DELETE = 0

Response = dns.message.Message | None


def read(
    zone: dns.name.Name, answers: tuple[Response, Response], keys: Sequence[DNSKEY], signers: Sequence[DS]
) -> str | None:
    """`DnssecChain.cds` from the answers for CDS and CDNSKEY, the zone's keys and the parent's DS records."""
    if None in answers:
        return None
    digests = [record for record in _records(answers[0], zone, dns.rdatatype.CDS) if isinstance(record, CDS)]
    wanted = [r for r in _records(answers[1], zone, dns.rdatatype.CDNSKEY) if isinstance(r, CDNSKEY)]
    if not digests and not wanted:
        return "none"
    if any(r.algorithm == _DELETE for r in digests) or any(r.algorithm == _DELETE for r in wanted):
        return "delete"
    return _compared(zone, digests, wanted, keys, signers)


def _compared(
    zone: dns.name.Name,
    digests: Sequence[CDS],
    wanted: Sequence[CDNSKEY],
    keys: Sequence[DNSKEY],
    signers: Sequence[DS],
) -> str:
    """RFC 7344 §4.1: what is asked for has to be a key the zone has; both kinds have to mean the same."""
    by_digest = {key for key in keys if any(stands_for(record, zone, key) for record in digests)}
    by_key = {key for key in keys if any(_same(record, key) for record in wanted)}
    strangers = [r for r in digests if not any(stands_for(r, zone, key) for key in keys)]
    strangers_too = [r for r in wanted if not any(_same(r, key) for key in keys)]
    if strangers or strangers_too:
        return "unmatched"
    if digests and wanted and by_digest != by_key:
        return "disagree"
    now = {key for key in keys if any(stands_for(record, zone, key) for record in signers)}
    return "current" if (by_digest | by_key) == now else "rollover"


def _same(record: CDNSKEY, key: DNSKEY) -> bool:
    return (record.flags, record.algorithm, record.key) == (key.flags, key.algorithm, key.key)


def _records(response: Response, zone: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Sequence[object]:
    found = None if response is None else find(response.answer, zone, rdtype)
    return () if found is None else tuple(found.rrset)
