"""`tls/certificate_status`: the certificate was not revoked, as far as the server itself shows."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 6960; RFC 7633 for certificates that promise a stapled status. Nobody else is asked."""
    stapled = fact.behaviour.get("ocsp_stapling")
    if not fact.certificates or (stapled is None and fact.stapled_status is None):
        yield without(fact, "behaviour.ocsp_stapling")
    elif fact.stapled_status == "revoked":
        yield failed("revoked")
    elif fact.stapled_status == "good":
        yield passed("good")
    elif fact.stapled_status is not None:
        yield failed("useless", problem=fact.stapled_status)
    elif fact.certificates[0].must_staple:
        yield failed("promised")
    else:
        yield not_applicable("not_stapled")
