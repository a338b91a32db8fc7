"""`tls/certificate_trusted`: the chain leads to an authority that clients trust."""

from collections.abc import Iterator

from posture.checks.handshake import without
from posture.core.facts.tls_endpoint import TlsEndpoint
from posture.core.findings import Verdict, failed, not_applicable, passed


def judge(fact: TlsEndpoint) -> Iterator[Verdict]:
    """Where clients take any certificate, as between mail servers (RFC 7435), it is for information."""
    if fact.certificates is None or fact.trust is None:
        yield without(fact, "certificates")
    elif fact.trust.trusted:
        yield passed("trusted", issuer=fact.certificates[-1].issuer)
    elif fact.unverified:
        yield not_applicable("opportunistic", problem=fact.trust.reason)
    else:
        yield _distrusted(fact.trust.reason, fact.certificates[0].issuer)


def _distrusted(reason: str, issuer: str) -> Verdict:
    match reason:
        case "self-signed":
            return failed("self_signed")
        case "incomplete-chain":
            return failed("incomplete_chain", issuer=issuer)
        case "unknown-issuer":
            return failed("unknown_issuer", issuer=issuer)
        case "expired" | "not-yet-valid":
            return failed("out_of_date", issuer=issuer)
        case "distrusted":
            return failed("distrusted", issuer=issuer)
        case "bad-signature":
            return failed("bad_signature", issuer=issuer)
        case _:
            return failed("wrong_usage", issuer=issuer)
