"""`services/ssh_passwords`: what the methods mean that a server names."""

from dataclasses import replace

import pytest

from posture.checks.services.ssh_passwords import judge
from posture.core.facts.ssh_endpoint import SshEndpoint
from posture.core.findings import Verdict, failed, passed, unknown

FACT = SshEndpoint(
    protocol="2.0",
    software="OpenSSH_9.2p1",
    key_exchange=("curve25519-sha256",),
    host_key_algorithms=("ssh-ed25519",),
    ciphers=("aes128-ctr",),
    macs=("hmac-sha2-256",),
    host_key=None,
    strict=True,
)

CASES: list[tuple[tuple[str, ...] | None, Verdict]] = [
    (None, unknown("not_told", path="auth_methods")),
    ((), unknown("no_method", path="auth_methods")),
    (("none",), failed("nothing_asked")),
    (("publickey",), passed("no_password", methods=("publickey",))),
    (("publickey", "gssapi-with-mic"), passed("no_password", methods=("publickey", "gssapi-with-mic"))),
    (("keyboard-interactive",), unknown("dialogue", path="auth_methods")),
    (("publickey", "keyboard-interactive"), unknown("dialogue", path="auth_methods")),
    (("publickey", "password"), failed("password", methods=("publickey", "password"))),
    (("password", "keyboard-interactive"), failed("password", methods=("password", "keyboard-interactive"))),
]


@pytest.mark.parametrize(("methods", "verdict"), CASES)
def test_what_the_methods_mean(methods: tuple[str, ...] | None, verdict: Verdict) -> None:
    assert list(judge(replace(FACT, auth_methods=methods))) == [verdict]
