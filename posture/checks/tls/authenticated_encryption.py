"""`tls/authenticated_encryption`: records are encrypted and authenticated in one step."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.cipher_suites import authenticated_encryption
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9325 §4.2: CBC suites are an exposure (LUCKY13, BEAST) even where no flaw is known."""
    suites = {name for names in fact.cipher_suites.values() for name in names}
    old = [name for name in suites if "_CBC" in name]
    if not suites:
        yield without(fact, "cipher_suites")
    elif old and fact.opportunistic:
        yield not_applicable("mail", count=len(old))
    elif old and any(map(authenticated_encryption, suites)):
        yield failed("beside", count=len(old))
    elif old:
        yield failed("only_old", count=len(old))
    elif fact.partial or None in fact.protocols.values():
        yield without(fact, "cipher_suites")
    else:
        yield passed("all")
