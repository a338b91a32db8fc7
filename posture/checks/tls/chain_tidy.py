"""`tls/chain_tidy`: the chain is sent in order, with nothing too much."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed

#: A root that is sent along costs bytes and nothing else; a gap is judged with trust.
_MATTERS = ("wrong-order", "extra-certificate")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 8446 §4.4.2: each certificate should certify the one before it."""
    if not fact.certificates:
        yield without(fact, "certificates")
        return
    problems = tuple(problem for problem in fact.chain_problems if problem in _MATTERS)
    if problems:
        yield failed("untidy", problems=problems)
    else:
        yield passed("tidy", count=len(fact.certificates))
