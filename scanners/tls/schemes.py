"""What a server signs its handshakes with: every signature scheme, in its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from posture.core.observations import Reason
from scanners.tls import legacy
from scanners.tls.answers import Accepted, Failed
from scanners.tls.client import flight
from scanners.tls.ladder import Ladder, climb
from scanners.tls.line import Line
from scanners.tls.offers import all_schemes, offer
from scanners.tls.patience import is_no
from scanners.tls.registry import TLS12, TLS13, scheme_names, suite_name, usual_order
from scanners.tls.shares import SECP256R1, X25519, Share, generate
from scanners.tls.wire import Malformed

#: The order of OpenSSL's defaults, which guesses follow.
_USUAL = (
    *(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806),
    *(0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schemes:
    """`found` in the server's order, None when they were not asked or could not be told (`gap`)."""

    found: tuple[int, ...] | None = None
    gap: Reason | None = None


async def signature_schemes(line: Line, server_name: str | None, best: int, own: int | None) -> Schemes:
    """Asked in TLS 1.2, whose list has that of TLS 1.3 in it, or in TLS 1.3 alone.

    `best` is the version of an ordinary handshake, `own` the scheme it was signed with, if that is known.
    Before TLS 1.2 there is nothing to choose.
    """
    if best not in {TLS12, TLS13}:
        return Schemes(found=())
    older = await _of_version(line, server_name, TLS12, own)
    if older.found or older.gap is not None or best == TLS12:
        return older
    return await _of_version(line, server_name, TLS13, own)


async def _of_version(line: Line, server_name: str | None, version: int, own: int | None) -> Schemes:
    kind = scheme_names().get(own or 0, "").partition("_")[0]
    usual = [each for each in _USUAL if scheme_names()[each].startswith(kind)]
    ladder = Ladder(usual, parts=_hash, rare=("sha1",))
    ask = partial(_favourite, line, server_name, version)
    found, gap = await climb(ladder, all_schemes(), ask)
    return Schemes(found=tuple(found) if found or gap is None else None, gap=gap)


def _hash(scheme: int) -> tuple[str, ...]:
    return (scheme_names()[scheme],)


async def _favourite(
    line: Line, server_name: str | None, version: int, schemes: Sequence[int]
) -> int | Reason | None:
    """The scheme that the server signs with, None when it takes none, or why that cannot be told."""
    suites = [each for each in usual_order(version) if version == TLS13 or "DHE_" in suite_name(each)]
    shares = _shares() if version == TLS13 else []
    answer = await flight(line, offer(version, server_name, suites, schemes=schemes, shares=shares), shares)
    if is_no(line, answer):
        return None
    if not isinstance(answer, Accepted):
        return answer.reason if isinstance(answer, Failed) else Reason.NO_DATA
    try:
        signed = _signed(answer)
    except Malformed:
        return Reason.PROTOCOL_GARBAGE
    if signed is None:
        return answer.gap or Reason.NO_DATA
    # Some servers sign with their one scheme whatever is offered: then nothing more can be learnt.
    return signed if signed in schemes else None


def _signed(answer: Accepted) -> int | None:
    if answer.hello.version == TLS13 or answer.key_exchange is None:
        return answer.signature_scheme
    exchange = suite_name(answer.hello.suite).removeprefix("TLS_").partition("_WITH_")[0]
    return legacy.signed_with(exchange, answer.key_exchange)


def _shares() -> list[Share]:
    return [share for group in (X25519, SECP256R1) if (share := generate(group)) is not None]
