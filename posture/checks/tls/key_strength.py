"""`tls/key_strength`: every key of the chain is long enough."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import Certificate, TlsEndpoint
from posture.core.findings import Verdict, failed, passed, unknown

#: Bits below which a key is weak, and below which it can be computed (NIST SP 800-57 part 1, table 2).
_ENOUGH = {"RSA": 2048, "DSA": 2048, "EC": 224, "Ed25519": 256, "Ed448": 448}
_BROKEN = {"RSA": 1024, "DSA": 1024, "EC": 160}


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """The weakest key decides: whoever has it can make the rest."""
    if fact.certificates is None:
        yield without(fact, "certificates")
        return
    if any(each.rsa_exponent == 1 for each in fact.certificates):
        yield failed("exponent")
        return
    short = [each for each in fact.certificates if _below(each, _ENOUGH)]
    strange = [each for each in fact.certificates if each.key_bits is None and not _is_post_quantum(each)]
    if short:
        yield _short(min(short, key=lambda each: each.key_bits or 0))
    elif strange:
        yield unknown("unknown_type", path="certificates", key_type=strange[0].key_type)
    elif _is_post_quantum(fact.certificates[0]):
        yield passed("post_quantum", key_type=fact.certificates[0].key_type)
    else:
        leaf = fact.certificates[0]
        yield passed("strong", key_type=leaf.key_type, bits=leaf.key_bits)


def _is_post_quantum(certificate: Certificate) -> bool:
    """Signatures of FIPS 204 and 205, whose names say their strength."""
    return certificate.key_type.startswith(("ML-DSA", "SLH-DSA"))


def _short(certificate: Certificate) -> Verdict:
    if _below(certificate, _BROKEN):
        return failed("broken", key_type=certificate.key_type, bits=certificate.key_bits)
    return failed("weak", key_type=certificate.key_type, bits=certificate.key_bits)


def _below(certificate: Certificate, least: dict[str, int]) -> bool:
    bits = certificate.key_bits
    return bits is not None and bits < least.get(certificate.key_type, 0)
