"""What the name of a cipher suite says about its strength: vocabulary that scanners and judges share."""

from collections.abc import Iterable
from enum import StrEnum


class Weakness(StrEnum):
    """Why a suite should not be offered, worst first. A suite has the first that fits."""

    NULL = "null"
    ANONYMOUS = "anonymous"
    EXPORT = "export"
    SHORT_KEY = "short-key"
    RC4 = "rc4"
    SMALL_BLOCK = "64-bit-block"

    @property
    def breaks_encryption(self) -> bool:
        """Whether a reader on the wire, or a stranger in the middle, wins at once."""
        return self not in {Weakness.RC4, Weakness.SMALL_BLOCK}


#: RFC 8996, RFC 9325 §4.2.1 and RFC 7465 name these; ciphers by the part of the name that holds them.
_SHORT = ("_DES_CBC_", "_DES40_", "_RC2_", "_RC4_40_", "_RC4_56_", "_RC4_64_", "_DES_64_")
#: TLS 1.3 without encryption (RFC 9150).
_INTEGRITY_ONLY = ("TLS_SHA256_SHA256", "TLS_SHA384_SHA384")
_SMALL = ("_3DES_", "_IDEA_", "_28147_", "_MAGMA_", "_DES_192_EDE3_", "_FORTEZZA_CBC")


def weakness(name: str) -> Weakness | None:
    """The weakness of a suite by its IANA or SSL 2.0 name; None for one that is sound or unknown."""
    if "_NULL_" in name or name in _INTEGRITY_ONLY:
        return Weakness.NULL
    if "_anon_" in name:
        return Weakness.ANONYMOUS
    if "EXPORT" in name:
        return Weakness.EXPORT
    if any(part in name for part in _SHORT):
        return Weakness.SHORT_KEY
    if "_RC4_" in name:
        return Weakness.RC4
    return Weakness.SMALL_BLOCK if any(part in name for part in _SMALL) else None


def weakest(names: Iterable[str]) -> tuple[Weakness, tuple[str, ...]] | None:
    """The worst weakness among the suites, and every suite that has any; None when all are sound."""
    found = {name: weak for name in names if (weak := weakness(name)) is not None}
    if not found:
        return None
    order = list(Weakness)
    return min(found.values(), key=order.index), tuple(sorted(found))


def forward_secret(name: str) -> bool:
    """Whether a key stolen later leaves what was recorded closed: an ephemeral exchange, or TLS 1.3."""
    return "_WITH_" not in name or "DHE_" in name or "_DH_anon_" in name or "_ECDH_anon_" in name


def authenticated_encryption(name: str) -> bool:
    """Whether the suite is an AEAD."""
    return any(mark in f"{name}_" for mark in ("_GCM_", "_CCM_", "_POLY1305_", "_MGM_", "_AEGIS_"))
