"""Since last time: not seen is never counted as resolved."""

from dataclasses import replace

import pytest

from posture.core.assessment import Assessment
from posture.core.findings import Confidence, Finding, Outcome, Owner, Severity, finding_id
from posture.core.observations import Reason
from posture.core.targets import Target
from reports.delta import Delta, compare
from tests.support.sample_assessment import sample

WWW = Target(name="www.example.co.jp", address="203.0.113.1", port=443)


def finding(outcome: Outcome, *, check: str = "tls/legacy_protocol", discriminator: str = "") -> Finding:
    return Finding(
        id=finding_id(check, WWW, discriminator),
        check=check,
        version=1,
        target=WWW,
        outcome=outcome,
        message="x",
        severity=Severity.LOW,
        owner=Owner.SELF,
        confidence=Confidence.OBSERVED,
        reason=Reason.TIMEOUT if outcome is Outcome.UNKNOWN else None,
    )


def assessed(*findings: Finding) -> Assessment:
    return replace(sample(), findings=findings)


def groups(delta: Delta) -> set[str]:
    names = ("new", "resolved", "gone", "persisting", "now_unknown")
    return {name for name in names if getattr(delta, name)}


@pytest.mark.parametrize(
    ("before", "now", "group"),
    [
        (Outcome.PASS, Outcome.FAIL, "new"),
        (Outcome.UNKNOWN, Outcome.FAIL, "new"),
        (None, Outcome.FAIL, "new"),
        (Outcome.FAIL, Outcome.FAIL, "persisting"),
        (Outcome.FAIL, Outcome.PASS, "resolved"),
        (Outcome.FAIL, Outcome.NOT_APPLICABLE, "resolved"),
        (Outcome.FAIL, Outcome.UNKNOWN, "now_unknown"),
        (Outcome.PASS, Outcome.UNKNOWN, "now_unknown"),
        (Outcome.FAIL, None, "gone"),
        (Outcome.UNKNOWN, Outcome.UNKNOWN, None),
        (Outcome.PASS, Outcome.PASS, None),
        (Outcome.PASS, None, None),
        (Outcome.UNKNOWN, Outcome.PASS, None),
    ],
)
def test_every_change_has_one_group(before: Outcome | None, now: Outcome | None, group: str | None) -> None:
    delta = compare(
        assessed(*([finding(before)] if before else [])), assessed(*([finding(now)] if now else []))
    )
    assert groups(delta) == ({group} if group else set())


def test_a_finding_of_a_host_that_could_not_be_looked_at_is_not_gone() -> None:
    """The host's unknown finding has no discriminator: another id than the finding it hides."""
    before = assessed(finding(Outcome.FAIL, check="services/known_exploited", discriminator="CVE-2026-0001"))
    delta = compare(before, assessed(finding(Outcome.UNKNOWN, check="services/known_exploited")))
    assert [item.check for item in delta.now_unknown] == ["services/known_exploited"]
    assert delta.gone == ()
