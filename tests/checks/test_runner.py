"""How observations become findings: unseen, gaps, our own bugs, several addresses, nothing to ask."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from posture.checks.registry import Check, Judge, all_checks
from posture.checks.runner import NOTHING_TO_ASK, UNSEEN, Judgement, judge
from posture.core.catalogue import Card, Language, Reference, Wording
from posture.core.findings import (
    Confidence,
    Finding,
    Outcome,
    Owner,
    Severity,
    Verdict,
    failed,
    finding_id,
    not_applicable,
    passed,
    unknown,
)
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from tests.support.web import NOW

NAME = "www.example.jp"
SUBJECT = Target(name="example.jp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    KIND: ClassVar[str] = "test.lamp"

    verdicts: tuple[Verdict, ...] = ()


def check(judge_it: Judge, path: str = "test/lamp_is_out") -> Check:
    wording = Wording(title="t", why="w.", fix="f", messages={})
    card = Card(
        check=path,
        version=3,
        reads=Lamp.KIND,
        references=(Reference(title="r"),),
        severities={"lit": Severity.HIGH, "dim": Severity.LOW, "out": Severity.INFO},
        wordings=dict.fromkeys(Language, wording),
    )
    return Check(card=card, judge=judge_it)


def as_told(fact: Lamp) -> Iterator[Verdict]:
    yield from fact.verdicts


def saw(
    *verdicts: Verdict, gaps: tuple[Gap, ...] = (), evidence: str = "", **target: Any
) -> Observation[Any]:
    return Observation(
        kind=Lamp.KIND,
        target=Target(**({"name": NAME} | target)),
        at=NOW,
        result=Seen(value=Lamp(verdicts=verdicts), gaps=gaps),
        evidence=(evidence,) if evidence else (),
    )


def missed(reason: Reason, **target: Any) -> Observation[Any]:
    return Observation(
        kind=Lamp.KIND, target=Target(**({"name": NAME} | target)), at=NOW, result=Unseen(reason=reason)
    )


def run(*observations: Observation[Any], judge_it: Judge = as_told) -> Judgement:
    return judge(observations, subject=SUBJECT, owner_of=lambda _: Owner.SELF, checks=[check(judge_it)])


def outcomes(judgement: Judgement) -> list[tuple[str, str, int | None]]:
    return [(found.outcome.value, found.message, found.target.port) for found in judgement.findings]


def test_a_verdict_becomes_a_finding_with_everything_around_it() -> None:
    told = replace(failed("lit", watts=60, colour="red"), confidence=Confidence.INFERRED)
    (found,) = run(saw(told, evidence="ab", port=443)).findings
    assert found == Finding(
        id=finding_id("test/lamp_is_out", Target(name=NAME, port=443)),
        check="test/lamp_is_out",
        version=3,
        target=Target(name=NAME, port=443),
        outcome=Outcome.FAIL,
        message="lit",
        severity=Severity.HIGH,
        owner=Owner.SELF,
        confidence=Confidence.INFERRED,
        reason=None,
        arguments={"colour": "red", "watts": 60},
        evidence=("ab",),
    )
    assert list(found.arguments) == ["colour", "watts"]


@pytest.mark.parametrize("reason", list(Reason))
def test_unseen_is_unknown_with_its_reason_and_the_judge_is_not_asked(reason: Reason) -> None:
    def never(fact: Lamp) -> Iterator[Verdict]:
        raise AssertionError(fact)

    judgement = run(missed(reason), judge_it=never)
    (found,) = judgement.findings
    assert (found.outcome, found.reason, found.message) == (Outcome.UNKNOWN, reason, UNSEEN)
    assert (found.severity, found.arguments) == (Severity.INFO, {"reason": reason.value})
    assert judgement.faults == ()


def test_an_unknown_takes_its_reason_from_the_nearest_gap() -> None:
    gaps = (Gap(path="colour", reason=Reason.TIMEOUT), Gap(path="colour.red", reason=Reason.RESET))
    told = [
        replace(unknown("dim", path=path), discriminator=path)
        for path in ("colour.red.dark", "colour.blue", "watts", "colou")
    ]
    found = {finding.id: finding.reason for finding in run(saw(*told, gaps=gaps)).findings}
    here = Target(name=NAME)
    assert found == {
        finding_id("test/lamp_is_out", here, "colour.red.dark"): Reason.RESET,
        finding_id("test/lamp_is_out", here, "colour.blue"): Reason.TIMEOUT,
        finding_id("test/lamp_is_out", here, "watts"): Reason.NO_DATA,
        finding_id("test/lamp_is_out", here, "colou"): Reason.NO_DATA,
    }


def test_only_an_unknown_has_a_reason() -> None:
    gaps = (Gap(path="", reason=Reason.TIMEOUT),)
    for told in (passed("out"), failed("lit"), not_applicable("out")):
        (found,) = run(saw(told, gaps=gaps)).findings
        assert found.reason is None


def test_a_bug_in_a_judge_is_ours_and_stops_nothing_else() -> None:
    def broken(fact: Lamp) -> Iterator[Verdict]:
        yield passed("out")
        raise KeyError("watts")

    judgement = judge(
        [saw(passed("out"))],
        subject=SUBJECT,
        owner_of=lambda _: Owner.SELF,
        checks=[check(broken, "test/a_broken"), check(as_told, "test/b_sound")],
    )
    assert [(f.check, f.outcome, f.reason) for f in judgement.findings] == [
        ("test/a_broken", Outcome.UNKNOWN, Reason.BUG),
        ("test/b_sound", Outcome.PASS, None),
    ]
    assert judgement.faults == (f"test/a_broken on {NAME}: KeyError: 'watts'",)


def test_a_kind_nobody_observed_had_nothing_to_ask() -> None:
    (found,) = run().findings
    assert (found.outcome, found.message, found.target) == (Outcome.NOT_APPLICABLE, NOTHING_TO_ASK, SUBJECT)


def test_a_judge_with_nothing_to_say_is_listed_all_the_same() -> None:
    assert outcomes(run(saw())) == [("not_applicable", NOTHING_TO_ASK, None)]


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        (passed("out"), failed("dim"), ("fail", "dim")),
        (failed("dim"), failed("lit"), ("fail", "lit")),
        (passed("out"), unknown("out", path="x"), ("unknown", "out")),
        (unknown("out", path="x"), failed("dim"), ("fail", "dim")),
        (not_applicable("out"), passed("out"), ("pass", "out")),
    ],
)
def test_of_several_addresses_of_one_name_the_worst_decides(
    first: Verdict, second: Verdict, worst: tuple[str, str]
) -> None:
    one = saw(first, evidence="a", address="203.0.113.1")
    other = saw(second, evidence="b", address="203.0.113.2")
    for order in ((one, other), (other, one)):
        (found,) = run(*order).findings
        assert (found.outcome.value, found.message) == worst
        assert found.evidence == ("a", "b")


def test_an_unseen_address_is_not_covered_up_by_a_seen_one() -> None:
    judgement = run(saw(passed("out"), address="203.0.113.1"), missed(Reason.TIMEOUT, address="203.0.113.2"))
    assert outcomes(judgement) == [("unknown", UNSEEN, None)]


def test_different_names_ports_and_discriminators_stay_apart() -> None:
    selectors = [replace(passed("out"), discriminator=text) for text in ("s1", "s2")]
    judgement = run(
        saw(passed("out"), port=443),
        saw(passed("out"), port=8443),
        saw(*selectors),
        saw(passed("out"), name="a.jp"),
    )
    assert len(judgement.findings) == 5
    assert len({found.id for found in judgement.findings}) == 5


def test_a_verdict_about_a_port_is_a_finding_about_that_port() -> None:
    judgement = run(saw(replace(failed("lit"), port=3389), url="http://www.example.jp/"))
    (found,) = judgement.findings
    assert found.target == Target(name=NAME, port=3389)
    assert found.id == finding_id("test/lamp_is_out", Target(name=NAME, port=3389))


@pytest.mark.parametrize("told", [failed("lit"), unknown("out", path="x")])
def test_what_one_address_shows_on_a_port_overrules_the_pass_of_another(told: Verdict) -> None:
    shut = saw(passed("out"), address="203.0.113.1")
    bad = saw(replace(told, port=3389), address="203.0.113.2")
    elsewhere = saw(passed("out"), name="mail.example.jp")
    for order in ((shut, bad, elsewhere), (bad, elsewhere, shut)):
        assert [(f.outcome, f.target.name) for f in run(*order).findings] == [
            (Outcome.PASS, "mail.example.jp"),
            (told.outcome, NAME),
        ]


def test_a_pass_on_one_port_stands_beside_a_failure_on_another() -> None:
    judgement = run(saw(passed("out"), port=443), saw(failed("lit"), port=8443))
    assert outcomes(judgement) == [("pass", "out", 443), ("fail", "lit", 8443)]


def test_the_same_observations_give_the_same_findings_in_the_same_order() -> None:
    several = [saw(failed("lit"), port=number) for number in (25, 443, 8443)] + [
        saw(passed("out"), name="b.jp")
    ]
    assert run(*several) == run(*reversed(several))


def test_a_finding_survives_a_change_of_address_but_not_of_name_port_or_check() -> None:
    """Pinned: stored assessments are compared by these ids."""
    # printf 'dns/caa\nexample.jp\n\n' | sha256sum
    assert finding_id("dns/caa", Target(name="example.jp")) == "ea58be2e1a5ed66e"
    assert finding_id("dns/caa", Target(name="example.jp", address="203.0.113.1")) == "ea58be2e1a5ed66e"
    different = {
        finding_id("a/b", Target(address="203.0.113.1")),
        finding_id("a/b", Target(address="203.0.113.2")),
        finding_id("a/b", Target(name="example.jp")),
        finding_id("a/b", Target(name="example.jp", port=1)),
        finding_id("a/b", Target(name="example.jp"), "s1"),
        finding_id("a/c", Target(name="example.jp")),
    }
    assert len(different) == 6
    assert all(len(text) == 16 and set(text) <= set("0123456789abcdef") for text in different)


def test_the_real_checks_all_run_over_nothing() -> None:
    judgement = judge([], subject=SUBJECT, owner_of=lambda _: Owner.SELF)
    assert {found.outcome for found in judgement.findings} == {Outcome.NOT_APPLICABLE}
    assert {found.check for found in judgement.findings} == {one.card.check for one in all_checks()}
