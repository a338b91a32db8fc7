"""What people said about findings: an append-only history, and where it leaves each finding.

Nothing here moves a score or a price: a dispute, a waiver and a confirmation stand beside them.
Pure functions over events; the store keeps them, the application says the time.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from posture.core.errors import PostureError

#: Longest name and longest reason, in characters.
MOST_NAME, MOST_REASON = 200, 4_000


class Kind(StrEnum):
    """What somebody did."""

    DISPUTE = "dispute"  # says that the finding is wrong
    WAIVE = "waive"  # asks that it be tolerated until a day
    CONFIRM = "confirm"  # looked again: it is as reported; settles an open dispute
    COMMENT = "comment"
    APPROVE = "approve"  # grants the waiver asked for
    REJECT = "reject"  # refuses the waiver asked for, or ends a granted one
    RESOLVE = "resolve"  # shows with evidence that it was wrong or is mended; settles an open dispute
    CLOSED = "closed"  # the question was asked again: in order now; settles an open dispute
    AGAIN = "again"  # the question was asked again: still as reported
    UNSEEN = "unseen"  # the question was asked again: no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the ledger about one finding of one domain. Never changed, never removed.

    `id` is made from all else (`event`). `until` (a waiver's) is exclusive. `evidence` is the SHA-256
    (hex) of a file that the person keeps; `reply_to` the event answered; `assessment` what was in view.
    """

    id: str
    domain: str
    finding: str
    assessment: str
    kind: Kind
    by: str
    at: datetime
    reason: str
    until: datetime | None = None
    evidence: str = ""
    reply_to: str = ""


class WaiverState(StrEnum):
    """Where a waiver stands at a time. An expired one tolerates nothing: the finding is back."""

    REQUESTED = "requested"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """The last waiver asked for, unless it was rejected.

    `approval` is None until somebody else approves; without it an expired one is a request that lapsed.
    """

    request: Event
    approval: Event | None
    state: WaiverState


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a finding's history leaves it. `dispute` is the open one.

    `confirmed` and `resolved` say how the last look ended and exclude each other; a new dispute takes
    both back. `closed` is the rescan that found it in order, `asked` the last one that did not.
    """

    dispute: Event | None = None
    waiver: Waiver | None = None
    confirmed: Event | None = None
    resolved: Event | None = None
    closed: Event | None = None
    asked: Event | None = None

    @property
    def waived(self) -> bool:
        """Whether the finding is tolerated now."""
        return self.waiver is not None and self.waiver.state is WaiverState.ACTIVE


def event(draft: Event) -> Event:
    """The event with its id, 16 hex digits of SHA-256 over all else: a changed word no longer fits its id."""
    fields = {
        name: getattr(draft, name) for name in Event.__dataclass_fields__ if name not in {"id", "at", "until"}
    }
    times = {name: _instant(getattr(draft, name)) for name in ("at", "until")}
    text = json.dumps(fields | times, sort_keys=True, ensure_ascii=False)
    return replace(draft, id=hashlib.sha256(text.encode()).hexdigest()[:16])


def standing(history: Sequence[Event], at: datetime) -> Standing:
    """Where the events up to `at`, in order, leave a finding."""
    now = Standing()
    for one in history:
        if one.at <= at:
            now = _after(now, one)
    return replace(now, waiver=_dated(now.waiver, at))


def by_finding(events: Sequence[Event]) -> dict[str, tuple[Event, ...]]:
    """Histories by finding id, in the order of the events."""
    found: dict[str, list[Event]] = {}
    for one in events:
        found.setdefault(one.finding, []).append(one)
    return {name: tuple(history) for name, history in found.items()}


def append(history: Sequence[Event], draft: Event) -> tuple[Event, ...]:
    """The history with one more event, answered and identified. Raises PostureError for what may not be.

    The requester of a waiver never approves it; a dispute, a waiver request and an approval need
    something to be about; a resolution needs evidence.
    """
    _check_words(draft)
    if history and draft.at < history[-1].at:
        raise _refused("the clock is behind the last event", "Correct the clock.", "clock")
    now = standing(history, draft.at)
    _RULES[draft.kind](now, draft)
    return (*history, event(replace(draft, reply_to=_answers(history, now, draft))))


def same_person(one: str, other: str) -> bool:
    """Whether two names are one in all but width, case, spaces and what cannot be seen."""
    return _folded(one) == _folded(other)


def _after(now: Standing, one: Event) -> Standing:
    match one.kind:
        case Kind.DISPUTE:
            return replace(now, dispute=one, confirmed=None, resolved=None)
        case Kind.CONFIRM:
            return replace(now, dispute=None, confirmed=one, resolved=None, closed=None)
        case Kind.RESOLVE:
            return replace(now, dispute=None, confirmed=None, resolved=one)
        case Kind.CLOSED:
            return replace(now, dispute=None, confirmed=None, closed=one, asked=None)
        case Kind.AGAIN | Kind.UNSEEN:
            return replace(now, closed=None if one.kind is Kind.AGAIN else now.closed, asked=one)
        case Kind.WAIVE:
            return replace(now, waiver=Waiver(request=one, approval=None, state=WaiverState.REQUESTED))
        case Kind.APPROVE if now.waiver is not None:
            return replace(now, waiver=replace(now.waiver, approval=one, state=WaiverState.ACTIVE))
        case Kind.REJECT:
            return replace(now, waiver=None)
        case _:
            return now


def _dated(waiver: Waiver | None, at: datetime) -> Waiver | None:
    """A waiver ends by itself; a request that nobody answered in its time is gone with it."""
    if waiver is None or waiver.request.until is None or at < waiver.request.until:
        return waiver
    return replace(waiver, state=WaiverState.EXPIRED)


def _may_dispute(now: Standing, _draft: Event) -> None:
    if now.dispute is not None:
        raise _refused(
            f"it is disputed already ({now.dispute.id})", "Add a comment to that dispute.", "disputed"
        )


def _may_waive(now: Standing, draft: Event) -> None:
    if draft.until is None or draft.until <= draft.at:
        raise _refused("a waiver needs a day in the future until which it holds", "Give --until.", "until")
    if now.waiver is not None and now.waiver.state is not WaiverState.EXPIRED:
        raise _refused(
            f"a waiver is {now.waiver.state.value} already ({now.waiver.request.id})",
            "Approve or reject that one first.",
            "waived",
        )


def _may_approve(now: Standing, draft: Event) -> None:
    if now.waiver is None or now.waiver.state is not WaiverState.REQUESTED:
        raise _refused("no waiver waits for approval", "Ask for one: posture findings waive.", "no-waiver")
    if same_person(now.waiver.request.by, draft.by):
        raise _refused(
            f"{draft.by} asked for this waiver and cannot approve it",
            "Somebody else has to approve it.",
            "own-request",
        )


def _may_reject(now: Standing, _draft: Event) -> None:
    if now.waiver is None or now.waiver.state is WaiverState.EXPIRED:
        raise _refused("there is no waiver to reject", "See: posture findings history.", "no-waiver")


def _may_resolve(now: Standing, draft: Event) -> None:
    if now.dispute is None:
        raise _refused("no dispute of it is open", "See: posture findings history.", "no-dispute")
    if not draft.evidence:
        raise _refused("a dispute is not resolved without evidence", "Give --evidence FILE.", "no-evidence")


def _may_close(_now: Standing, draft: Event) -> None:
    if not draft.evidence:
        raise _refused("nothing is closed without evidence", "Repeat the rescan.", "no-evidence")


def _may(_now: Standing, _draft: Event) -> None:
    """Always."""


_RULES = {
    Kind.DISPUTE: _may_dispute,
    Kind.WAIVE: _may_waive,
    Kind.APPROVE: _may_approve,
    Kind.REJECT: _may_reject,
    Kind.RESOLVE: _may_resolve,
    Kind.CONFIRM: _may,
    Kind.CLOSED: _may_close,
    Kind.AGAIN: _may,
    Kind.UNSEEN: _may,
    Kind.COMMENT: _may,
}


def _answers(history: Sequence[Event], now: Standing, draft: Event) -> str:
    """The event answered: what the kind settles, or what a comment names."""
    if draft.kind in {Kind.APPROVE, Kind.REJECT}:
        return now.waiver.request.id if now.waiver else ""
    if draft.kind in {Kind.CONFIRM, Kind.RESOLVE, Kind.CLOSED}:
        return now.dispute.id if now.dispute else ""
    if draft.kind is Kind.COMMENT and draft.reply_to:
        if draft.reply_to not in {one.id for one in history}:
            raise _refused(
                f"“{draft.reply_to}” is no event of its history", "See: posture findings history.", "no-event"
            )
        return draft.reply_to
    return ""


def _check_words(draft: Event) -> None:
    limits: Mapping[str, int] = {"by": MOST_NAME, "reason": MOST_REASON}
    for name, most in limits.items():
        words = getattr(draft, name)
        if not words.strip():
            raise _refused(f"“{name}” is empty", f"Say it with --{name}.", "words")
        if any("\ud800" <= letter <= "\udfff" for letter in words):
            raise _refused(f"“{name}” is no text in UTF-8", f"Write --{name} in UTF-8.", "words")
        if len(words) > most:
            raise _refused(f"“{name}” is longer than {most} characters", "Shorten it.", "words")
    if draft.kind is not Kind.WAIVE and draft.until is not None:
        raise _refused(f"a {draft.kind.value} has no end", "Leave --until out.", "until")


def _refused(why: str, remedy: str, code: str) -> PostureError:
    return PostureError(f"This cannot be noted about the finding: {why}.", remedy=remedy, code=code)


def _folded(name: str) -> str:
    shown = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in shown if unicodedata.category(character)[0] not in "CZ")


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")
