"""Names and numbers of protocols, suites, groups and signature schemes (registry.toml)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

SSL2 = 0x0002
SSL3 = 0x0300
TLS10 = 0x0301
TLS11 = 0x0302
TLS12 = 0x0303
TLS13 = 0x0304

#: Protocol names of the observation, by version number.
PROTOCOL_NAMES: Mapping[int, str] = {
    SSL2: "SSLv2",
    SSL3: "SSLv3",
    TLS10: "TLSv1.0",
    TLS11: "TLSv1.1",
    TLS12: "TLSv1.2",
    TLS13: "TLSv1.3",
}

#: Signalling values that travel among the suites (RFC 5746 §3.3, RFC 7507 §4).
RENEGOTIATION_SCSV = 0x00FF
FALLBACK_SCSV = 0x5600

#: Suites of TLS 1.3 outside 0x13xx (RFC 8998, RFC 9150, RFC 9367).
_ODD_13 = frozenset({0x00C6, 0x00C7, 0xC0B4, 0xC0B5, 0xC103, 0xC104, 0xC105, 0xC106})
#: Hashes and modes that came with TLS 1.2: a suite named after one cannot be used before it (RFC 5246 §1.2).
_SINCE_12 = ("_GCM_", "_CCM", "_POLY1305_", "_SHA256", "_SHA384", "_SHA512", "_MGM_", "_OMAC", "_IMIT")


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("registry.toml").read_text(encoding="utf-8"))


def _tables() -> Mapping[str, Mapping[str, int]]:
    return _file()


@cache
def suite_names() -> Mapping[int, str]:
    """Every suite's name by its number: IANA's, then those in use without registration."""
    tables = _tables()
    return {
        number: name
        for table in ("cipher_suites", "unregistered_suites", "ssl2_kinds")
        for name, number in tables[table].items()
    }


@cache
def group_names() -> Mapping[int, str]:
    """Every key exchange group's name by its number."""
    tables = _tables()
    return {n: name for table in ("groups", "unregistered_groups") for name, n in tables[table].items()}


@cache
def scheme_names() -> Mapping[int, str]:
    """Every signature scheme's name by its number."""
    return {number: name for name, number in _tables()["signature_schemes"].items()}


def suite_name(number: int) -> str:
    """The suite's name; one that nobody registered is written as its number."""
    return suite_names().get(number, f"0x{number:04X}")


def group_name(number: int) -> str:
    """The group's name; one that nobody registered is written as its number."""
    return group_names().get(number, f"0x{number:04X}")


@cache
def suites_of(version: int) -> tuple[int, ...]:
    """Every suite that a protocol version can use, in the order of their numbers."""
    if version == SSL2:
        return tuple(sorted(_tables()["ssl2_kinds"].values()))
    plain = sorted(number for number in suite_names() if number < 0x10000)
    if version == TLS13:
        return tuple(number for number in plain if _is_13(number))
    older = [number for number in plain if not _is_13(number)]
    if version == TLS12:
        return tuple(older)
    return tuple(n for n in older if not any(mark in suite_names()[n] + "_" for mark in _SINCE_12))


@cache
def usual_order(version: int) -> tuple[int, ...]:
    """The order in which servers mostly prefer a version's suites: what guesses follow."""
    can = frozenset(suites_of(version))
    return tuple(suite for suite in _file()["usual_order"] if suite in can)


def _is_13(number: int) -> bool:
    return number >> 8 == 0x13 or number in _ODD_13
