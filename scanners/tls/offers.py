"""The hellos we send: one ordinary modern client, and one per protocol version with chosen suites."""

import os
from collections.abc import Sequence
from functools import cache

from scanners.tls import hello as h
from scanners.tls import registry
from scanners.tls.hello import ClientHello
from scanners.tls.shares import SECP256R1, X25519, Share
from scanners.tls.wire import vector

#: What browsers and mail servers of today offer, so that the first look is an ordinary one.
_ORDINARY_13 = (0x1301, 0x1302, 0x1303)
_ORDINARY_12 = (
    *(0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009F, 0xCCAA),
    *(0xC023, 0xC027, 0xC024, 0xC028, 0xC009, 0xC013, 0xC00A, 0xC014, 0x0033, 0x0039, 0x0067, 0x006B),
    *(0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0x000A),
)
_FFDHE_FIRST, _FFDHE_LAST = 256, 511
#: Groups of TLS 1.2 that we can compute.
_COMPUTABLE = (X25519, SECP256R1, 24, 25, 30)


@cache
def all_groups() -> tuple[int, ...]:
    """Every group, the common ones first so that a careless server picks one that we can compute."""
    common = (X25519, SECP256R1, 24, 25, 30, 4588, 4587, 4589)
    return common + tuple(number for number in registry.group_names() if number not in common)


@cache
def all_schemes() -> tuple[int, ...]:
    """Every signature scheme, strongest families first, the broken hashes last."""
    names = registry.scheme_names()
    weak = [n for n in names if names[n].endswith(("_md5", "_sha1", "_sha224"))]
    return tuple(n for n in names if n not in weak) + tuple(sorted(weak, reverse=True))


def ordinary(
    server_name: str | None, shares: Sequence[Share], suites: tuple[int, ...] = _ORDINARY_13 + _ORDINARY_12
) -> ClientHello:
    """The hello of an ordinary client of TLS 1.2 and 1.3, asking for stapling."""
    return ClientHello(
        version=registry.TLS12,
        suites=(*suites, registry.RENEGOTIATION_SCSV),
        server_name=server_name,
        versions=(registry.TLS13, registry.TLS12),
        groups=all_groups(),
        schemes=all_schemes(),
        shares=tuple((share.group, share.public) for share in shares),
        extra=(_STAPLING, _SCT, _MASTER_SECRET),
        session_id=os.urandom(32),
    )


def offer(
    version: int,
    server_name: str | None,
    suites: Sequence[int],
    *,
    groups: Sequence[int] | None = None,
    schemes: Sequence[int] | None = None,
    shares: Sequence[Share] = (),
) -> ClientHello:
    """A hello of exactly one version. With TLS 1.3 and no share the server answers a HelloRetryRequest."""
    if version == registry.TLS13:
        return _offer_13(server_name, suites, groups, schemes, shares)
    offered = all_groups() if groups is None else groups
    # A server that heeds RFC 7919 would hide its own parameters behind a named finite field.
    plain = tuple(group for group in offered if not _FFDHE_FIRST <= group <= _FFDHE_LAST)
    return ClientHello(
        version=version,
        suites=(*suites, registry.RENEGOTIATION_SCSV),
        server_name=server_name,
        groups=plain,
        schemes=(all_schemes() if schemes is None else tuple(schemes)) if version == registry.TLS12 else (),
        extra=(_MASTER_SECRET, *_QUESTIONS) if version > registry.SSL3 else (),
        compressions=_COMPRESSIONS,
    )


def handshake(
    version: int, server_name: str | None, suites: Sequence[int], *extra: tuple[int, bytes]
) -> ClientHello:
    """A hello of TLS 1.0 to 1.2 for a handshake that is carried on: nothing in it changes the keys."""
    return ClientHello(
        version=version,
        suites=(*suites, registry.RENEGOTIATION_SCSV),
        server_name=server_name,
        groups=_COMPUTABLE,
        schemes=all_schemes() if version == registry.TLS12 else (),
        extra=extra,
    )


def _offer_13(
    server_name: str | None,
    suites: Sequence[int],
    groups: Sequence[int] | None,
    schemes: Sequence[int] | None,
    shares: Sequence[Share],
) -> ClientHello:
    return ClientHello(
        version=registry.TLS12,
        suites=tuple(suites),
        server_name=server_name,
        versions=(registry.TLS13,),
        groups=all_groups() if groups is None else tuple(groups),
        schemes=all_schemes() if schemes is None else tuple(schemes),
        shares=tuple((share.group, share.public) for share in shares),
        session_id=os.urandom(32),
    )


_STAPLING = (h.EXT_STATUS_REQUEST, b"\1" + vector(2, b"") + vector(2, b""))
_SCT = (h.EXT_SCT, b"")
_MASTER_SECRET = (h.EXT_EXTENDED_MASTER_SECRET, b"")
#: What a server of TLS 1.2 and before says in its hello for the asking: tickets (RFC 5077), encrypt-then-MAC
#: (RFC 7366), heartbeats (RFC 6520); and whether it compresses when the client prefers to (RFC 3749).
_QUESTIONS = (
    (h.EXT_SESSION_TICKET, b""),
    (h.EXT_ENCRYPT_THEN_MAC, b""),
    (h.EXT_HEARTBEAT, b"\1"),
)
_COMPRESSIONS = (1, 0)
