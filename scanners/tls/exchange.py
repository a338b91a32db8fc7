"""Key exchange: the groups a server agrees on, and its finite-field parameters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from posture.core.observations import Reason
from scanners.tls import legacy, registry
from scanners.tls.answers import Accepted, Answer, Failed
from scanners.tls.client import choice, flight
from scanners.tls.enumerate import Surveyed
from scanners.tls.ladder import Ladder, climb
from scanners.tls.line import Line
from scanners.tls.offers import all_groups, offer
from scanners.tls.patience import is_no
from scanners.tls.registry import TLS12, TLS13, group_name, suite_name
from scanners.tls.shares import ffdhe_prime
from scanners.tls.wire import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """`groups` in the server's order, None when they could not be told (`gap` says why).

    `dh_bits` is the size of the prime that DHE suites use, `dh_prime` its name if it is a published one.
    """

    groups: tuple[int, ...] | None
    gap: Reason | None = None
    dh_bits: int | None = None
    dh_prime: str | None = None
    dh_gap: Reason | None = None
    retried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups in the server's order; `gap` says why there may be more, or why they could not be told.

    `older` is whether the versions before TLS 1.3 were asked, too; `field` their finite-field parameters, if
    those are known already.
    """

    found: tuple[int, ...] = ()
    gap: Reason | None = None
    older: bool = False
    field: "Field | None" = None


async def groups_early(line: Line, server_name: str | None, version: int) -> Groups:
    """Groups of a server whose best version is `version`, which need not wait for its suites.

    Of TLS 1.3 by HelloRetryRequest; the versions before mostly share the list: one question tells whether
    they have more. Empty for versions before TLS 1.2, and where no suite with groups is offered.
    """
    found: list[int] = []
    if version == TLS13:
        found, gap = await _of_version(line, server_name, TLS13, registry.usual_order(TLS13), ())
        if gap is not None or not found:
            return Groups(found=tuple(found), gap=gap)
    elif version != TLS12:
        return Groups()
    elliptic = [suite for suite in registry.usual_order(TLS12) if "_ECDHE_" in suite_name(suite)]
    (more, gap), field = await asyncio.gather(
        _of_version(line, server_name, TLS12, elliptic, found),
        _field_early(line, server_name) if version == TLS12 else _no_field(),
    )
    return Groups(found=(*found, *more), gap=gap, older=True, field=field)


async def _no_field() -> None:
    return None


async def hybrids(line: Line, server_name: str | None) -> Groups:
    """One question: which post-quantum hybrid a server of TLS 1.3 takes, if any."""
    offered = [group for group in all_groups() if "MLKEM" in group_name(group)]
    taken = await _favourite(line, server_name, TLS13, registry.usual_order(TLS13), offered)
    if isinstance(taken, Reason):
        return Groups(gap=taken)
    return Groups(found=() if taken is None else (taken,))


async def finish(line: Line, server_name: str | None, early: Groups, surveyed: Surveyed) -> Exchange:
    """Groups of TLS 1.2 by ServerKeyExchange, beside those of TLS 1.3, and the parameters of DHE."""
    (groups, gap), (bits, prime, dh_gap) = await asyncio.gather(
        _groups(line, server_name, early, surveyed), _finite_field(line, server_name, early, surveyed)
    )
    return Exchange(
        groups=groups,
        gap=gap,
        dh_bits=bits,
        dh_prime=prime,
        dh_gap=dh_gap,
        retried=bool(surveyed.listings[TLS13].suites and early.found),
    )


async def _groups(
    line: Line, server_name: str | None, early: Groups, surveyed: Surveyed
) -> tuple[tuple[int, ...] | None, Reason | None]:
    found = list(early.found)
    gap = early.gap if surveyed.listings[TLS13].suites or early.older else None
    for version in (TLS12, registry.TLS11, registry.TLS10):
        suites = _with_groups(version, surveyed)
        if suites and not early.older:
            more, later = await _of_version(line, server_name, version, suites, found)
            return (*found, *more) or None, gap or later
    return (None if gap and not found else tuple(found)), gap


def _with_groups(version: int, surveyed: Surveyed) -> list[int]:
    """The version's suites for which client and server agree on a group."""
    suites = surveyed.listings[version].suites
    return [suite for suite in suites if "_ECDHE_" in suite_name(suite)]


async def _of_version(
    line: Line, server_name: str | None, version: int, suites: Sequence[int], known: Sequence[int]
) -> tuple[list[int], Reason | None]:
    """Groups of one version beside those that are known already."""
    candidates = [group for group in all_groups() if group not in known]
    ladder = Ladder(candidates, parts=_family, rare=_RARE)
    return await climb(ladder, candidates, partial(_favourite, line, server_name, version, suites))


async def _favourite(
    line: Line, server_name: str | None, version: int, suites: Sequence[int], groups: Sequence[int]
) -> int | Reason | None:
    """The group that the server picks, None when it takes none, or why that cannot be told."""
    hello = offer(version, server_name, suites, groups=groups)
    if not hello.groups:
        return None
    answer = await (choice(line, hello) if version == TLS13 else flight(line, hello))
    if is_no(line, answer):
        return None
    if not isinstance(answer, Accepted):
        return answer.reason if isinstance(answer, Failed) else Reason.NO_DATA
    try:
        return _picked(answer, hello.groups)
    except Malformed:
        return Reason.PROTOCOL_GARBAGE


def _picked(answer: Accepted, offered: Sequence[int]) -> int | Reason | None:
    if answer.hello.version == TLS13:
        group = answer.hello.share[0] if answer.hello.share else None
    elif answer.key_exchange is None:
        return answer.gap or Reason.NO_DATA
    else:
        group = legacy.named_group(answer.key_exchange)
    # Some servers use their one curve whatever is offered: then nothing more can be learnt.
    return group if group in offered else None


#: (bits, name of the prime, why not) of a finite-field exchange.
Field = tuple[int | None, str | None, Reason | None]


async def _field_early(line: Line, server_name: str | None) -> Field | None:
    """The parameters of TLS 1.2; None where it has none, or where that has to be asked later."""
    suites = [suite for suite in registry.usual_order(TLS12) if "_DHE_" in suite_name(suite)]
    found = await _parameters(line, server_name, TLS12, suites)
    return found if found[0] is not None else None


async def _finite_field(line: Line, server_name: str | None, early: Groups, surveyed: Surveyed) -> Field:
    """The parameters of the newest version that offers DHE."""
    if early.field is not None:
        return early.field
    for version in (TLS12, registry.TLS11, registry.TLS10, registry.SSL3):
        suites = [each for each in surveyed.listings[version].suites if "_DHE_" in suite_name(each)]
        if suites:
            return await _parameters(line, server_name, version, suites)
    return None, None, None


async def field_by_class(line: Line, server_name: str | None, surveyed: Surveyed) -> Field:
    """The parameters of the newest version with DHE, where only classes of suites were asked for."""
    for version in (TLS12, registry.TLS11, registry.TLS10, registry.SSL3):
        if surveyed.listings[version].suites:
            suites = [each for each in registry.suites_of(version) if _with_field(suite_name(each))]
            answer = await flight(line, offer(version, server_name, suites))
            if not is_no(line, answer):
                return _told(answer)
    return None, None, None


def _with_field(name: str) -> bool:
    """DHE under a certificate; export suites are a kind of their own."""
    return "_DHE_" in name and "PSK" not in name and "EXPORT" not in name


async def _parameters(line: Line, server_name: str | None, version: int, suites: Sequence[int]) -> Field:
    return _told(await flight(line, offer(version, server_name, suites)))


def _told(answer: Answer) -> Field:
    if not isinstance(answer, Accepted) or answer.key_exchange is None:
        return None, None, answer.reason if isinstance(answer, Failed) else Reason.NO_DATA
    try:
        prime, _ = legacy.dh_parameters(answer.key_exchange)
    except Malformed:
        return None, None, Reason.PROTOCOL_GARBAGE
    return prime.bit_length(), known_primes().get(prime), None


@cache
def known_primes() -> dict[int, str]:
    """Published primes: those of RFC 2409 §6 and RFC 3526, made from π, and of RFC 7919, made from e."""
    found = {_from_pi(bits, last): f"MODP-{bits}" for bits, last in _MODP.items()}
    return found | {ffdhe_prime(group): group_name(group) for group in range(256, 261)}


_MODP = {768: 149686, 1024: 129093, 1536: 741804, 2048: 124476, 3072: 1690314, 4096: 240904}


def _from_pi(bits: int, last: int) -> int:
    """2^b - 2^(b-64) - 1 + 2^64·(floor(2^(b-130)·π) + X)."""
    return (1 << bits) - (1 << (bits - 64)) - 1 + (1 << 64) * ((_pi(bits - 130 + 64) >> 64) + last)


def _pi(bits: int) -> int:
    """floor(2^bits · π) by Machin's formula, with bits to spare."""
    scale = 1 << (bits + 32)
    return (16 * _arctan(5, scale) - 4 * _arctan(239, scale)) >> 32


def _arctan(inverse: int, scale: int) -> int:
    total, power, n = 0, scale // inverse, 1
    while power:
        total += power // n if n % 4 == 1 else -(power // n)
        power //= inverse * inverse
        n += 2
    return total


_RARE = ("sect", "secp1", "secp2", "brainpool", "GC", "curveSM", "arbitrary", "MLKEM", "Kyber", "ffdhe")


@cache
def _family(group: int) -> tuple[str, ...]:
    name = group_name(group)
    return (name if name in _COMMON else name.rstrip("0123456789rkt"),)


_COMMON = frozenset({"secp256r1", "secp384r1", "secp521r1", "x25519", "x448"})
