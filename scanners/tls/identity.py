"""Does a certificate name this service? RFC 9525: subjectAltName only, no fallback to the common name."""

import ipaddress
from collections.abc import Sequence

from cryptography import x509

from scanners.tls.certificate import extension


def matches(certificate: x509.Certificate, name: str | None, address: str) -> bool:
    """Whether the certificate names the host: by DNS name, or by address for a service without a name."""
    alternative = extension(certificate, x509.SubjectAlternativeName)
    if alternative is None:
        return False
    if name is not None:
        return any_name(alternative.get_values_for_type(x509.DNSName), name)
    wanted = ipaddress.ip_address(address)
    return wanted in alternative.get_values_for_type(x509.IPAddress)


def any_name(presented: Sequence[str], name: str) -> bool:
    """Whether one of the presented DNS names stands for `name` (an A-label)."""
    return any(_name(each.lower().rstrip("."), name.lower().rstrip(".")) for each in presented)


def _name(presented: str, name: str) -> bool:
    if presented == name:
        return True
    # A wildcard is a whole leftmost label and stands for exactly one label (RFC 9525 §6.3).
    first, _, parent = presented.partition(".")
    own, _, own_parent = name.partition(".")
    return first == "*" and bool(own) and "." in parent and own_parent == parent
