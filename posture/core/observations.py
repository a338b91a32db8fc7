"""What an attempt to look brought: something seen, or a reason why not.

Not seen is a value. It is never absence, and never cleanliness.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from posture.core.targets import Target

T_co = TypeVar("T_co", covariant=True)


class Reason(StrEnum):
    """Why something was not seen: a closed set."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    DNS_FAILURE = "dns-failure"
    RATE_LIMITED = "rate-limited"
    PROTOCOL_GARBAGE = "protocol-garbage"
    NO_DATA = "no-data"
    NOT_PERMITTED = "not-permitted"
    BUDGET = "budget"
    CANCELLED = "cancelled"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A part of a seen value that was not seen; `path` is dotted, from the value's root."""

    path: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[T_co]):
    """The attempt brought a value; its unseen parts are null and listed as gaps."""

    value: T_co
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """The attempt brought nothing that may be judged. `detail` is for people, in English."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Generic[T_co]):
    """One question asked of one target at one time, and what came back.

    `kind` names the fact class (`posture.core.facts`) of a seen value. `evidence` holds
    SHA-256 digests (hex) of the raw answers.
    """

    kind: str
    target: Target
    at: datetime
    result: Seen[T_co] | Unseen
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an observation's time carries its offset")


def reason_at(gaps: Iterable[Gap], path: str) -> Reason:
    """The reason recorded for `path` or the nearest ancestor of it; no-data when none was recorded."""
    best = Reason.NO_DATA
    longest = -1
    for gap in gaps:
        nearer = gap.path == path or path.startswith(gap.path + ".")
        if nearer and len(gap.path) > longest:
            best, longest = gap.reason, len(gap.path)
    return best
