"""What may be added to a case, and by whom. Every refusal is a sentence with its remedy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from posture.core import codec
from posture.core.decisions import Phase, Subjectivity
from posture.core.desk.events import Event, Kind, check_words, refused, sealed
from posture.core.desk.quote import State, Version
from posture.core.desk.state import TRANSITIONS, Standing, standing
from posture.core.errors import PostureError
from posture.core.ledger import same_person

#: The states in which each kind may be said; kinds not named may be said at any time before the end.
WHEN: Mapping[Kind, frozenset[State]] = {
    Kind.ISSUE: frozenset({State.DRAFT}),
    Kind.TAKE: frozenset({State.REFERRED}),
    Kind.DECIDE: frozenset({State.REFERRED}),
    Kind.SIGN: frozenset({State.REFERRED}),
    Kind.ACCEPT: frozenset({State.QUOTED}),
    Kind.REFUSE: frozenset({State.QUOTED, State.ACCEPTED}),
    Kind.REVALIDATE: frozenset({State.ACCEPTED}),
    Kind.BIND: frozenset({State.ACCEPTED}),
}
#: How old the last look at a case may be when it is bound.
FRESH = timedelta(days=1)
_ENDED = frozenset(state for state, onward in TRANSITIONS.items() if not onward)
_ALWAYS = frozenset({Kind.COMMENT, Kind.CLOSE, Kind.ANSWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Who may decide what: level names, lowest first, and the level of each person in the settings."""

    levels: tuple[str, ...]
    people: Mapping[str, str]

    def level(self, name: str) -> str | None:
        """The level of a person; None for somebody without authority."""
        return next((level for person, level in self.people.items() if same_person(person, name)), None)

    def suffices(self, name: str, needed: str | None) -> bool:
        """Whether the person's level reaches what is needed."""
        held = self.level(name)
        return held is not None and needed is not None and self._rank(held) >= self._rank(needed)

    def _rank(self, level: str) -> int:
        return self.levels.index(level)


def append(history: Sequence[Event], draft: Event, opening: State, bench: Bench) -> tuple[Event, ...]:
    """The history with one more event, linked and identified. Raises PostureError for what may not be."""
    check_words(draft)
    if history and draft.at < history[-1].at:
        raise refused(draft.case, "the clock is behind the last event", "Correct the clock.", "clock")
    now = standing(history, draft.at, opening)
    _check_state(now, draft)
    if draft.kind in _RULES:
        _RULES[draft.kind](now, draft, bench)
    return (*history, sealed(draft, history))


def _check_state(now: Standing, draft: Event) -> None:
    if draft.kind in _ALWAYS:
        return
    allowed = WHEN.get(draft.kind, frozenset(State) - _ENDED)
    if now.state not in allowed:
        wanted = ", ".join(sorted(allowed))
        raise refused(
            draft.case,
            f"it is {now.state.value}, and to {draft.kind.value} it has to be {wanted}",
            f"See: posture quotes show {draft.case}",
            "state",
        )


def _may_take(now: Standing, draft: Event, bench: Bench) -> None:
    if now.taken is not None and same_person(now.taken.by, draft.by):
        raise refused(draft.case, f"{draft.by} has taken it already", "Decide it.", "taken")
    _not_own(now, draft)
    if bench.level(draft.by) is None:
        raise _no_authority(draft, "any")


def _may_decide(now: Standing, draft: Event, bench: Bench) -> None:
    if now.taken is None or not same_person(now.taken.by, draft.by):
        raise refused(
            draft.case, f"{draft.by} has not taken it", f"posture referrals take {draft.case}", "not-taken"
        )
    _not_own(now, draft)
    if now.approved is not None:
        raise refused(
            draft.case,
            "it is approved and waits for the second signature",
            f"posture referrals sign {draft.case}",
            "approved",
        )
    if draft.body["verdict"] == "decline":
        if not draft.body["grounds"]:
            raise refused(
                draft.case,
                "a decline needs grounds that were observed or declared",
                "Name failed findings with --ground; unknowns and inferred versions are no grounds.",
                "no-grounds",
            )
        if bench.level(draft.by) is None:
            raise _no_authority(draft, "any")
        return
    version = _version(now, draft)
    if not bench.suffices(draft.by, version.required.level):
        raise _no_authority(draft, version.required.level)


def _may_sign(now: Standing, draft: Event, bench: Bench) -> None:
    version = _version(now, draft)
    if now.approved is None:
        raise refused(
            draft.case, "nobody has approved it yet", f"posture referrals decide {draft.case}", "not-approved"
        )
    if same_person(now.approved.by, draft.by):
        raise refused(
            draft.case,
            f"{draft.by} approved it; the second signature is somebody else's",
            "Ask a colleague.",
            "own-approval",
        )
    _not_own(now, draft)
    if not bench.suffices(draft.by, version.required.level):
        raise _no_authority(draft, version.required.level)


def _may_quote(_now: Standing, draft: Event, _bench: Bench) -> None:
    version = codec.decode(Version, draft.body["version"], "$.version")
    if version.valid_until <= draft.at:
        raise refused(draft.case, "its validity would have ended already", "Assess again.", "too-old")


def _may_issue(now: Standing, draft: Event, _bench: Bench) -> None:
    _version(now, draft)


def _may_accept(now: Standing, draft: Event, _bench: Bench) -> None:
    if _version(now, draft).indication:
        raise refused(
            draft.case,
            "its premium is an indication（試算・引受不可）: no filed table was in force",
            "File the rating table, then quote again.",
            "indication",
        )


def _may_bind(now: Standing, draft: Event, bench: Bench) -> None:
    version = _version(now, draft)
    if not _fresh(now, draft.at):
        raise refused(
            draft.case,
            "it was not looked at again within a day, since it was accepted",
            f"posture quotes revalidate {draft.case}",
            "not-revalidated",
        )
    waiting = open_questions(now)
    if waiting:
        raise refused(
            draft.case,
            f"the applicant has not answered about {', '.join(waiting)}",
            f"posture declared answer {draft.case} ITEM",
            "unanswered",
        )
    undone = [
        item.id
        for item in version.decision.subjectivities
        if is_open(now, item.id) and item.phase is Phase.PRE_BIND
    ]
    if undone:
        raise refused(
            draft.case,
            f"what has to be shown before binding is open: {', '.join(undone)}",
            f"posture quotes close {draft.case} SUBJECTIVITY",
            "subjectivity-open",
        )
    if bench.level(draft.by) is None:
        raise _no_authority(draft, "any")


def _fresh(now: Standing, at: datetime) -> bool:
    """Whether the last look was after the acceptance and not more than a day ago: the world moves on."""
    looked = now.revalidated
    return looked is not None and (now.since is None or looked.at >= now.since) and at - looked.at <= FRESH


def _may_answer(now: Standing, draft: Event, _bench: Bench) -> None:
    if now.state is State.BOUND:
        raise refused(
            draft.case, "it is bound: what was known then is kept", "Note it with a comment.", "state"
        )


def is_open(now: Standing, subjectivity: str) -> bool:
    """Whether nothing has shown this remedy done."""
    return subjectivity not in now.closed


def open_questions(now: Standing) -> tuple[str, ...]:
    """Items on which declared and observed differ and the applicant was not heard."""
    version = now.version
    if version is None:
        return ()
    asked = (str(item.arguments["control"]) for item in version.decision.facts_known)
    return tuple(item for item in asked if item not in now.answers)


def due_day(version: Version | None, item: Subjectivity) -> date:
    """The day a remedy is due: after binding counted from the period's first day."""
    if version is None or item.phase is Phase.PRE_BIND:
        return item.due
    return version.period[0].date() + timedelta(days=item.due_days)


def overdue(now: Standing, at: datetime) -> tuple[str, ...]:
    """Remedies that are open after their day."""
    version = now.version
    if version is None:
        return ()
    return tuple(
        item.id
        for item in version.decision.subjectivities
        if is_open(now, item.id) and due_day(version, item) < at.date()
    )


def _version(now: Standing, draft: Event) -> Version:
    if now.version is None:
        raise refused(draft.case, "nothing was quoted in it", f"posture quote {draft.case}", "no-quote")
    return now.version


def _not_own(now: Standing, draft: Event) -> None:
    if now.requester and same_person(now.requester, draft.by):
        raise refused(
            draft.case, f"{draft.by} asked for it and does not decide it", "Somebody else has to.", "own-case"
        )


def _no_authority(draft: Event, needed: str | None) -> PostureError:
    if needed is None:
        return refused(
            draft.case, "it is above everybody's authority", "Lower what is asked for.", "authority"
        )
    what = "no authority" if needed == "any" else f"not the authority of {needed} it needs"
    return refused(
        draft.case,
        f"{draft.by} has {what}",
        "The settings name who has which: [authority] NAME = LEVEL.",
        "authority",
    )


_RULES: Mapping[Kind, Callable[[Standing, Event, Bench], None]] = {
    Kind.TAKE: _may_take,
    Kind.DECIDE: _may_decide,
    Kind.SIGN: _may_sign,
    Kind.ISSUE: _may_issue,
    Kind.QUOTE: _may_quote,
    Kind.ACCEPT: _may_accept,
    Kind.BIND: _may_bind,
    Kind.ANSWER: _may_answer,
}
