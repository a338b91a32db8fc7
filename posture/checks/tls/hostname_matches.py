"""`tls/hostname_matches`: the certificate names the host it is shown for."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_SHOWN = 8


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9525. A service met by its address alone is not expected to name it."""
    if fact.certificates is None or fact.hostname_matches is None:
        yield without(fact, "certificates")
    elif fact.hostname_matches:
        yield passed("named", host=fact.host)
    elif fact.server_name is None:
        yield not_applicable("met_by_address", address=fact.address)
    elif fact.unverified:
        yield not_applicable("opportunistic", host=fact.host)
    elif not fact.certificates[0].names:
        yield failed("no_names", host=fact.host)
    else:
        yield failed("other_names", host=fact.host, names=fact.certificates[0].names[:_SHOWN])
