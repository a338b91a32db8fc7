"""`mail/dkim`: mail is signed with keys that are strong enough."""

from collections.abc import Iterator

from posture.core.facts.mail_dkim import MailDkim, Selector
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Bits of an RSA key: below the first receivers ignore the signature, below the second it is too short
#: for new keys (RFC 8301 §3.2).
_IGNORED = 1024
_SHORT = 2048


def judge(fact: MailDkim) -> Iterator[Verdict]:
    """Keys that were found are judged. None found is unknown, unless it is proved that there is none."""
    usable = tuple(s for s in fact.selectors if s.status in {"valid", "testing"})
    if usable:
        yield _keys(usable)
    elif fact.sends_mail is False:
        yield not_applicable("sends_no_mail")
    elif fact.any_below is False:
        yield failed("missing")
    elif fact.selectors:
        yield failed("unusable", selectors=tuple(s.selector for s in fact.selectors))
    else:
        yield unknown("not_confirmed", path="selectors", count=len(fact.selectors_checked))


def _keys(usable: tuple[Selector, ...]) -> Verdict:
    names = tuple(s.selector for s in usable)
    sizes = [s.bits for s in usable if s.key_type == "rsa" and s.bits is not None]
    if sizes and min(sizes) < _IGNORED:
        return failed("weak", bits=min(sizes))
    if all(s.status == "testing" for s in usable):
        return failed("testing", selectors=names)
    if sizes and min(sizes) < _SHORT:
        return failed("short", bits=min(sizes))
    return passed("signed", selectors=names)
