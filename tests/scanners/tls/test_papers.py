"""What certificates and stapled statuses say, read from real ones made here."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from posture.core.facts.tls_endpoint import TlsEndpoint
from scanners.tls import staple, trust
from tests.support.tls_servers import NAME, NOW, Paper, context, fact, issue, observe, openssl, rsa_key

ROOT = issue("Lab Root", authority=True, organisation="Lab")
MIDDLE = issue("Lab Middle", ROOT, authority=True, organisation="Lab")
LEAF = issue(NAME, MIDDLE, names=[NAME])
OTHER = issue("other.example.com", MIDDLE)
RESPONDER = issue("Responder", MIDDLE, usages=[ExtendedKeyUsageOID.OCSP_SIGNING])
CHAIN = [LEAF.certificate, MIDDLE.certificate]


def response(
    about: Paper = LEAF,
    signer: Paper = MIDDLE,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    starts: timedelta = timedelta(hours=-1),
    ends: timedelta | None = timedelta(days=1),
    beside: Sequence[Paper] = (),
) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about.certificate,
        issuer=MIDDLE.certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=NOW + starts,
        next_update=None if ends is None else NOW + ends,
        revocation_time=NOW - timedelta(days=1) if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
    if beside:
        builder = builder.certificates([each.certificate for each in beside])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


GOOD = response()
TRY_LATER = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (response(), "good"),
        (response(ends=None), "good"),
        (response(status=ocsp.OCSPCertStatus.REVOKED), "revoked"),
        (response(status=ocsp.OCSPCertStatus.UNKNOWN), "unknown"),
        (response(signer=RESPONDER, beside=[RESPONDER]), "good"),
        (response(signer=RESPONDER), "bad-signature"),
        (response(signer=OTHER, beside=[OTHER]), "bad-signature"),
        (response(signer=ROOT), "bad-signature"),
        (response(OTHER), "other-certificate"),
        (response(ends=timedelta(minutes=-1)), "expired"),
        (response(starts=timedelta(hours=1)), "not-yet-valid"),
        (TRY_LATER.public_bytes(serialization.Encoding.DER), "error"),
        (b"", "unreadable"),
        (b"\x30\x03\x0a\x01\x00", "unreadable"),
    ],
)
def test_a_stapled_status(raw: bytes, status: str) -> None:
    assert staple.status(raw, CHAIN, NOW) == status


def test_without_the_issuer_a_status_is_not_verified() -> None:
    assert staple.status(response(), CHAIN[:1], NOW) == "unverified"


@given(st.data())
def test_mutated_statuses_are_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert staple.status(bytes(raw[: data.draw(st.integers(1, len(raw)))]), CHAIN, NOW)


def look(leaf: Paper, folder: Path, *arguments: str, chain: Sequence[Paper] = (MIDDLE,)) -> TlsEndpoint:
    with openssl(leaf, *arguments, chain=chain) as server:
        return fact(asyncio.run(observe(server, context(trusted=[ROOT], folder=folder))))


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_real_server_staples(tmp_path: Path, version: str) -> None:
    (tmp_path / "status.der").write_bytes(response(status=ocsp.OCSPCertStatus.REVOKED))
    seen = look(LEAF, tmp_path, version, "-status_file", str(tmp_path / "status.der"))
    assert (seen.behaviour["ocsp_stapling"], seen.stapled_status) == (True, "revoked")
    assert look(LEAF, tmp_path, version).stapled_status is None


def test_the_chain_as_it_should_be_and_what_a_certificate_is_for(tmp_path: Path) -> None:
    stamp = x509.TLSFeature([x509.TLSFeatureType.status_request])
    leaf = issue(NAME, MIDDLE, names=[NAME], key=rsa_key(), extensions=[(stamp, False)])
    seen = look(leaf, tmp_path, "-tls1_2")
    assert seen.trust is not None
    assert seen.trust.path == (f"CN={NAME}", "O=Lab,CN=Lab Middle", "O=Lab,CN=Lab Root")
    assert seen.certificates is not None
    own, middle = seen.certificates
    assert (own.usages, own.authority, own.path_length) == (("serverAuth",), False, None)
    assert (own.rsa_exponent, own.must_staple, own.sct_count) == (65537, True, None)
    assert (middle.usages, middle.authority) == (None, True)
    assert look(leaf, tmp_path, "-tls1_2", chain=[]).trust.path == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("organisation", ["WoSign CA Limited", "DigiNotar"])
def test_an_authority_that_was_thrown_out_is_not_trusted(tmp_path: Path, organisation: str) -> None:
    outcast = issue("Some Root", authority=True, organisation=organisation)
    leaf = issue(NAME, outcast, names=[NAME])
    store = tmp_path / "store.pem"
    for trusted in (outcast, ROOT):
        store.write_bytes(trusted.pem)
        found = trust.judge([leaf.certificate, outcast.certificate], trust.load(store), NOW)
        assert (found.trusted, found.reason) == (False, "distrusted")
        trust._load.cache_clear()


def test_every_scheme_in_the_order_of_the_server(tmp_path: Path) -> None:
    schemes = "RSA-PSS+SHA512:RSA+SHA256:RSA-PSS+SHA256:RSA+SHA1"
    arguments = ("-cipher", "DEFAULT:@SECLEVEL=0", "-sigalgs", schemes, "-serverpref")
    seen = look(issue(NAME, ROOT, key=rsa_key()), tmp_path, *arguments, chain=[])
    assert seen.signature_schemes == (
        *("rsa_pss_rsae_sha512", "rsa_pkcs1_sha256", "rsa_pss_rsae_sha256", "rsa_pkcs1_sha1"),
    )


@pytest.mark.parametrize(
    ("arguments", "schemes"),
    [
        (("-tls1_3",), ("ecdsa_secp256r1_sha256",)),
        (("-tls1_3", "-sigalgs", "ECDSA+SHA256"), ("ecdsa_secp256r1_sha256",)),
        (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), ()),
    ],
)
def test_schemes_of_other_versions(
    tmp_path: Path, arguments: tuple[str, ...], schemes: tuple[str, ...]
) -> None:
    assert look(LEAF, tmp_path, *arguments).signature_schemes == schemes
