"""Known vulnerabilities that follow from what is offered: no connection is needed for any of these.

Each is vulnerable, not_vulnerable or unknown; a no needs the whole lists, a yes one suite.
"""

from collections.abc import Callable, Mapping

from posture.core.cipher_suites import Weakness, authenticated_encryption, weakness
from scanners.tls.exchange import Exchange
from scanners.tls.protocols import Offered

VULNERABLE, NOT_VULNERABLE, UNKNOWN = "vulnerable", "not_vulnerable", "unknown"
_WITH_RECORDS = ("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2")


def derived(offered: Offered, exchange: Exchange, *, compression: bool | None) -> Mapping[str, str]:
    """States by name, from protocols, suites, parameters and compression."""

    def any_suite(matches: Callable[[str], bool], protocols: tuple[str, ...] = _WITH_RECORDS) -> str:
        if any(matches(suite) for name in protocols for suite in offered.suites.get(name, ())):
            return VULNERABLE
        sure = all(offered.protocols[name] is not None and name not in offered.partial for name in protocols)
        return NOT_VULNERABLE if sure else UNKNOWN

    return {
        "drown": _state(offered.protocols["SSLv2"]),
        "poodle_ssl": any_suite(is_cbc, ("SSLv3",)),
        "freak": any_suite(lambda suite: suite.startswith("TLS_RSA_EXPORT")),
        "logjam": _logjam(any_suite(lambda suite: "_DHE_" in suite and "EXPORT" in suite), exchange),
        "crime": _state(compression) if _speaks_old(offered) is not False else NOT_VULNERABLE,
        "sweet32": any_suite(lambda suite: weakness(suite) is Weakness.SMALL_BLOCK),
        "rc4": any_suite(lambda suite: "_RC4_" in suite),
        "beast": any_suite(is_cbc, ("SSLv3", "TLSv1.0")),
        "lucky13": any_suite(is_cbc),
    }


def is_cbc(suite: str) -> bool:
    """Whether records are made with a block cipher in CBC mode."""
    return "_CBC" in suite and not authenticated_encryption(suite)


def _speaks_old(offered: Offered) -> bool | None:
    """Whether any version with compression and CBC records is offered."""
    states = [offered.protocols[name] for name in _WITH_RECORDS]
    return True if True in states else None if None in states else False


def _state(found: bool | None) -> str:  # noqa: FBT001 - a state, not a switch
    if found is None:
        return UNKNOWN
    return VULNERABLE if found else NOT_VULNERABLE


def _logjam(by_export: str, exchange: Exchange) -> str:
    """Export suites, a prime that can be worked on, or the shared 1024-bit one (CVE-2015-4000)."""
    bits = exchange.dh_bits
    weak = bits is not None and (bits < 1024 or (bits == 1024 and exchange.dh_prime is not None))
    if weak or by_export == VULNERABLE:
        return VULNERABLE
    return UNKNOWN if exchange.dh_gap is not None else by_export
