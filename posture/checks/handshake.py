"""What the checks of `tls.endpoint` share: why a question has no answer, or does not arise."""

from typing import Final

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, not_applicable, unknown

#: Services people log in to and whose clear port begins without TLS, by the starter's name.
CLEAR_SERVICES: Final = {
    "pop3": "POP3",
    "imap": "IMAP",
    "smtp": "SMTP submission",
    "ftp": "FTP",
    "ldap": "LDAP",
    "xmpp": "XMPP",
    "mysql": "MySQL",
    "postgres": "PostgreSQL",
}
_NOT_OFFERED: Final = "starttls-not-offered"


def declined(fact: TlsEndpoint) -> bool:
    """Whether every version is away because the service does not offer to start TLS at all."""
    return bool(fact.protocols) and all(
        offered is False and fact.refusals.get(name) == _NOT_OFFERED
        for name, offered in fact.protocols.items()
    )


def speaks_tls(fact: TlsEndpoint) -> bool:
    """Whether any protocol is offered, or may be."""
    return any(state is not False for state in fact.protocols.values())


def without(fact: TlsEndpoint, path: str) -> Verdict:
    """The verdict where the part of the fact at `path` is missing."""
    if not speaks_tls(fact):
        return not_applicable("tls_none")
    if fact.depth == "contact" and path != "certificates":
        return not_applicable("tls_one_contact")
    return unknown("tls_unseen", path=path)
