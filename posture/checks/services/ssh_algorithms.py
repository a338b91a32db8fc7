"""`services/ssh_algorithms`: an SSH server agrees only to algorithms that still protect."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.findings import Verdict, failed, passed, unknown

#: RFC 9142 §4: MUST NOT and SHOULD NOT; group14-sha1, the last resort of old clients, is MAY.
_WEAK_EXCHANGE: Final = frozenset(
    {
        "diffie-hellman-group1-sha1",
        "diffie-hellman-group-exchange-sha1",
        "rsa1024-sha1",
    }
)
_LEAST_RSA: Final = 2048
#: CBC with the MAC over the ciphertext, and ChaCha20, are what CVE-2023-48795 is about.
_CHACHA: Final = "chacha20-poly1305@openssh.com"


def judge(fact: SshEndpoint) -> Iterator[Verdict]:
    """One finding per kind of weakness, `modern` only when none was seen and the host key was."""
    found = [*_old_protocol(fact), *_weak_lists(fact), *_weak_key(fact), *_prefix(fact)]
    yield from found
    if fact.host_key is None:
        yield unknown("host_key_unseen", path="host_key")
    elif not found:
        yield passed("modern")


def _old_protocol(fact: SshEndpoint) -> Iterator[Verdict]:
    if fact.protocol == "1.99":
        yield _about(failed("old_protocol"))


def _weak_lists(fact: SshEndpoint) -> Iterator[Verdict]:
    if weak := tuple(name for name in fact.key_exchange if name in _WEAK_EXCHANGE):
        yield _about(failed("weak_exchange", algorithms=weak))
    if weak := tuple(name for name in fact.ciphers if _weak_cipher(name)):
        yield _about(failed("weak_cipher", algorithms=weak))
    if weak := tuple(name for name in fact.macs if _weak_mac(name)):
        yield _about(failed("weak_mac", algorithms=weak))


def _weak_key(fact: SshEndpoint) -> Iterator[Verdict]:
    key = fact.host_key
    if key is not None and key.algorithm == "ssh-rsa" and key.bits is not None and key.bits < _LEAST_RSA:
        yield _about(failed("short_host_key", bits=key.bits, least=_LEAST_RSA))
    if "ssh-dss" in fact.host_key_algorithms:
        yield _about(failed("dsa_host_key"))


def _prefix(fact: SshEndpoint) -> Iterator[Verdict]:
    """CVE-2023-48795: messages before the log-in can be left out, unless sequence numbers are reset."""
    cbc = any(name.endswith("-cbc") for name in fact.ciphers) and any("-etm@" in name for name in fact.macs)
    if not fact.strict and (_CHACHA in fact.ciphers or cbc):
        yield _about(failed("prefix_truncation"))


def _weak_cipher(name: str) -> bool:
    """RC4 (RFC 8758), single DES, no encryption; CBC modes, 3DES among them (RFC 4344 §1)."""
    return name == "none" or name.startswith(("arcfour", "des", "3des")) or name.endswith("-cbc")


def _weak_mac(name: str) -> bool:
    """MD5 and 96-bit tags (RFC 6151, NIST SP 800-107), no integrity at all."""
    return name == "none" or "md5" in name or name.partition("@")[0].endswith("-96")


def _about(verdict: Verdict) -> Verdict:
    return replace(verdict, discriminator=verdict.message)
