"""`tls/weak_cipher_suites`: no suite that can be broken is offered."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.cipher_suites import weakest
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed

_SHOWN = 8


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9325 §4.2.1. The worst suite decides; every weak one is named."""
    found = weakest({name for names in fact.cipher_suites.values() for name in names})
    if found is None:
        yield _none_seen(fact)
        return
    worst, names = found
    shown, more = names[:_SHOWN], len(names)
    if fact.opportunistic:
        yield failed("weak_mail", suites=shown, count=more, weakness=worst.value)
    elif worst.breaks_encryption:
        yield failed("broken", suites=shown, count=more, weakness=worst.value)
    else:
        yield failed("weak", suites=shown, count=more, weakness=worst.value)


def _none_seen(fact: TlsEndpoint) -> Verdict:
    for name, state in fact.protocols.items():
        if state is None:
            return without(fact, f"protocols.{name}")
        if name in fact.partial:
            return without(fact, f"cipher_suites.{name}")
    if not speaks_tls(fact):
        return without(fact, "protocols")
    return passed("sound", count=len({n for names in fact.cipher_suites.values() for n in names}))
