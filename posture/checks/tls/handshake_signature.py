"""`tls/handshake_signature`: the server proves who it is with hashes that hold."""

from collections.abc import Iterator

from posture.checks.handshake import speaks_tls, without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_WEAK = ("_md5", "_sha1")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """RFC 9155: MD5 and SHA-1 are not to sign handshakes of TLS 1.2 (SLOTH, CVE-2015-7575)."""
    schemes = fact.signature_schemes
    if not speaks_tls(fact) or (schemes is None and not fact.by_class):
        yield without(fact, "signature_schemes")
    elif schemes is None:
        yield not_applicable("by_class")
    elif not schemes:
        yield not_applicable("no_choice")
    elif weak := tuple(name for name in schemes if name.endswith(_WEAK)):
        yield failed("weak", schemes=weak)
    else:
        yield passed("sound", count=len(schemes))
