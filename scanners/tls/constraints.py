"""Name constraints of authorities (RFC 5280 §4.2.1.10), for DNS names and addresses."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from cryptography import x509

from scanners.tls.certificate import extension


def kept(path: Sequence[x509.Certificate]) -> bool:
    """Whether the leaf's names are inside what every authority above it allows."""
    alternative = extension(path[0], x509.SubjectAlternativeName)
    names = [] if alternative is None else list(alternative)
    for authority in path[1:]:
        constraint = extension(authority, x509.NameConstraints)
        if constraint is not None and not all(_allowed(name, constraint) for name in names):
            return False
    return True


def _allowed(name: x509.GeneralName, constraint: x509.NameConstraints) -> bool:
    permitted = [each for each in constraint.permitted_subtrees or () if type(each) is type(name)]
    if permitted and not _within(name, permitted):
        return False
    return not _within(name, constraint.excluded_subtrees or ())


def _within(name: x509.GeneralName, subtrees: Iterable[x509.GeneralName]) -> bool:
    return any(_inside(name, subtree) for subtree in subtrees)


def _inside(name: x509.GeneralName, subtree: x509.GeneralName) -> bool:
    if isinstance(name, x509.DNSName) and isinstance(subtree, x509.DNSName):
        own, base = name.value.lower(), subtree.value.lower().lstrip(".")
        return not base or own == base or own.endswith("." + base)
    if isinstance(name, x509.IPAddress) and isinstance(subtree, x509.IPAddress):
        network = subtree.value
        return isinstance(network, IPv4Network | IPv6Network) and name.value in network
    return False
