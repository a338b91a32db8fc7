"""The certificate status that a server staples to its handshake: OCSP, read and verified (RFC 6960)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from scanners.tls.certificate import extension, readable

_STATUS = {
    ocsp.OCSPCertStatus.GOOD: "good",
    ocsp.OCSPCertStatus.REVOKED: "revoked",
    ocsp.OCSPCertStatus.UNKNOWN: "unknown",
}


def status(raw: bytes, chain: Sequence[x509.Certificate], at: datetime) -> str:
    """What a stapled response says of the leaf.

    good, revoked, unknown; or why it says nothing: unreadable, error (of the responder), other-certificate,
    not-yet-valid, expired, bad-signature, unverified (the issuer was not sent).
    """
    response = readable(lambda: ocsp.load_der_ocsp_response(raw))
    if response is None:
        return "unreadable"
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return "error"
    return readable(lambda: _said(response, chain, at)) or "unreadable"


def _said(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate], at: datetime) -> str:
    leaf = chain[0]
    single = next((each for each in response.responses if each.serial_number == leaf.serial_number), None)
    if single is None:
        return "other-certificate"
    if single.this_update_utc > at:
        return "not-yet-valid"
    if single.next_update_utc is not None and single.next_update_utc < at:
        return "expired"
    issuer = next((each for each in chain if each.subject == leaf.issuer), None)
    if issuer is None:
        return "unverified"
    if not any(_signed(response, signer) for signer in _signers(response, issuer)):
        return "bad-signature"
    return _STATUS[single.certificate_status]


def _signers(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> Iterator[x509.Certificate]:
    """The issuer, and whom it made a responder (RFC 6960 §4.2.2.2)."""
    yield issuer
    for each in response.certificates:
        usage = extension(each, x509.ExtendedKeyUsage)
        if usage is not None and ExtendedKeyUsageOID.OCSP_SIGNING in usage and _issued(each, issuer):
            yield each


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
