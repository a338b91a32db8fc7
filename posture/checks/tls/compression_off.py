"""`tls/compression_off`: lengths of compressed records give no secrets away."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """CRIME (CVE-2012-4929); TLS 1.3 cannot compress."""
    state = fact.vulnerabilities.get("crime", "unknown")
    if state == "vulnerable":
        yield failed("on")
    elif state == "unknown" or not speaks_tls(fact):
        yield without(fact, "vulnerabilities.crime")
    else:
        yield passed("off")
