"""Where a history leaves a case: a fold over its events, and time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from posture.core import codec
from posture.core.desk.events import Event, Kind
from posture.core.desk.quote import State, Version

#: From which state a case may go where by what somebody does. Lapsing needs nobody: see `standing`.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.DECLINED}),
    State.REFERRED: frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.DECLINED}),
    State.QUOTED: frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.ACCEPTED, State.DECLINED}),
    State.ACCEPTED: frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.BOUND, State.DECLINED}),
    State.LAPSED: frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.DECLINED}),
    State.BOUND: frozenset(),
    State.DECLINED: frozenset(),
}
#: States that end by themselves when the version's validity does.
_OPEN = frozenset({State.DRAFT, State.REFERRED, State.QUOTED, State.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case stands. `taken`, `approved` and `signed` belong to the open referral.

    `answers` are the applicant's by questionnaire item, `closed` what showed a subjectivity (id) done.
    `since` is when the state began; None for a case without events.
    """

    state: State
    since: datetime | None = None
    versions: tuple[Version, ...] = ()
    requester: str = ""
    taken: Event | None = None
    approved: Event | None = None
    signed: Event | None = None
    declined: Event | None = None
    revalidated: Event | None = None
    asked: Event | None = None
    accepted: Event | None = None
    bound: Event | None = None
    answers: Mapping[str, Event] = field(default_factory=dict)
    closed: Mapping[str, Event] = field(default_factory=dict)

    @property
    def version(self) -> Version | None:
        """The version that counts: the last one."""
        return self.versions[-1] if self.versions else None


def standing(history: Sequence[Event], at: datetime, opening: State) -> Standing:
    """Where the events up to `at`, in order, leave a case; `opening` is the state without any.

    Raises ValueError for a version that cannot be read.
    """
    now = Standing(state=opening)
    for one in history:
        if one.at <= at:
            now = _after(_dated(now, one.at), one)
    return _dated(now, at)


def _dated(now: Standing, at: datetime) -> Standing:
    """A version that nobody bound in its time lapses by itself."""
    version = now.version
    if version is None or now.state not in _OPEN or at < version.valid_until:
        return now
    return replace(now, state=State.LAPSED, since=version.valid_until)


def _after(now: Standing, one: Event) -> Standing:
    return _CHANGES[one.kind](now, one) if one.kind in _CHANGES else now


def _quoted(now: Standing, one: Event) -> Standing:
    """A new version begins a referral of its own; answers and what was shown done stay."""
    version = codec.decode(Version, one.body["version"], "$.version")
    fresh = replace(
        now,
        versions=(*now.versions, version),
        requester=one.by,
        taken=None,
        approved=None,
        signed=None,
        revalidated=None,
    )
    return _to(fresh, State.DRAFT if one.body.get("draft") else version.routed, one)


def _decided(now: Standing, one: Event) -> Standing:
    if one.body["verdict"] == "decline":
        return _to(replace(now, declined=one), State.DECLINED, one)
    approved = replace(now, approved=one)
    return approved if int(one.body["signatures"]) > 1 else _to(approved, State.QUOTED, one)


def _revalidated(now: Standing, one: Event) -> Standing:
    looked = replace(now, revalidated=one)
    if not one.body["worse"]:
        return looked
    return _to(replace(looked, taken=None, approved=None, signed=None), State.REFERRED, one)


def _to(now: Standing, state: State, one: Event) -> Standing:
    return replace(now, state=state, since=one.at)


def _issued(now: Standing, one: Event) -> Standing:
    return now if now.version is None else _to(now, now.version.routed, one)


def _answered(now: Standing, one: Event) -> Standing:
    return replace(now, answers={**now.answers, str(one.body["item"]): one})


def _closed(now: Standing, one: Event) -> Standing:
    return replace(now, closed={**now.closed, str(one.body["subjectivity"]): one})


#: What each kind does to a case; the others only stand in its history.
_CHANGES: Mapping[Kind, Callable[[Standing, Event], Standing]] = {
    Kind.QUOTE: _quoted,
    Kind.ISSUE: _issued,
    Kind.TAKE: lambda now, one: replace(now, taken=one),
    Kind.DECIDE: _decided,
    Kind.REVALIDATE: _revalidated,
    Kind.ASK: lambda now, one: replace(now, asked=one),
    Kind.ANSWER: _answered,
    Kind.CLOSE: _closed,
    Kind.SIGN: lambda now, one: _to(replace(now, signed=one), State.QUOTED, one),
    Kind.ACCEPT: lambda now, one: _to(replace(now, accepted=one), State.ACCEPTED, one),
    Kind.REFUSE: lambda now, one: _to(replace(now, declined=one), State.DECLINED, one),
    Kind.BIND: lambda now, one: _to(replace(now, bound=one), State.BOUND, one),
}
