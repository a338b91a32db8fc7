"""`tls.endpoint`: what one TLS service on one address and port offers and shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

#: Where mail programs of people send, who do check certificates (RFC 8314).
_SUBMISSION_PORTS = frozenset({465, 587})
#: Services that make their own certificate and whose clients take any by default: libpq (sslmode=prefer),
#: MySQL (--ssl-mode=PREFERRED), remote desktop, XMPP servers that dial back (XEP-0220).
_ANY_CERTIFICATE = frozenset({"postgres", "mysql", "rdp", "xmpp-server"})

PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as sent. `sha256` is over the DER, hex; `key_bits` is null for unknown key types.

    `usages` are the extended key usages by name or object identifier, null where any is allowed.
    `authority` and `path_length` are the basic constraints.
    """

    sha256: str
    der: bytes
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    key_type: str
    key_bits: int | None
    signature_algorithm: str
    rsa_exponent: int | None = None
    authority: bool | None = None
    sct_count: int | None = None
    must_staple: bool | None = None
    usages: tuple[str, ...] | None = None
    path_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether the chain leads to a trust anchor.

    `reason` is ok, expired, not-yet-valid, self-signed, unknown-issuer, incomplete-chain, bad-signature,
    wrong-usage, distrusted (an authority that was thrown out), or other. `path` is the chain as it should be:
    the subjects from the leaf to the anchor, empty where no path leads there.
    """

    trusted: bool
    reason: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsEndpoint:
    """Null parts were not seen; the observation's gaps say why.

    `protocols`: true, false (refused while another handshake was answered) or null by name in
    `PROTOCOLS`. `cipher_suites`: IANA names by protocol, in the server's order.
    `certificates`: as sent, leaf first. `vulnerabilities`: vulnerable / not_vulnerable / unknown by name.
    `at` is the time against which expiry is judged (the time of the handshake).
    `depth`: "full", "wellformed" for a shared machine that gets nothing malformed, or "contact" when only
    one ordinary client contact was allowed (a provider's host).
    `dh_bits` is the size of the prime of DHE suites, `dh_prime` its name if it is a published one.
    `signature_scheme` is what the server signed an ordinary TLS 1.3 handshake with. `alpn` is the application
    protocol agreed on.
    `signature_schemes` are what it signs handshakes with, in its order; null when not asked or not told.
    `stapled_status` is what a stapled OCSP response says: good, revoked, unknown, or why it says nothing
    (unreadable, error, other-certificate, not-yet-valid, expired, bad-signature, unverified); null without.
    `hostname_matches_without_sni` is about the certificate shown to clients that name nobody.
    `chain_problems`: wrong-order, extra-certificate, root-sent, missing-intermediate.
    `by_class`: suites were asked by class of weakness; a list has one of each class, not all of it.
    `differences`: in which parts other addresses of the same name differ; null for a single address.
    `refusals`: how a protocol that is false was answered, by its name: an alert's name, `reset`, `silence`,
    `other-version`, `no-kinds` or `starttls-not-offered`. `partial` names the protocols whose list of suites
    is not known to be whole. `role` is "mx" where a record of the domain's mail exchangers led here.
    """

    KIND: ClassVar[str] = "tls.endpoint"

    host: str
    address: str
    port: int
    starttls: str | None
    server_name: str | None
    at: datetime
    protocols: Mapping[str, bool | None]
    cipher_suites: Mapping[str, tuple[str, ...]]
    server_preference: Mapping[str, bool | None]
    groups: tuple[str, ...] | None
    certificates: tuple[Certificate, ...] | None
    trust: Trust | None
    hostname_matches: bool | None
    vulnerabilities: Mapping[str, str]
    connections: int
    behaviour: Mapping[str, bool | None] = field(default_factory=dict)
    depth: str = "full"
    refusals: Mapping[str, str] = field(default_factory=dict)
    partial: tuple[str, ...] = ()
    dh_bits: int | None = None
    dh_prime: str | None = None
    alpn: str | None = None
    signature_scheme: str | None = None
    signature_schemes: tuple[str, ...] | None = None
    stapled_status: str | None = None
    hostname_matches_without_sni: bool | None = None
    chain_problems: tuple[str, ...] = ()
    by_class: bool = False
    differences: tuple[str, ...] | None = None
    role: str | None = None

    @property
    def opportunistic(self) -> bool:
        """Mail between servers: encrypted if possible, in the clear otherwise (RFC 7435)."""
        return self.starttls == "smtp" and self.port not in _SUBMISSION_PORTS

    @property
    def unverified(self) -> bool:
        """Clients take any certificate unless told otherwise: whose it is keeps nobody away."""
        return self.opportunistic or self.starttls in _ANY_CERTIFICATE
