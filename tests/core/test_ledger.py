"""The ledger's state machine: who may say what when, and where a history leaves a finding."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core import ledger
from posture.core.errors import PostureError
from posture.core.ledger import Event, Kind, WaiverState

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PROOF = "ab" * 32
History = tuple[Event, ...]


def draft(kind: Kind, by: str = "例 太郎", *, day: float = 0, **changes: object) -> Event:
    said = Event(
        id="",
        domain="example.co.jp",
        finding="0123456789abcdef",
        assessment="20261123T030000Z-example",
        kind=kind,
        by=by,
        at=NOW + timedelta(days=day),
        reason="because",
    )
    return replace(said, **changes)  # type: ignore[arg-type]  # field names only


def waiver(by: str = "例 太郎", *, day: float = 0, until: float = 30) -> Event:
    return draft(Kind.WAIVE, by, day=day, until=NOW + timedelta(days=until))


def told(*drafts: Event) -> History:
    history: History = ()
    for one in drafts:
        history = ledger.append(history, one)
    return history


def refused(history: History, one: Event) -> str:
    with pytest.raises(PostureError) as caught:
        ledger.append(history, one)
    assert caught.value.remedy
    return caught.value.code


def at(history: History, day: float) -> ledger.Standing:
    return ledger.standing(history, NOW + timedelta(days=day))


def test_nothing_said_stands_nowhere() -> None:
    assert at((), 0) == ledger.Standing()
    assert not at((), 0).waived


def test_a_dispute_is_open_until_it_is_confirmed_or_resolved() -> None:
    history = told(draft(Kind.DISPUTE), draft(Kind.COMMENT, "B", day=1))
    assert at(history, 400).dispute == history[0]
    assert refused(history, draft(Kind.DISPUTE, day=2)) == "disputed"
    confirmed = ledger.append(history, draft(Kind.CONFIRM, "B", day=2))
    assert at(confirmed, 2).dispute is None
    assert at(confirmed, 2).confirmed == confirmed[-1]
    assert confirmed[-1].reply_to == history[0].id
    resolved = ledger.append(history, draft(Kind.RESOLVE, "B", day=2, evidence=PROOF))
    assert at(resolved, 2).resolved == resolved[-1]
    assert at(resolved, 2).dispute is None
    assert at(resolved, 1).dispute == history[0]


def test_a_dispute_is_not_resolved_without_evidence_and_not_where_there_is_none() -> None:
    assert refused(told(draft(Kind.DISPUTE)), draft(Kind.RESOLVE, "B")) == "no-evidence"
    assert refused((), draft(Kind.RESOLVE, "B", evidence=PROOF)) == "no-dispute"


def test_a_new_dispute_reopens_what_was_settled() -> None:
    history = told(draft(Kind.DISPUTE), draft(Kind.CONFIRM, "B", day=1), draft(Kind.DISPUTE, day=2))
    assert at(history, 2) == ledger.Standing(dispute=history[-1])


def test_a_waiver_is_asked_for_approved_by_another_and_ends_by_itself() -> None:
    history = told(waiver(), draft(Kind.APPROVE, "B", day=1))
    assert history[1].reply_to == history[0].id
    states = {day: at(history, day).waiver for day in (0, 1, 29.99, 30, 400)}
    assert {day: found.state for day, found in states.items() if found} == {
        0: WaiverState.REQUESTED,
        1: WaiverState.ACTIVE,
        29.99: WaiverState.ACTIVE,
        30: WaiverState.EXPIRED,
        400: WaiverState.EXPIRED,
    }
    assert [at(history, day).waived for day in (0, 1, 29.99, 30)] == [False, True, True, False]


@pytest.mark.parametrize("name", ["例 太郎", "例　太郎", " 例太郎", "例\u200b太郎"])
def test_whoever_asks_for_a_waiver_does_not_approve_it_in_any_spelling(name: str) -> None:
    assert refused(told(waiver("例 太郎")), draft(Kind.APPROVE, name)) == "own-request"
    assert ledger.same_person("Alice Smith", "ＡＬＩＣＥ smith")
    assert not ledger.same_person("Alice", "Alicia")


def test_a_waiver_needs_an_end_ahead_and_only_a_waiver_has_one() -> None:
    for end in (None, NOW, NOW - timedelta(days=1)):
        assert refused((), draft(Kind.WAIVE, until=end)) == "until"
    assert refused((), draft(Kind.DISPUTE, until=NOW + timedelta(days=1))) == "until"


def test_one_waiver_at_a_time_and_another_after_it_ended_or_was_rejected() -> None:
    asked = told(waiver())
    assert refused(asked, waiver("C", day=1)) == "waived"
    granted = ledger.append(asked, draft(Kind.APPROVE, "B", day=1))
    assert refused(granted, waiver("C", day=2)) == "waived"
    assert refused(granted, draft(Kind.APPROVE, "C", day=2)) == "no-waiver"
    assert at(ledger.append(granted, waiver(day=31, until=60)), 31).waiver is not None
    ended = ledger.append(granted, draft(Kind.REJECT, "C", day=2))
    assert at(ended, 2).waiver is None
    assert at(ledger.append(ended, waiver(day=3)), 3).waiver is not None


def test_a_request_that_lapsed_can_be_neither_approved_nor_rejected() -> None:
    asked = told(waiver(until=5))
    lapsed = at(asked, 5).waiver
    assert lapsed is not None
    assert (lapsed.state, lapsed.approval) == (WaiverState.EXPIRED, None)
    assert refused(asked, draft(Kind.APPROVE, "B", day=5)) == "no-waiver"
    assert refused(asked, draft(Kind.REJECT, "B", day=5)) == "no-waiver"
    assert refused((), draft(Kind.REJECT)) == "no-waiver"


def test_a_comment_answers_an_event_that_exists() -> None:
    history = told(draft(Kind.DISPUTE))
    answered = ledger.append(history, draft(Kind.COMMENT, "B", reply_to=history[0].id))
    assert answered[-1].reply_to == history[0].id
    assert refused(history, draft(Kind.COMMENT, reply_to="feedfeedfeedfeed")) == "no-event"
    assert ledger.append((), draft(Kind.COMMENT))[0].reply_to == ""


def test_words_are_there_and_have_an_end() -> None:
    for changes in ({"by": " "}, {"reason": "\n"}, {"by": "x" * 201}, {"reason": "x" * 4_001}):
        assert refused((), draft(Kind.COMMENT, **{"by": "B"} | changes)) == "words"  # type: ignore[arg-type]


def test_time_does_not_run_backwards() -> None:
    assert refused(told(draft(Kind.COMMENT, day=1)), draft(Kind.COMMENT, day=0)) == "clock"


def test_an_id_is_made_of_every_word() -> None:
    (kept,) = told(waiver())
    assert len(kept.id) == 16
    other = {
        "domain": "b.example",
        "finding": "f" * 16,
        "assessment": "other",
        "kind": Kind.COMMENT,
        "by": "B",
        "at": NOW + timedelta(microseconds=1),
        "reason": "Because",
        "until": NOW + timedelta(days=31),
        "evidence": PROOF,
        "reply_to": "f" * 16,
    }
    assert other.keys() == Event.__dataclass_fields__.keys() - {"id"}
    ids = {ledger.event(replace(kept, **{name: value})).id for name, value in other.items()}  # type: ignore[arg-type]
    assert len(ids | {kept.id}) == len(other) + 1
    assert ledger.event(kept) == kept


STEPS = st.lists(
    st.tuples(st.sampled_from(Kind), st.sampled_from("ABC"), st.integers(0, 3), st.booleans()), max_size=12
)


@given(STEPS)
def test_whatever_is_tried_the_rules_hold(steps: list[tuple[Kind, str, int, bool]]) -> None:
    history: History = ()
    day = 0
    for kind, by, later, proof in steps:
        day += later
        one = draft(kind, by, day=day, evidence=PROOF if proof else "")
        if kind is Kind.WAIVE:
            one = replace(one, until=one.at + timedelta(days=2))
        was = at(history, day)
        try:
            longer = ledger.append(history, one)
        except PostureError:
            assert at(history, day) == was
            continue
        assert longer[:-1] == history
        history, now = longer, at(longer, day)
        if was.dispute and not now.dispute:
            assert kind in {Kind.CONFIRM, Kind.RESOLVE, Kind.CLOSED}
        if now.waived and not was.waived:
            assert now.waiver is not None
            assert now.waiver.approval == history[-1]
            assert now.waiver.request.by != by
        assert now.confirmed is None or now.resolved is None
        if kind is Kind.COMMENT:
            assert now == was
    assert not at(history, day + 2).waived
    assert at(history, day + 2).dispute == at(history, day).dispute
    assert ledger.by_finding(history).get("0123456789abcdef", ()) == history


@pytest.mark.parametrize("name", ["by", "reason"])
def test_words_that_are_no_utf8_are_refused(name: str) -> None:
    """A shell hands bytes over as lone surrogates (PEP 383)."""
    with pytest.raises(PostureError, match="UTF-8"):
        ledger.append((), replace(draft(Kind.COMMENT, "A"), **{name: "a\udcff"}))  # type: ignore[arg-type]  # a text
