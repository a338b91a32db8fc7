"""`tls/post_quantum_authentication`: nobody can pose as the server with the computers of tomorrow."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, not_applicable, passed

_NAMES = ("ML-DSA", "SLH-DSA")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """For information, apart from the key exchange: a signature cannot be forged after the fact."""
    if not fact.certificates:
        yield without(fact, "certificates")
    elif fact.certificates[0].key_type.startswith(_NAMES):
        yield passed("ready", key_type=fact.certificates[0].key_type)
    else:
        yield not_applicable("classical", key_type=fact.certificates[0].key_type)
