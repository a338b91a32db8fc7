"""What the checks of `tls.endpoint` share: why a question has no answer, or does not arise."""

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, not_applicable, unknown


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
