"""`tls/renegotiation_secure`: nobody can splice bytes in front of a connection, or make it costly."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_WITH = ("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 5746; TLS 1.3 has no renegotiation."""
    secure = fact.behaviour.get("secure_renegotiation")
    by_client = fact.behaviour.get("client_renegotiation")
    if secure is False:
        yield failed("insecure")
    elif by_client:
        yield failed("by_client")
    elif secure:
        yield passed("secure")
    elif all(fact.protocols.get(name) is False for name in _WITH) and speaks_tls(fact):
        yield not_applicable("none")
    else:
        yield without(fact, "behaviour.secure_renegotiation")
