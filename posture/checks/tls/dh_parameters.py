"""`tls/dh_parameters`: finite-field parameters are large enough."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_ENOUGH = 2048


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9325 §4.1 asks for 2048 bits; 1024 shared by many and everything below is within reach (LOGJAM)."""
    offered = any("_DHE_" in name for names in fact.cipher_suites.values() for name in names)
    if fact.vulnerabilities.get("logjam") == "vulnerable":
        yield failed("within_reach", bits=fact.dh_bits)
    elif fact.dh_bits is not None and fact.dh_bits < _ENOUGH:
        yield failed("small", bits=fact.dh_bits)
    elif fact.dh_bits is not None:
        yield passed("large", bits=fact.dh_bits)
    elif offered or not speaks_tls(fact):
        yield without(fact, "dh_bits")
    elif fact.by_class:
        yield not_applicable("by_class")
    elif fact.partial or None in fact.protocols.values():
        yield without(fact, "cipher_suites")
    else:
        yield not_applicable("not_used")
