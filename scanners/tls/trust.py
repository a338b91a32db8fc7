"""Does the chain lead to a trust anchor? Path building of our own, because the reason matters (RFC 5280 §6).

`cryptography` checks each signature; its own verifier answers yes or no only, and no to private authorities
whose certificates lack what the Web's rules ask of public ones.
"""

import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from posture.core.errors import PostureError
from posture.core.facts.tls_endpoint import Trust
from scanners.tls import constraints
from scanners.tls.certificate import extension, readable
from scanners.tls.distrust import distrusted

#: Where distributions keep the store as one file; the first that exists is the system's.
_SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_MAX_DEPTH = 8
#: Signature checks for one chain: enough for every honest one, a bound for one built to cost time.
_MAX_CHECKS = 64
_SERVER_USAGES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_UNDERSTOOD = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.NameConstraints,
    x509.CertificatePolicies,
    x509.PolicyConstraints,
    x509.InhibitAnyPolicy,
    x509.TLSFeature,
    x509.CRLDistributionPoints,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """A trust store, by subject."""

    by_subject: Mapping[bytes, tuple[x509.Certificate, ...]]


def load(path: Path | None) -> Anchors:
    """The trust store in a PEM file, or the system's. Raises PostureError."""
    chosen = path or _system()
    if chosen is None:
        raise PostureError(
            "This system has no trust store that we know of.",
            remedy="Install ca-certificates, or name a PEM file with --trust-store.",
            code="no-trust-store",
        )
    with _LOADING:
        return _load(chosen)


#: Python's filters of warnings are shared by all threads: only one may set them aside at a time.
_LOADING = threading.Lock()


@cache
def _load(path: Path) -> Anchors:
    try:
        with warnings.catch_warnings():
            # Some old roots break a rule of RFC 5280 (a serial number of zero) and are trusted all the same.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        what = str(error.strerror).lower() if isinstance(error, OSError) else "it holds no PEM certificates"
        raise PostureError(
            f"The trust store {path} cannot be read: {what}.",
            remedy="Name a file of PEM certificates with --trust-store.",
            code="bad-trust-store",
        ) from None
    by_subject: dict[bytes, tuple[x509.Certificate, ...]] = {}
    for certificate in certificates:
        name = certificate.subject.public_bytes()
        by_subject[name] = (*by_subject.get(name, ()), certificate)
    return Anchors(by_subject=by_subject)


def _system() -> Path | None:
    default = ssl.get_default_verify_paths().cafile
    places = ([default] if default else []) + list(_SYSTEM_FILES)
    return next((Path(place) for place in places if Path(place).is_file()), None)


def judge(chain: Sequence[x509.Certificate], anchors: Anchors, at: datetime) -> Trust:
    """Trust in the chain (leaf first, the rest in any order) at a time."""
    search = _Search(chain, anchors)
    paths = {path: _problem(path, at) for path in search.paths(chain[0], (chain[0],))}
    if not paths:
        planted = distrusted(chain[0], chain, at)
        return Trust(trusted=False, reason="distrusted" if planted else search.why_none())
    best = min(paths, key=lambda path: _PRIORITY.index(paths[path]))
    subjects = tuple(each.subject.rfc4514_string() for each in best)
    return Trust(trusted=paths[best] == "ok", reason=paths[best], path=subjects)


def chain_problems(chain: Sequence[x509.Certificate], anchors: Anchors) -> tuple[str, ...]:
    """What is wrong with how the chain is sent (RFC 8446 §4.4.2): order, a gap, what nobody needs."""
    found = []
    path = [chain[0]]
    while above := next((c for c in chain if c not in path and c.subject == path[-1].issuer), None):
        path.append(above)
    sent = [each for each in chain if each in path]
    if sent != path:
        found.append("wrong-order")
    if len(set(chain)) > len(path) or len(set(chain)) < len(chain):
        found.append("extra-certificate")
    top = path[-1]
    if len(path) > 1 and top.subject == top.issuer:
        found.append("root-sent")
    elif top.subject != top.issuer and not anchors.by_subject.get(top.issuer.public_bytes()):
        found.append("missing-intermediate")
    return tuple(found)


_PRIORITY = ("ok", "expired", "not-yet-valid", "wrong-usage", "other", "distrusted")


class _Search:
    """Paths from the leaf to an anchor, with a bound on the work."""

    def __init__(self, chain: Sequence[x509.Certificate], anchors: Anchors) -> None:
        self._chain = chain
        self._anchors = anchors
        self._checks = 0
        self._forged = False

    def paths(
        self, top: x509.Certificate, path: tuple[x509.Certificate, ...]
    ) -> Iterator[tuple[x509.Certificate, ...]]:
        """Every path that ends in an anchor; the anchor is part of it."""
        if top in self._named(top.subject):
            yield path
            return
        for anchor in self._named(top.issuer):
            if self._issued(top, anchor):
                yield (*path, anchor)
        if len(path) >= _MAX_DEPTH:
            return
        for issuer in self._chain[1:]:
            if issuer not in path and issuer.subject == top.issuer and self._issued(top, issuer):
                yield from self.paths(issuer, (*path, issuer))

    def why_none(self) -> str:
        """Why there is no path."""
        leaf = self._chain[0]
        if leaf.subject == leaf.issuer and _signed(leaf, leaf):
            return "self-signed"
        if self._forged:
            return "bad-signature"
        top = self._top(leaf)
        if top.subject == top.issuer or not self._looks_known(top):
            return "unknown-issuer"
        return "incomplete-chain"

    def _named(self, name: x509.Name) -> tuple[x509.Certificate, ...]:
        return self._anchors.by_subject.get(name.public_bytes(), ())

    def _issued(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        self._checks += 1
        if self._checks > _MAX_CHECKS:
            return False
        good = _signed(certificate, issuer)
        self._forged |= not good
        return good

    def _top(self, leaf: x509.Certificate) -> x509.Certificate:
        """The last certificate that the sent ones reach from the leaf."""
        top = leaf
        for _ in self._chain:
            above = next((c for c in self._chain if c.subject == top.issuer and c != top), None)
            if above is None:
                break
            top = above
        return top

    def _looks_known(self, top: x509.Certificate) -> bool:
        """Whether the issuer that nobody sent belongs to an authority we know.

        A public authority says where its intermediate can be fetched; a private one shares its
        organisation's name with an anchor. Without either sign the issuer is simply unknown.
        """
        access = extension(top, x509.AuthorityInformationAccess)
        issuers = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
        if access is not None and any(each.access_method == issuers for each in access):
            return True
        wanted = _organisation(top.issuer)
        anchors = (anchor for group in self._anchors.by_subject.values() for anchor in group)
        return wanted is not None and any(_organisation(anchor.subject) == wanted for anchor in anchors)


def _organisation(name: x509.Name) -> str | None:
    values = name.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(values[0].value) if values else None


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _problem(path: tuple[x509.Certificate, ...], at: datetime) -> str:
    if distrusted(path[0], path[1:], at):
        return "distrusted"
    if any(certificate.not_valid_after_utc < at for certificate in path):
        return "expired"
    if any(certificate.not_valid_before_utc > at for certificate in path):
        return "not-yet-valid"
    if not _serves(path[0]) or not all(_may_issue(c, n) for n, c in enumerate(path[1:])):
        return "wrong-usage"
    if any(_strange(certificate) for certificate in path) or not constraints.kept(path):
        return "other"
    return "ok"


def _serves(leaf: x509.Certificate) -> bool:
    usage = extension(leaf, x509.ExtendedKeyUsage)
    return usage is None or bool(_SERVER_USAGES & set(usage))


def _may_issue(authority: x509.Certificate, below: int) -> bool:
    """Whether it may stand above `below` intermediates (RFC 5280 §6.1.4 k-n)."""
    basic = extension(authority, x509.BasicConstraints)
    if basic is None:
        return authority.version is x509.Version.v1
    usage = extension(authority, x509.KeyUsage)
    deep_enough = basic.path_length is None or below <= basic.path_length
    return basic.ca and deep_enough and (usage is None or usage.key_cert_sign)


def _strange(certificate: x509.Certificate) -> bool:
    """A critical extension that we do not understand, or extensions that cannot be read at all."""
    extensions = readable(lambda: certificate.extensions)
    if extensions is None:
        return True
    return any(each.critical and not isinstance(each.value, _UNDERSTOOD) for each in extensions)
