"""`tls/forward_secrecy`: a key stolen later does not open what was recorded."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.cipher_suites import forward_secret
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9325 §4.1: suites with a static RSA or DH exchange should not be negotiated."""
    suites = sorted({name for names in fact.cipher_suites.values() for name in names})
    static = [name for name in suites if not forward_secret(name)]
    if not suites:
        yield without(fact, "cipher_suites")
    elif static and len(static) == len(suites) and not fact.partial:
        yield failed("none", count=len(static))
    elif static:
        yield failed("some", count=len(static), example=static[0])
    elif fact.by_class:
        yield not_applicable("by_class")
    elif fact.partial or None in fact.protocols.values():
        yield without(fact, "cipher_suites")
    else:
        yield passed("all", count=len(suites))
