"""Certificates as sent: DER to the facts of the observation. Absurd fields become unknowns, never errors."""

import hashlib
import warnings
from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from posture.core.facts.tls_endpoint import Certificate
from scanners.tls.wire import Malformed

T = TypeVar("T")

#: Names of signature algorithms as RFC 8017, RFC 5758 and RFC 8410 spell them.
_SIGNATURES = {
    SignatureAlgorithmOID.RSA_WITH_MD5: "md5WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA1: "sha1WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA224: "sha224WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "sha256WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "sha384WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "sha512WithRSAEncryption",
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: "ecdsa-with-SHA1",
    SignatureAlgorithmOID.ECDSA_WITH_SHA224: "ecdsa-with-SHA224",
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ecdsa-with-SHA256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ecdsa-with-SHA384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ecdsa-with-SHA512",
    SignatureAlgorithmOID.DSA_WITH_SHA1: "dsa-with-SHA1",
    SignatureAlgorithmOID.DSA_WITH_SHA256: "dsa-with-SHA256",
    SignatureAlgorithmOID.ED25519: "Ed25519",
    SignatureAlgorithmOID.ED448: "Ed448",
    SignatureAlgorithmOID.RSASSA_PSS: "RSASSA-PSS",
    x509.ObjectIdentifier("1.2.840.113549.1.1.2"): "md2WithRSAEncryption",
    x509.ObjectIdentifier("1.2.840.113549.1.1.3"): "md4WithRSAEncryption",
}

_KEYS = (
    (rsa.RSAPublicKey, "RSA"),
    (ec.EllipticCurvePublicKey, "EC"),
    (dsa.DSAPublicKey, "DSA"),
    (ed25519.Ed25519PublicKey, "Ed25519"),
    (ed448.Ed448PublicKey, "Ed448"),
)
#: Post-quantum signatures (RFC 9881 §2, RFC 9909 §3), which have no length in bits to compare.
_NAMED_KEYS = {f"2.16.840.1.101.3.4.3.{17 + n}": f"ML-DSA-{size}" for n, size in enumerate((44, 65, 87))} | {
    f"2.16.840.1.101.3.4.3.{number}": "SLH-DSA" for number in range(20, 32)
}
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
_FIXED_BITS = {"Ed25519": 256, "Ed448": 456}


def load(der: bytes) -> x509.Certificate:
    """Parse one certificate and touch its obligatory parts. Raises Malformed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            _ = certificate.subject, certificate.issuer, certificate.serial_number
            _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except _UNREADABLE as error:
        raise Malformed(f"a certificate that cannot be read: {error}") from None
    return certificate


def fact(certificate: x509.Certificate, der: bytes) -> Certificate:
    """What the observation keeps of a certificate."""
    key_type, key_bits = key(certificate)
    basic = extension(certificate, x509.BasicConstraints)
    stamps = extension(certificate, x509.PrecertificateSignedCertificateTimestamps)
    staple = extension(certificate, x509.TLSFeature)
    usages = extension(certificate, x509.ExtendedKeyUsage)
    return Certificate(
        sha256=hashlib.sha256(der).hexdigest(),
        der=der,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        names=subject_names(certificate),
        key_type=key_type,
        key_bits=key_bits,
        signature_algorithm=signature(certificate),
        rsa_exponent=exponent(certificate),
        authority=None if basic is None else basic.ca,
        sct_count=None if stamps is None else len(list(stamps)),
        must_staple=staple is not None and x509.TLSFeatureType.status_request in staple,
        usages=None if usages is None else tuple(map(_usage, usages)),
        path_length=None if basic is None else basic.path_length,
    )


_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}


def _usage(oid: x509.ObjectIdentifier) -> str:
    """The usage's name as RFC 5280 §4.2.1.12 spells it, or its object identifier."""
    return _USAGES.get(oid, oid.dotted_string)


def exponent(certificate: x509.Certificate) -> int | None:
    """The public exponent of an RSA key."""
    public = readable(certificate.public_key)
    return public.public_numbers().e if isinstance(public, rsa.RSAPublicKey) else None


def key(certificate: x509.Certificate) -> tuple[str, int | None]:
    """(type, bits) of the public key; the key's object identifier and None where we do not know it."""
    public = readable(certificate.public_key)
    for kind, name in _KEYS:
        if isinstance(public, kind):
            bits = getattr(public, "key_size", None)
            return name, _FIXED_BITS.get(name, bits)
    oid = readable(lambda: certificate.public_key_algorithm_oid.dotted_string) or "unreadable"
    return _NAMED_KEYS.get(oid, oid), None


def signature(certificate: x509.Certificate) -> str:
    """The signature algorithm's name, RSASSA-PSS with its hash; an unknown one as its object identifier."""
    oid = certificate.signature_algorithm_oid
    name = _SIGNATURES.get(oid, oid.dotted_string)
    if name != "RSASSA-PSS":
        return name
    digest = readable(lambda: certificate.signature_hash_algorithm)
    return f"{name} {digest.name}" if digest else name


def subject_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names, then addresses, of the subjectAltName. The common name is no name (RFC 9525 §2)."""
    alternative = extension(certificate, x509.SubjectAlternativeName)
    if alternative is None:
        return ()
    names = [name.lower() for name in alternative.get_values_for_type(x509.DNSName)]
    return (*names, *map(str, alternative.get_values_for_type(x509.IPAddress)))


E = TypeVar("E", bound=x509.ExtensionType)


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """The extension's value; None when it is absent or cannot be read."""
    found = readable(lambda: certificate.extensions.get_extension_for_class(kind))
    return None if found is None else found.value


def readable(read: Callable[[], T]) -> T | None:
    """The value, or None for fields that no parser accepts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except _UNREADABLE:
        return None
