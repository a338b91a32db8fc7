"""`tls/legacy_protocol`: the protocols that were given up are switched off."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_BROKEN = ("SSLv2", "SSLv3")
_OLD = ("TLSv1.0", "TLSv1.1")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 6176 (SSL 2.0), RFC 7568 (SSL 3.0), RFC 8996 (TLS 1.0 and 1.1).

    Between mail servers old TLS is still better than none, which is what its end would mean there.
    """
    broken = tuple(name for name in _BROKEN if fact.protocols.get(name))
    old = tuple(name for name in _OLD if fact.protocols.get(name))
    unseen = next((name for name in (*_BROKEN, *_OLD) if fact.protocols.get(name) is None), None)
    if broken:
        yield failed("broken", protocols=(*broken, *old))
    elif old and fact.opportunistic:
        yield not_applicable("old_mail", protocols=old)
    elif old:
        yield failed("old", protocols=old)
    elif unseen or not speaks_tls(fact):
        yield without(fact, f"protocols.{unseen}")
    else:
        yield passed("none")
