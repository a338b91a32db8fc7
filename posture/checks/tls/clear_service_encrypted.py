"""`tls/clear_service_encrypted`: services that begin in the clear offer TLS before anybody logs in."""

from collections.abc import Iterator
from typing import Final

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Services people log in to and whose clear port begins without TLS, by the starter's name.
_NAMES: Final = {
    "pop3": "POP3",
    "imap": "IMAP",
    "smtp": "SMTP submission",
    "ftp": "FTP",
    "ldap": "LDAP",
}
_NOT_OFFERED: Final = "starttls-not-offered"


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 8314 §3 (mail), RFC 4217 (FTP), RFC 4513 §3 (LDAP).

    Port 25 belongs to `mail/starttls`: servers deliver there, people do not log in. Bad is only what the
    service itself said; TLS it began without agreeing on a version with us is no answer.
    """
    service = _NAMES.get(fact.starttls or "")
    if service is None:
        yield not_applicable("no_clear_port")
    elif fact.opportunistic:
        yield not_applicable("between_servers")
    elif True in fact.protocols.values():
        yield passed("offered", service=service, number=fact.port)
    elif _declined(fact):
        yield failed("not_offered", service=service, number=fact.port)
    else:
        yield unknown("not_agreed", path="protocols", service=service, number=fact.port)


def _declined(fact: TlsEndpoint) -> bool:
    """Whether every version is away because the service does not offer to start TLS at all."""
    return bool(fact.protocols) and all(
        offered is False and fact.refusals.get(name) == _NOT_OFFERED
        for name, offered in fact.protocols.items()
    )
