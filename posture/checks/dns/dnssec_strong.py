"""`dns/dnssec_strong`: the zone's keys and digests are not outdated."""

from collections.abc import Iterator

from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Algorithms with MD5, DSA, SHA-1 or GOST (RFC 9904 §3), and the digest SHA-1 (RFC 9904 §4).
_OUTDATED = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    12: "ECC-GOST",
}
_RSA = frozenset({5, 7, 8, 10})
#: Bits; shorter RSA keys can be factored by those who can pay for it (NIST SP 800-57 part 1 §5.6.1).
_LEAST_BITS = 2048
_FEW_BITS = 1024


def judge(fact: DnssecChain) -> Iterator[Verdict]:
    """The worst first: outdated algorithms, short keys, a delegation by SHA-1 alone."""
    old = tuple(sorted({_OUTDATED[key.algorithm] for key in fact.keys if key.algorithm in _OUTDATED}))
    sizes = [key.bits for key in fact.keys if key.algorithm in _RSA and key.bits is not None]
    if fact.signed is None:
        yield unknown("unseen", path="status")
    elif not fact.signed:
        yield not_applicable("not_signed")
    elif old:
        yield failed("outdated", algorithms=old)
    elif sizes and min(sizes) < _FEW_BITS:
        yield failed("tiny_key", bits=min(sizes))
    elif fact.signers and all(signer.digest_type == 1 for signer in fact.signers):
        yield failed("sha1_digest")
    elif sizes and min(sizes) < _LEAST_BITS:
        yield failed("short_key", bits=min(sizes))
    else:
        yield passed("strong")
