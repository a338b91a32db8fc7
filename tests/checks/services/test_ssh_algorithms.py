"""SSH algorithms: what the lists of a server say about it."""

from dataclasses import replace
from typing import Any

import pytest

from posture.checks.services.ssh_algorithms import judge
from posture.core.facts.ssh_endpoint import HostKey, SshEndpoint
from posture.core.findings import Verdict, failed, passed, unknown

GOOD = SshEndpoint(
    protocol="2.0",
    software="OpenSSH_9.6",
    key_exchange=("curve25519-sha256", "diffie-hellman-group14-sha1"),
    host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
    ciphers=("chacha20-poly1305@openssh.com", "aes128-ctr"),
    macs=("hmac-sha2-256-etm@openssh.com", "hmac-sha1", "umac-64@openssh.com"),
    host_key=HostKey(algorithm="ssh-rsa", bits=2048),
    strict=True,
)


def fault(message: str, **arguments: Any) -> Verdict:
    return replace(failed(message, **arguments), discriminator=message)


CASES: list[tuple[dict[str, Any], list[Verdict]]] = [
    ({}, [passed("modern")]),
    ({"host_key": None}, [unknown("host_key_unseen", path="host_key")]),
    ({"protocol": "1.99"}, [fault("old_protocol")]),
    (
        {"key_exchange": ("diffie-hellman-group1-sha1", "curve25519-sha256")},
        [fault("weak_exchange", algorithms=("diffie-hellman-group1-sha1",))],
    ),
    (
        {"ciphers": ("aes128-ctr", "3des-cbc", "arcfour256", "none"), "macs": ("hmac-sha2-256",)},
        [fault("weak_cipher", algorithms=("3des-cbc", "arcfour256", "none"))],
    ),
    (
        {"macs": ("hmac-sha1-96", "hmac-md5-etm@openssh.com", "hmac-sha1")},
        [fault("weak_mac", algorithms=("hmac-sha1-96", "hmac-md5-etm@openssh.com"))],
    ),
    (
        {"host_key": HostKey(algorithm="ssh-rsa", bits=1024)},
        [fault("short_host_key", bits=1024, least=2048)],
    ),
    ({"host_key": HostKey(algorithm="ssh-ed25519", bits=256)}, [passed("modern")]),
    ({"host_key_algorithms": ("ssh-dss",)}, [fault("dsa_host_key")]),
    ({"strict": False}, [fault("prefix_truncation")]),
    ({"strict": False, "ciphers": ("aes128-ctr",)}, [passed("modern")]),
    (
        {"strict": False, "ciphers": ("aes256-cbc",), "host_key": None},
        [
            fault("weak_cipher", algorithms=("aes256-cbc",)),
            fault("prefix_truncation"),
            unknown("host_key_unseen", path="host_key"),
        ],
    ),
    (
        {"strict": False, "ciphers": ("aes256-cbc",), "macs": ("hmac-sha2-256",)},
        [fault("weak_cipher", algorithms=("aes256-cbc",))],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_verdicts(changes: dict[str, Any], expected: list[Verdict]) -> None:
    assert list(judge(replace(GOOD, **changes))) == expected
