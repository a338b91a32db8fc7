"""`tls/addresses_agree`: all addresses of a name offer the same."""

from collections.abc import Iterator

from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """A forgotten machine behind one of several addresses is met by some visitors only."""
    if fact.differences is None:
        yield not_applicable("single")
    elif fact.differences:
        yield failed("differ", address=fact.address, parts=fact.differences)
    else:
        yield passed("agree")
