"""`dns/dnssec_renewed`: signatures are renewed in good time before they run out."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

_DAY = 86_400
#: Seconds left at which an outage of the signer over a weekend takes the domain down; less for short lives.
_LATE = 3 * _DAY
_LATE_SHARE = 8
#: Seconds: a stolen old answer can be replayed for this long (Zonemaster DNSSEC04: 180 days).
_LONG_LIFE = 180 * _DAY


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """Against the time of the scan. That signatures are over already is said by `dns/dnssec_valid`."""
    if fact.signed is None:
        yield unknown("unseen", path="status")
    elif not fact.signed or fact.signature_left is None or fact.signature_life is None:
        yield not_applicable("not_signed")
    elif fact.signature_left < min(_LATE, fact.signature_life / _LATE_SHARE):
        yield failed("late", hours=fact.signature_left // 3600)
    elif fact.signature_life > _LONG_LIFE:
        yield failed("long", days=fact.signature_life // _DAY)
    else:
        yield passed("renewed", days=fact.signature_left // _DAY)
