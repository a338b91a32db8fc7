"""The demo's own certification authority: keys and certificates made at start, with times relative to now."""

import base64
import ssl
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# Public authorities may issue for 47 days at most from March 2029 (CA/Browser Forum ballot SC-081v3).
_LIFETIME = timedelta(days=46)
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A server's private key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    def load_into(self, context: ssl.SSLContext) -> None:
        """Give key and certificate to a TLS server; ssl reads them from a file only, gone at once."""
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(_pem(self.key) + self.certificate.public_bytes(serialization.Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)

    def tlsa(self) -> str:
        """The TLSA data `3 1 1`: this very key (RFC 6698 §2.1, RFC 7671 §5.1)."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(_public_der(self.key))
        return f"3 1 1 {digest.finalize().hex()}"


class Authority:
    """A certification authority that began well before `now`, so that it can have issued expired ones."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Posture demo"),
                x509.NameAttribute(NameOID.COMMON_NAME, "Posture demo root"),
            ]
        )
        builder = _builder(self._name, self._name, self._key, now - 3 * _YEAR, now + 3 * _YEAR)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())

    def write(self, path: Path) -> None:
        """Write the authority's certificate as PEM: the trust store of a client."""
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *names: str, days_left: int = 40, rsa_bits: int | None = None) -> Credential:
        """A certificate for host names that ends in `days_left` days; below zero it has ended already."""
        key: PrivateKey = ec.generate_private_key(ec.SECP256R1())
        if rsa_bits is not None:
            key = rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
        until = self.now + timedelta(days=days_left)
        builder = _builder(_common_name(names[0]), self._name, key, until - _LIFETIME, until)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        return Credential(key=key, certificate=_leaf(builder, names).sign(self._key, hashes.SHA256()))

    def self_signed(self, *names: str) -> Credential:
        """A certificate that nobody vouches for, as software makes them when it is installed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _common_name(names[0])
        builder = _builder(subject, subject, key, self.now - _YEAR, self.now + 9 * _YEAR)
        return Credential(key=key, certificate=_leaf(builder, names).sign(key, hashes.SHA256()))


def dkim_record(bits: int) -> str:
    """A DKIM key record with a fresh RSA key whose private half is forgotten (RFC 6376 §3.6.1)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(_public_der(key)).decode('ascii')}"


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(identifier, critical=False)
    )


def _leaf(builder: x509.CertificateBuilder, names: tuple[str, ...]) -> x509.CertificateBuilder:
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return (
        builder.add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _public_der(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
