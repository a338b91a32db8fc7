"""One line of a case's history, and the chain that shows when a line was changed or taken away."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from posture.core.errors import PostureError

#: Longest name and longest reason, in characters.
MOST_NAME, MOST_REASON = 200, 4_000


class Kind(StrEnum):
    """What somebody did."""

    QUOTE = "quote"  # priced and kept a version; body: the version
    ISSUE = "issue"  # sent a draft on its way
    TAKE = "take"  # takes a referral
    DECIDE = "decide"  # approves or declines a referral
    SIGN = "sign"  # the second signature under an approval
    ASK = "ask"  # sent the neutral questions to the applicant
    ANSWER = "answer"  # what the applicant answered to one of them
    CLOSE = "close"  # a subjectivity is shown done
    ACCEPT = "accept"  # the applicant accepts the quote
    REFUSE = "refuse"  # the applicant does not
    REVALIDATE = "revalidate"  # looked again before binding
    BIND = "bind"  # cover is bound; body: the facts known
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Never changed, never removed. `case` is the assessment's id, `body` plain JSON.

    `id` is made from all else and from the event before it in the case (`previous`, empty for the first).
    """

    id: str
    case: str
    kind: Kind
    by: str
    at: datetime
    reason: str
    body: Mapping[str, Any]
    previous: str


def sealed(draft: Event, history: Sequence[Event]) -> Event:
    """The event linked to the one before it, with its id: 16 hex digits of SHA-256 over all else."""
    linked = replace(draft, previous=history[-1].id if history else "")
    fields = {
        "case": linked.case,
        "kind": linked.kind.value,
        "by": linked.by,
        "at": linked.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "reason": linked.reason,
        "body": linked.body,
        "previous": linked.previous,
    }
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return replace(linked, id=hashlib.sha256(text.encode()).hexdigest()[:16])


def check_chain(history: Sequence[Event]) -> None:
    """Raise PostureError naming the first event that was changed, or before which one is missing."""
    for number, one in enumerate(history):
        if sealed(one, history[:number]) != one:
            raise PostureError(
                f"The event {one.id} of the case {one.case} was changed after it was added, or one before it "
                "was taken away.",
                remedy="Restore the database from a copy; the history is evidence.",
                code="desk-changed",
            )


def check_words(draft: Event) -> None:
    """Raise PostureError for an empty or endless name or reason."""
    for name, most in (("by", MOST_NAME), ("reason", MOST_REASON)):
        words = getattr(draft, name)
        if not words.strip():
            raise refused(draft.case, f"“{name}” is empty", f"Say it with --{name}.", "words")
        if len(words) > most:
            raise refused(draft.case, f"“{name}” is longer than {most} characters", "Shorten it.", "words")


def refused(case: str, why: str, remedy: str, code: str) -> PostureError:
    """The error for what may not be added to a case."""
    return PostureError(f"This cannot be done in the case {case}: {why}.", remedy=remedy, code=code)
