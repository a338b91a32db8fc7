"""The desk's state machine, walked by people who try anything in any order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.core import codec
from posture.core.application import Application, CoverTerms
from posture.core.decisions import (
    Action,
    Cover,
    Decision,
    Interval,
    Phase,
    Premium,
    Statement,
    Subjectivity,
    Tier,
)
from posture.core.desk.events import Event, Kind, check_chain, sealed
from posture.core.desk.quote import Required, State, Version
from posture.core.desk.rules import Bench, append, due_day, open_questions
from posture.core.desk.state import TRANSITIONS, Standing, standing
from posture.core.errors import PostureError
from posture.core.ledger import same_person

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASKER, JUNIOR, SENIOR, CHIEF = "asker", "junior", "senior", "chief"
BENCH = Bench(
    levels=("underwriter", "senior", "chief"),
    people={JUNIOR: "underwriter", SENIOR: "senior", CHIEF: "chief"},
)
Step = tuple[Kind, str, dict[str, Any]]
PEOPLE = (ASKER, JUNIOR, SENIOR, CHIEF)


def version(number: int, routed: State, level: str = "senior", signatures: int = 2) -> Version:
    asked = Application(
        applicant="例",
        country="JP",
        currency="JPY",
        sector="retail",
        revenue=1,
        employees=1,
        records=0,
        covers={Cover.A: CoverTerms(limit=10)},
    )
    remedy = Subjectivity(
        id="renew",
        arguments={},
        text={"en": "x", "ja": "x"},
        phase=Phase.PRE_BIND,
        due_days=14,
        due=date(2026, 12, 8),
        closed_by=("c",),
    )
    premium = Premium(currency="JPY", by_cover={Cover.A: 10}, total=10)
    decision = Decision(
        tier=Tier.T3,
        action=Action.REFER,
        loading={},
        loading_interval=Interval(low=0, high=1, level=0.9),
        premium=premium,
        knock_outs=(),
        subjectivities=(remedy,),
        reasons=(),
        indication=False,
        steps=(),
        facts_known=(Statement(id="declared-differs", arguments={"control": "edr"}),),
    )
    return Version(
        quote=f"Q-{number}",
        number=number,
        issued=NOW,
        valid_until=NOW + timedelta(days=30),
        period_from=NOW,
        period_until=NOW + timedelta(days=365),
        offset_minutes=540,
        application=asked,
        decision=decision,
        premium=premium,
        override=None,
        required=Required(level=level, signatures=signatures, reasons=()),
        routed=routed,
        indication=False,
        tables="t",
        model="m",
        appetite="a",
    )


def draft(kind: Kind, by: str, at: datetime, body: dict[str, Any]) -> Event:
    return Event(id="", case="c", kind=kind, by=by, at=at, reason="r", body=body, previous="")


BODIES: dict[Kind, st.SearchStrategy[dict[str, Any]]] = {
    Kind.QUOTE: st.builds(
        lambda routed, draft: {"version": codec.encode(version(1, routed)), "draft": draft},
        st.sampled_from([State.QUOTED, State.REFERRED]),
        st.booleans(),
    ),
    Kind.DECIDE: st.builds(
        lambda verdict, grounds, signatures: {
            "verdict": verdict,
            "grounds": grounds,
            "signatures": signatures,
        },
        st.sampled_from(["approve", "decline"]),
        st.sampled_from([[], ["f"]]),
        st.sampled_from([1, 2]),
    ),
    Kind.REVALIDATE: st.sampled_from([{"worse": []}, {"worse": ["tier"]}]),
    Kind.ANSWER: st.just({"item": "edr"}),
    Kind.CLOSE: st.just({"subjectivity": "renew"}),
}
#: Weighted towards what leads on, so that walks come to an end too.
LIKELY = (
    Kind.QUOTE,
    Kind.TAKE,
    Kind.DECIDE,
    Kind.SIGN,
    Kind.ACCEPT,
    Kind.REVALIDATE,
    Kind.ANSWER,
    Kind.CLOSE,
    Kind.BIND,
)
steps = st.lists(
    st.sampled_from((*LIKELY, *LIKELY, *Kind)).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.sampled_from(PEOPLE),
            BODIES.get(kind, st.just({})),
            st.sampled_from([1, 1, 1, 60 * 24 * 20]),
        )
    ),
    max_size=30,
)


def walk(taken: list[tuple[Kind, str, dict[str, Any], int]], opening: State) -> tuple[Event, ...]:
    history: tuple[Event, ...] = ()
    complaints: list[PostureError] = []
    at = NOW
    for kind, by, body, minutes in taken:
        at += timedelta(minutes=minutes)
        try:
            history = append(history, draft(kind, by, at, body), opening, BENCH)
        except PostureError as error:
            complaints.append(error)
    assert all(error.remedy and "\n" not in error.message for error in complaints)
    return history


def states(history: tuple[Event, ...], opening: State) -> list[Standing]:
    """Where the case stood before and after each event."""
    found = []
    for number, one in enumerate(history):
        found += [
            standing(history[:number], one.at, opening),
            standing(history[: number + 1], one.at, opening),
        ]
    return found


@settings(max_examples=150)
@given(steps, st.sampled_from([State.DRAFT, State.REFERRED]))
def test_no_walk_leaves_the_table_of_transitions(
    taken: list[tuple[Kind, str, dict[str, Any], int]], opening: State
) -> None:
    history = walk(taken, opening)
    seen = states(history, opening)
    for before, after in zip(seen[::2], seen[1::2], strict=True):
        assert after.state is before.state or after.state in TRANSITIONS[before.state]


@settings(max_examples=150)
@given(steps, st.sampled_from([State.DRAFT, State.REFERRED]))
def test_nobody_decides_a_case_of_ones_own_and_no_two_signatures_are_one(
    taken: list[tuple[Kind, str, dict[str, Any], int]], opening: State
) -> None:
    history = walk(taken, opening)
    for number, one in enumerate(history):
        before = standing(history[:number], one.at, opening)
        if one.kind in {Kind.TAKE, Kind.DECIDE, Kind.SIGN}:
            assert not before.requester or not same_person(before.requester, one.by)
            assert BENCH.level(one.by) is not None
        if one.kind is Kind.DECIDE and one.body["verdict"] == "approve":
            assert BENCH.suffices(one.by, "senior")
        if one.kind is Kind.DECIDE and one.body["verdict"] == "decline":
            assert one.body["grounds"]
        if one.kind is Kind.SIGN:
            assert before.approved is not None
            assert not same_person(before.approved.by, one.by)
        if one.kind is Kind.BIND:
            assert before.state is State.ACCEPTED
            assert before.revalidated is not None
            assert not before.revalidated.body["worse"]
            assert one.at - before.revalidated.at <= timedelta(days=1)
            assert "edr" in before.answers
            assert "renew" in before.closed


@settings(max_examples=60)
@given(steps, st.data())
def test_a_line_changed_or_taken_away_breaks_the_chain(
    taken: list[tuple[Kind, str, dict[str, Any], int]], data: st.DataObject
) -> None:
    history = walk(taken, State.DRAFT)
    check_chain(history)
    if len(history) < 2:
        return
    number = data.draw(st.integers(0, len(history) - 2))
    head, tail = history[:number], history[number + 1 :]
    one = history[number]
    for broken in (
        (*head, *tail),
        (*head, replace(one, reason="other"), *tail),
        (*head, sealed(replace(one, by="x"), head), *tail),
    ):
        with pytest.raises(PostureError, match="changed after it was added"):
            check_chain(broken)


def reached(*taken: tuple[Kind, str, dict[str, Any]]) -> Standing:
    history = walk([(kind, by, body, 1) for kind, by, body in taken], State.DRAFT)
    assert len(history) == len(taken)
    return standing(history, NOW + timedelta(days=1), State.DRAFT)


def asked(routed: State) -> tuple[Kind, str, dict[str, Any]]:
    return Kind.QUOTE, ASKER, {"version": codec.encode(version(1, routed)), "draft": False}


def test_every_state_can_be_reached_and_left_only_as_the_table_says() -> None:
    approve: Step = (Kind.DECIDE, SENIOR, {"verdict": "approve", "grounds": [], "signatures": 2})
    referred: tuple[Step, ...] = (asked(State.REFERRED), (Kind.TAKE, SENIOR, {}), approve)
    assert reached(*referred).state is State.REFERRED
    quoted: tuple[Step, ...] = (*referred, (Kind.SIGN, CHIEF, {}))
    assert reached(*quoted).state is State.QUOTED
    accepted: tuple[Step, ...] = (*quoted, (Kind.ACCEPT, ASKER, {}))
    assert reached(*accepted).state is State.ACCEPTED
    done = ((Kind.ANSWER, ASKER, {"item": "edr"}), (Kind.CLOSE, ASKER, {"subjectivity": "renew"}))
    bound: tuple[Step, ...] = (
        *accepted,
        *done,
        (Kind.REVALIDATE, ASKER, {"worse": []}),
        (Kind.BIND, JUNIOR, {}),
    )
    assert reached(*bound).state is State.BOUND
    assert reached(asked(State.QUOTED), (Kind.REFUSE, ASKER, {})).state is State.DECLINED
    assert set(TRANSITIONS) == set(State)


def test_a_new_version_begins_its_own_referral() -> None:
    approve = (Kind.DECIDE, SENIOR, {"verdict": "approve", "grounds": [], "signatures": 1})
    now = reached(asked(State.REFERRED), (Kind.TAKE, SENIOR, {}), approve, asked(State.REFERRED))
    assert (now.state, now.taken, now.approved) == (State.REFERRED, None, None)
    assert len(now.versions) == 2


def test_looking_again_before_acceptance_does_not_count_after_it() -> None:
    history = walk(
        [
            (*asked(State.QUOTED), 1),
            (Kind.ACCEPT, ASKER, {}, 1),
            (Kind.REVALIDATE, ASKER, {"worse": ["tier"]}, 1),
        ],
        State.DRAFT,
    )
    assert standing(history, NOW + timedelta(hours=1), State.DRAFT).state is State.REFERRED


def test_a_quote_lapses_at_its_last_moment_and_not_before() -> None:
    history = walk([(*asked(State.QUOTED), 1)], State.DRAFT)
    end = NOW + timedelta(days=30)
    before = standing(history, end - timedelta(microseconds=1), State.DRAFT)
    after = standing(history, end, State.DRAFT)
    assert (before.state, after.state, after.since) == (State.QUOTED, State.LAPSED, end)


def test_the_past_is_what_it_was() -> None:
    history = walk([(*asked(State.QUOTED), 10), (Kind.ACCEPT, ASKER, {}, 10)], State.DRAFT)
    assert standing(history, NOW + timedelta(minutes=15), State.DRAFT).state is State.QUOTED
    assert standing(history, NOW + timedelta(minutes=5), State.DRAFT).state is State.DRAFT


def test_a_clock_that_went_back_adds_nothing() -> None:
    history = walk([(*asked(State.QUOTED), 10)], State.DRAFT)
    with pytest.raises(PostureError, match="clock is behind"):
        append(history, draft(Kind.ACCEPT, ASKER, NOW, {}), State.DRAFT, BENCH)


def test_after_binding_days_are_counted_from_the_periods_first_day() -> None:
    made = version(1, State.QUOTED)
    (remedy,) = made.decision.subjectivities
    assert due_day(made, remedy) == date(2026, 12, 8)
    later = replace(remedy, phase=Phase.POST_BIND)
    assert due_day(made, later) == date(2026, 12, 8)
    assert due_day(replace(made, period_from=NOW + timedelta(days=10)), later) == date(2026, 12, 18)
    assert due_day(None, later) == date(2026, 12, 8)
    assert open_questions(Standing(state=State.DRAFT)) == ()


def test_a_version_reads_back_as_it_was_written() -> None:
    made = version(3, State.REFERRED)
    assert codec.decode(Version, codec.encode(made)) == made
