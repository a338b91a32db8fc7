"""`tls/clear_service_encrypted`: services that begin in the clear offer TLS before anybody logs in."""

from collections.abc import Iterator

from posture.checks.handshake import CLEAR_SERVICES, declined
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 8314 §3 (mail), RFC 4217 (FTP), RFC 4513 §3 (LDAP), RFC 6120 §5 (XMPP); databases likewise.

    Port 25 belongs to `mail/starttls`: servers deliver there, people do not log in. Bad is only what the
    service itself said; TLS it began without agreeing on a version with us is no answer.
    """
    service = CLEAR_SERVICES.get(fact.starttls or "")
    if service is None:
        yield not_applicable("no_clear_port")
    elif fact.opportunistic:
        yield not_applicable("between_servers")
    elif True in fact.protocols.values():
        yield passed("offered", service=service, number=fact.port)
    elif declined(fact):
        yield failed("not_offered", service=service, number=fact.port)
    else:
        yield unknown("not_agreed", path="protocols", service=service, number=fact.port)
