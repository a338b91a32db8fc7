"""What the models really say can be said, in both languages, whatever was asked for."""

from dataclasses import replace
from datetime import date

import pytest

import models
import reports
from models.statements import KnockOutId, ReasonId
from posture.checks.registry import catalogue
from posture.core.application import Application, CoverTerms, Incident
from posture.core.assessment import Assessment
from posture.core.decisions import Cover
from posture.core.findings import Outcome
from tests.support.sample_assessment import application, sample

ASKED = application()
BOTH = {Cover.CRIME: CoverTerms(limit=30_000_000), Cover.IT: CoverTerms(limit=100_000_000)}
CASES: dict[str, Application | None] = {
    "none": None,
    "plain": ASKED,
    "options": replace(ASKED, covers={**ASKED.covers, **BOTH}, it_services_revenue=50_000_000),
    "nothing known": replace(ASKED, covers={**ASKED.covers, **BOTH}, daily_gross_profit=None, controls={}),
    "large": replace(
        ASKED,
        covers={Cover.A: CoverTerms(limit=10_000_000_000)},
        revenue=10**13,
        records=10**9,
    ),
    "small": replace(ASKED, covers={Cover.B: CoverTerms(limit=1_000_000)}, revenue=1_000_000, employees=1),
    "it": replace(ASKED, sector="it"),
    "finance": replace(ASKED, sector="finance"),
    "incidents": replace(
        ASKED,
        incidents=tuple(
            Incident(date=date(2025, month, 1), kind="ransomware", loss=3_000_000) for month in (1, 5, 9)
        ),
    ),
    "contradiction": replace(ASKED, controls={"no_remote_desktop_exposed": True, "dmarc_enforced": True}),
    "american": replace(
        ASKED,
        country="US",
        currency="USD",
        revenue=500_000_000,
        covers={Cover.A: CoverTerms(limit=100_000_000, deductible=250_000)},
    ),
}


def assessed(asked: Application | None, *, clean: bool = False) -> Assessment:
    item = sample()
    found = item.findings
    if clean:
        found = tuple(replace(f, outcome=Outcome.PASS) for f in found)
    result = models.assess(found, asked, on=date(2026, 11, 23))
    return replace(
        item,
        application=asked,
        findings=found,
        features=result.features,
        coverage=result.coverage,
        score=result.score,
        decision=result.decision,
    )


@pytest.mark.parametrize("clean", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_every_decision_can_be_reported(case: str, *, clean: bool) -> None:
    item = assessed(CASES[case], clean=clean)
    files = reports.produce(item, catalogue(), formats=("html", "json", "csv"))
    page = files["underwriter.ja.html"].decode()
    assert item.decision.tier.value in page
    assert page.count("<h1>") == 1


def said() -> set[str]:
    decisions = [assessed(asked, clean=clean).decision for asked in CASES.values() for clean in (False, True)]
    return {
        statement.id
        for taken in decisions
        for statement in (*taken.knock_outs, *taken.reasons, *taken.facts_known)
    }


def test_the_cases_make_the_models_say_most_of_what_they_can() -> None:
    """Guards the test above: were the cases to say little, it would prove little."""
    known = {member.value for kind in (ReasonId, KnockOutId) for member in kind}
    assert said() <= known
    assert len(said()) >= 16
