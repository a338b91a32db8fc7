"""`ssh.endpoint`: what an SSH server offers before anybody logs in (RFC 4253 §4.2, §7, §8)."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """The key that the server proved itself with: its algorithm's name, and its size where it has one."""

    algorithm: str
    bits: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshEndpoint:
    """Name lists of the server's KEXINIT, in its order; ciphers and MACs of both directions joined.

    `protocol` is the version of the identification: 2.0, or 1.99 where SSH 1 is spoken too. `software` is its
    software part. `host_key` is null where no exchange that we know was offered. `strict` is whether sequence
    numbers are reset at the key exchange, which ends CVE-2023-48795. `auth_methods` are the methods a login
    may use (RFC 4252 §5.2); null where that was not asked.
    """

    KIND: ClassVar[str] = "ssh.endpoint"

    protocol: str
    software: str
    key_exchange: tuple[str, ...]
    host_key_algorithms: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    host_key: HostKey | None
    strict: bool
    auth_methods: tuple[str, ...] | None = None
