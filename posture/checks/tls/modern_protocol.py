"""`tls/modern_protocol`: TLS 1.2 or 1.3 is offered."""

from collections.abc import Iterator

from posture.checks.handshake import CLEAR_SERVICES, declined, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed

_MODERN = ("TLSv1.2", "TLSv1.3")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """One of the two is enough (RFC 9325 §3.1.1); none of any kind means that all is in the clear."""
    offered = tuple(name for name, state in fact.protocols.items() if state)
    modern = tuple(name for name in _MODERN if fact.protocols.get(name))
    if modern:
        yield passed("offered", protocols=modern)
    elif any(fact.protocols.get(name) is None for name in _MODERN):
        yield without(fact, "protocols.TLSv1.2")
    elif offered:
        yield failed("only_old", protocols=offered)
    elif _said_elsewhere(fact):
        yield without(fact, "protocols")
    else:
        yield failed("no_tls")


def _said_elsewhere(fact: TlsEndpoint) -> bool:
    """A clear port is one finding: `mail/starttls` for exchangers, `clear_service_encrypted` for log-ins."""
    log_in = fact.starttls in CLEAR_SERVICES and not fact.opportunistic
    return declined(fact) and (log_in or fact.role == "mx")
