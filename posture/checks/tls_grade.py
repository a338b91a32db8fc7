"""A grade in the manner of SSL Labs' rating guide 2009r: three sub-scores, and caps with their reasons.

The sub-scores are kept whatever caps the letter. Between mail servers and where clients take any certificate
trust and names cap nothing, because nothing depends on them (RFC 7435).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from posture.core.cipher_suites import Weakness, authenticated_encryption, forward_secret, weakness
from posture.core.facts.tls_endpoint import TlsEndpoint

_PROTOCOL_POINTS = {"SSLv2": 0, "SSLv3": 80, "TLSv1.0": 90, "TLSv1.1": 95, "TLSv1.2": 100, "TLSv1.3": 100}
_LETTERS = ((80, "A"), (65, "B"), (50, "C"), (35, "D"), (20, "E"))
_ORDER = ("A", "B", "C", "D", "E", "F", "M", "T")
_FATAL = ("heartbleed", "ccs_injection", "ticketbleed", "robot", "drown", "poodle_tls")
_SHORT_BITS = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """`letter` is A, A- … F, M (other name) or T (not trusted); points are 0 to 100, `caps` name reasons."""

    letter: str
    protocol: int
    key_exchange: int
    cipher: int
    caps: tuple[str, ...]


def grade(fact: TlsEndpoint) -> Grade | None:
    """The endpoint's grade; None where too little was seen to give one."""
    protocols = [name for name, state in fact.protocols.items() if state]
    bits = [
        size for names in fact.cipher_suites.values() for size in map(key_bits, names) if size is not None
    ]
    if not protocols or not bits or not fact.certificates or None in fact.protocols.values():
        return None
    points = [_PROTOCOL_POINTS[name] for name in protocols]
    protocol = (max(points) + min(points)) // 2
    exchange = _key_exchange(fact)
    strength = [_cipher_points(size) for size in bits]
    cipher = (max(strength) + min(strength)) // 2
    score = (30 * protocol + 30 * exchange + 40 * cipher) / 100
    letter = next((name for least, name in _LETTERS if score >= least), "F")
    caps = tuple(_caps(fact, set(protocols)))
    worst = max([letter, *(cap for cap, _ in caps)], key=_ORDER.index)
    return Grade(
        letter=worst,
        protocol=protocol,
        key_exchange=exchange,
        cipher=cipher,
        caps=tuple(reason for _, reason in caps),
    )


def _key_exchange(fact: TlsEndpoint) -> int:
    """The weakest of the certificate's key and the parameters of DHE."""
    leaf = (fact.certificates or ())[0]
    points = [
        _elliptic_points(leaf.key_bits) if leaf.key_type.startswith("E") else _modular_points(leaf.key_bits)
    ]
    if fact.dh_bits is not None:
        points.append(_modular_points(fact.dh_bits))
    return min(points)


def _modular_points(bits: int | None) -> int:
    return _banded(bits, ((512, 20), (1024, 40), (2048, 80), (4096, 90)))


def _elliptic_points(bits: int | None) -> int:
    return _banded(bits, ((110, 20), (123, 40), (163, 80), (225, 90)))


def _cipher_points(bits: int) -> int:
    return 0 if not bits else _banded(bits, ((128, 20), (256, 80)))


def _banded(value: int | None, bands: Iterable[tuple[int, int]]) -> int:
    """Points of the first band whose upper end lies above the value; 100 beyond them all."""
    return next((points for end, points in bands if (value or 0) < end), 100)


def key_bits(suite: str) -> int | None:
    """Effective bits of a suite's cipher; None for names that do not tell."""
    weak = weakness(suite)
    if weak is Weakness.NULL:
        return 0
    if "40_" in suite or "EXPORT_" in suite:
        return 40
    if "3DES" in suite or "EDE3" in suite:
        return _SHORT_BITS
    if weak in {Weakness.EXPORT, Weakness.SHORT_KEY}:
        return 56
    if "CHACHA20" in suite or "KUZNYECHIK" in suite or "28147" in suite:
        return 256
    found = re.search(r"_(128|192|256)(?:L?_|$)", suite)
    return int(found[1]) if found else 128 if any(word in suite for word in ("SEED", "IDEA", "SM4")) else None


def _caps(fact: TlsEndpoint, protocols: set[str]) -> Iterator[tuple[str, str]]:
    suites = {name for names in fact.cipher_suites.values() for name in names}
    yield from _caps_of_protocols(protocols)
    yield from _caps_of_suites(suites, fact, protocols)
    yield from (("F", name) for name in _FATAL if fact.vulnerabilities.get(name) == "vulnerable")
    for name in ("crime", "poodle_ssl"):
        if fact.vulnerabilities.get(name) == "vulnerable":
            yield "C", name
    if fact.vulnerabilities.get("beast") == "vulnerable":
        yield "B", "beast"
    yield from _caps_of_certificates(fact)


def _caps_of_protocols(protocols: set[str]) -> Iterator[tuple[str, str]]:
    if "SSLv2" in protocols:
        yield "F", "SSLv2"
    if protocols <= {"SSLv2", "SSLv3"}:
        yield "F", "only-SSL"
    elif not protocols & {"TLSv1.2", "TLSv1.3"}:
        yield "C", "no-TLSv1.2"
    old = protocols & {"SSLv3", "TLSv1.0", "TLSv1.1"}
    if old:
        yield "B", "+".join(sorted(old))


def _caps_of_suites(suites: set[str], fact: TlsEndpoint, protocols: set[str]) -> Iterator[tuple[str, str]]:
    weak = {weakness(suite) for suite in suites}
    if any(each is not None and each.breaks_encryption for each in weak):
        yield "F", "broken-suite"
    recent = fact.cipher_suites.get("TLSv1.2", ()) + fact.cipher_suites.get("TLSv1.1", ())
    if any(weakness(suite) is Weakness.RC4 for suite in recent):
        yield "C", "RC4"
    elif Weakness.RC4 in weak:
        yield "B", "RC4"
    if any(weakness(suite) is Weakness.SMALL_BLOCK for suite in recent):
        yield "C", "64-bit-block"
    modern = [
        suite for name in protocols & {"TLSv1.2", "TLSv1.3"} for suite in fact.cipher_suites.get(name, ())
    ]
    if not any(map(authenticated_encryption, modern)):
        yield "B", "no-AEAD"
    if not any(map(forward_secret, suites)):
        yield "B", "no-forward-secrecy"


def _caps_of_certificates(fact: TlsEndpoint) -> Iterator[tuple[str, str]]:
    chain = fact.certificates or ()
    signed = [each.signature_algorithm.lower() for each in chain if each.issuer != each.subject]
    if any("md5" in name or "md2" in name for name in signed):
        yield "F", "MD5-signature"
    if any(each.rsa_exponent == 1 for each in chain):
        yield "F", "RSA-exponent-1"
    if any(each.key_type in {"RSA", "DSA"} and (each.key_bits or 0) < 2048 for each in chain):
        yield "B", "weak-key"
    if fact.unverified:
        return
    if fact.trust is not None and not fact.trust.trusted:
        yield "T", fact.trust.reason
    if any("sha1" in name for name in signed):
        yield "T", "SHA-1-signature"
    if fact.hostname_matches is False and fact.server_name is not None:
        yield "M", "other-name"
