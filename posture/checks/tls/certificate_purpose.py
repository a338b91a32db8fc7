"""`tls/certificate_purpose`: the certificate was made for a server."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, passed

_SERVER = frozenset({"serverAuth", "anyExtendedKeyUsage"})


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 5280 §4.2.1.9 and §4.2.1.12: no authority of its own, and usable for servers."""
    if not fact.certificates:
        yield without(fact, "certificates")
        return
    leaf = fact.certificates[0]
    usages = leaf.usages or ()
    if leaf.usages is not None and not _SERVER & set(usages):
        yield failed("other_use", usages=usages)
    elif leaf.authority:
        yield failed("authority")
    else:
        yield passed("server")
