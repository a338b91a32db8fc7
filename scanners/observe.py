"""Turns an attempt into an Observation: the one place where failures and bugs become values."""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from scanners.context import Context
from scanners.net.failure import NetFailure

T = TypeVar("T")


async def observe(
    context: Context, kind: str, target: Target, attempt: Awaitable[Seen[T]], *, seconds: float | None = None
) -> Observation[T]:
    """Await `attempt` for at most `seconds` (default: the budget) and return what it brought.

    A NetFailure becomes its reason, spent time `budget`, our own exception `bug` (noted in `faults`).
    """
    at = context.clock()
    result: Seen[T] | Unseen
    try:
        async with asyncio.timeout(seconds or context.options.budget):
            result = await attempt
    except NetFailure as failure:
        result = Unseen(reason=failure.reason, detail=failure.detail)
    except TimeoutError:
        result = Unseen(reason=Reason.BUDGET, detail="the time set aside for this question was spent")
    except Exception as error:  # noqa: BLE001 - the scan stage's one net for our own bugs (DESIGN §5)
        context.faults.append(f"{kind} of {target.label()}: {type(error).__name__}: {error}")
        result = Unseen(reason=Reason.BUG, detail=type(error).__name__)
    return Observation(kind=kind, target=target, at=at, result=result)


def digest(*raw: bytes) -> str:
    """SHA-256 (hex) over raw answers, for an observation's evidence."""
    hasher = hashlib.sha256()
    for part in raw:
        hasher.update(part)
    return hasher.hexdigest()


def unseen(context: Context, kind: str, target: Target, why: Unseen) -> Observation[object]:
    """An observation that brought nothing."""
    return Observation(kind=kind, target=target, at=context.clock(), result=why)


async def answered(
    context: Context, kinds: Iterable[str], subject: Target, attempt: Awaitable[list[Observation[Any]]]
) -> list[Observation[Any]]:
    """Await a whole area; if it fails as a whole, each of its kinds is unseen for that reason."""
    try:
        return await attempt
    except NetFailure as failure:
        why = Unseen(reason=failure.reason, detail=failure.detail)
    except Exception as error:  # noqa: BLE001 - the same net, for the code between the questions
        context.faults.append(f"{subject.label()}: {type(error).__name__}: {error}")
        why = Unseen(reason=Reason.BUG, detail=type(error).__name__)
    return [unseen(context, kind, subject, why) for kind in kinds]
