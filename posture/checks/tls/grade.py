"""`tls/grade`: taken together, the service earns a good grade."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.checks.tls_grade import Grade
from posture.checks.tls_grade import grade as graded
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed

_POOR = frozenset({"D", "E", "F", "M", "T"})


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """A summary in the manner of SSL Labs 2009r; every reason in it has a check of its own."""
    found = graded(fact)
    if found is None:
        yield without(fact, "protocols")
    else:
        yield _verdict(found)


def _verdict(found: Grade) -> Verdict:
    letter, caps = found.letter, found.caps
    protocol, exchange, cipher = found.protocol, found.key_exchange, found.cipher
    if letter == "A":
        return passed("good", grade=letter, protocol=protocol, exchange=exchange, cipher=cipher)
    if letter in _POOR:
        return failed("poor", grade=letter, protocol=protocol, exchange=exchange, cipher=cipher, caps=caps)
    return failed("fair", grade=letter, protocol=protocol, exchange=exchange, cipher=cipher, caps=caps)
