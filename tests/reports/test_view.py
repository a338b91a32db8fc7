"""Grades, effect classes and order."""

from dataclasses import replace

import pytest

from posture.checks.registry import catalogue
from posture.core.decisions import Contribution
from posture.core.findings import Finding, Outcome, Severity
from posture.core.observations import Reason
from reports.view import Effect, Issue, build, effect
from tests.support.sample_assessment import sample


def part(factor: float, *ids: str) -> Contribution:
    return Contribution(feature="tls_weak", factor=factor, state="seen", findings=ids)


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ((), Effect.NONE),
        ((0.8,), Effect.NONE),
        ((1.004,), Effect.NONE),
        ((1.01,), Effect.SMALL),
        ((1.05,), Effect.MEDIUM),
        ((1.15,), Effect.LARGE),
        ((1.1, 1.1, 0.5), Effect.LARGE),
    ],
)
def test_effect_classes(factors: tuple[float, ...], expected: Effect) -> None:
    assert effect(map(part, factors)) is expected


def only(*changes: tuple[Outcome, Severity]) -> list[Finding]:
    card = next(f for f in sample().findings if f.check == "dns/caa")
    return [
        replace(
            card,
            id=f"{number:016x}",
            outcome=outcome,
            severity=severity,
            reason=Reason.TIMEOUT if outcome is Outcome.UNKNOWN else None,
        )
        for number, (outcome, severity) in enumerate(changes)
    ]


@pytest.mark.parametrize(
    ("changes", "letter", "partial"),
    [
        ([(Outcome.PASS, Severity.INFO)], "A", False),
        ([(Outcome.PASS, Severity.INFO), (Outcome.UNKNOWN, Severity.INFO)], "A", True),
        ([(Outcome.FAIL, Severity.LOW)], "B", False),
        ([(Outcome.FAIL, Severity.LOW), (Outcome.FAIL, Severity.CRITICAL)], "E", False),
        ([(Outcome.UNKNOWN, Severity.CRITICAL)], None, True),
        ([(Outcome.NOT_APPLICABLE, Severity.INFO)], None, False),
    ],
)
def test_an_area_has_the_grade_of_its_worst_open_finding(
    changes: list[tuple[Outcome, Severity]], letter: str | None, *, partial: bool
) -> None:
    view = build(replace(sample(), findings=tuple(only(*changes))), catalogue())
    assert [(area.letter, area.partial) for area in view.areas] == [(letter, partial)]


def test_the_plan_goes_by_effect_then_severity() -> None:
    low, high = only((Outcome.FAIL, Severity.LOW), (Outcome.FAIL, Severity.HIGH))
    item = sample()
    priced = replace(item.score, contributions=(part(1.2, low.id),))
    view = build(replace(item, findings=(high, low), score=priced), catalogue())
    assert [(issue.number, issue.finding.severity, issue.effect) for issue in view.issues] == [
        (1, Severity.LOW, Effect.LARGE),
        (2, Severity.HIGH, Effect.NONE),
    ]


def of_check(check: str) -> Issue:
    issues = build(sample(), catalogue()).issues
    return next(issue for issue in issues if issue.finding.check == check)


def test_a_finding_knows_the_observations_it_was_judged_from() -> None:
    seen = of_check("ports/remote_desktop").observations
    assert [(obs.kind, obs.target.address) for obs in seen] == [("ports.host", "203.0.113.10")]
    seen = of_check("tls/legacy_protocol").observations
    assert [(obs.kind, obs.target.label()) for obs in seen] == [
        ("tls.endpoint", "www.sakura-seiki.example:443")
    ]


def test_findings_that_say_the_same_of_several_places_are_one_thing_to_mend() -> None:
    one, other = only((Outcome.FAIL, Severity.LOW), (Outcome.FAIL, Severity.LOW))
    elsewhere = replace(other, target=replace(other.target, name="shop.example.co.jp"))
    different = replace(other, id="f" * 16, arguments={"issuers": "x"})
    view = build(replace(sample(), findings=(one, elsewhere, different)), catalogue())
    assert [[f.id for f in issue.findings] for issue in view.issues] == [[one.id, elsewhere.id], ["f" * 16]]
    assert [area.counts[Outcome.FAIL] for area in view.areas] == [2]
