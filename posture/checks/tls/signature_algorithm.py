"""`tls/signature_algorithm`: the chain is signed with hashes that hold."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import Certificate, TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed

_BROKEN = ("md2", "md4", "md5")
_WEAK = ("sha1", "sha-1")


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """A root's signature over itself proves nothing, so it is not asked about (RFC 8446 §4.2.3)."""
    if fact.certificates is None:
        yield without(fact, "certificates")
        return
    asked = [each for each in fact.certificates if each.issuer != each.subject]
    broken = _named(asked, _BROKEN)
    weak = _named(asked, _WEAK)
    if broken:
        yield failed("broken", algorithm=broken[0])
    elif weak:
        yield failed("weak", algorithm=weak[0])
    elif asked:
        yield passed("sound", algorithm=asked[0].signature_algorithm)
    else:
        yield not_applicable("self_signed")


def _named(certificates: list[Certificate], hashes: tuple[str, ...]) -> list[str]:
    names = [each.signature_algorithm for each in certificates]
    return [name for name in names if any(part in name.lower() for part in hashes)]
