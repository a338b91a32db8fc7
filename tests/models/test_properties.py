"""What must hold for every applicant: monotone, hiding never pays, exact contributions, determinism."""

import math
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import assess, features, priors
from models.perils import Group
from models.underwrite import Result
from posture.core.application import Application, CoverTerms
from posture.core.decisions import Action, Cover
from posture.core.observations import Reason
from tests.support.applicants import ALL_COVERS, application, findings

TODAY = date(2026, 12, 1)
NAMES = features.names()
WATCHED = {
    row.name
    for row in priors.table().active()
    if row.group in {Group.REMOTE_ACCESS, Group.VULNERABILITY, Group.EXPOSED_SERVICE}
}
STATES = st.sampled_from(["bad", "good", "unknown"])
POSTURES = st.fixed_dictionaries(dict.fromkeys(NAMES, STATES))
CONTROLS = st.dictionaries(
    st.sampled_from(["mfa_remote_access", "edr", "mfa_email", "offline_backups"]), st.booleans()
)
APPLICATIONS = st.builds(
    lambda revenue, sector, limit, controls: application(
        revenue=revenue,
        sector=sector,
        covers={**ALL_COVERS, Cover.A: CoverTerms(limit=limit, deductible=100_000)},
        controls=controls,
        daily_gross_profit=max(1, revenue // 1000),
        it_services_revenue=max(1, revenue // 10),
    ),
    st.integers(10_000_000, 40_000_000_000),
    st.sampled_from(["manufacturing", "retail", "logistics", "it"]),
    st.sampled_from([10_000_000, 100_000_000, 500_000_000]),
    CONTROLS,
)


def result(posture: Mapping[str, str], asked: Application) -> Result:
    bad = {name for name, state in posture.items() if state == "bad"}
    unknown = dict.fromkeys((name for name, state in posture.items() if state == "unknown"), Reason.TIMEOUT)
    return assess(findings(bad, unknown), asked, on=TODAY)


def prices(made: Result) -> dict[str, float]:
    """Indicated price by cover, read from the last step, so that refused prices are compared too."""
    return dict(made.decision.steps[-1].values)


@given(POSTURES, st.sampled_from(NAMES), APPLICATIONS)
def test_fixing_a_finding_never_raises_any_price(
    posture: dict[str, str], name: str, asked: Application
) -> None:
    before = result(posture | {name: "bad"}, asked)
    after = result(posture | {name: "good"}, asked)
    was, now = prices(before), prices(after)
    assert all(now[cover] <= was[cover] for cover in was)
    assert after.score.value <= before.score.value
    assert after.decision.tier <= before.decision.tier
    for cover, loading in after.decision.loading.items():
        worse = before.decision.loading[cover]
        assert loading is not None
        assert worse is not None
        assert loading.technical <= worse.technical + 1e-12


@given(POSTURES, st.sampled_from(sorted(WATCHED)), APPLICATIONS)
def test_hiding_a_bad_finding_never_pays(posture: dict[str, str], name: str, asked: Application) -> None:
    seen = result(posture | {name: "bad"}, asked)
    hidden = result(posture | {name: "unknown"}, asked)
    if hidden.decision.action in {Action.QUOTE, Action.SUBJECTIVITIES}:
        was, now = prices(seen), prices(hidden)
        assert all(now[cover] >= was[cover] for cover in was)
    else:
        assert hidden.decision.action is Action.REFER


@given(POSTURES, APPLICATIONS)
def test_contributions_multiply_to_the_relativity(posture: dict[str, str], asked: Application) -> None:
    score = result(posture, asked).score
    product = math.prod(item.factor for item in score.contributions)
    assert product == pytest.approx(score.relativity, rel=1e-9)


@given(POSTURES, APPLICATIONS)
def test_an_unknown_neither_costs_nor_earns(posture: dict[str, str], asked: Application) -> None:
    for item in result(posture, asked).score.contributions:
        if item.state == "unseen":
            assert item.factor == pytest.approx(1.0, abs=1e-12)


@given(POSTURES, APPLICATIONS)
def test_the_total_is_the_sum_of_the_rounded_covers(posture: dict[str, str], asked: Application) -> None:
    premium = result(posture, asked).decision.premium
    amounts = [amount for amount in premium.by_cover.values() if amount is not None]
    assert premium.total == (sum(amounts) if amounts else None)
    assert all(amount % 10 == 0 and amount >= 0 for amount in amounts)


@given(POSTURES, APPLICATIONS)
def test_the_price_stays_between_its_bounds(posture: dict[str, str], asked: Application) -> None:
    decision = result(posture, asked).decision
    for loading in decision.loading.values():
        assert loading is not None
        assert -0.2 - 1e-9 <= loading.charged <= 0.5 + 1e-9
        assert -0.3 - 1e-9 <= loading.technical <= 2.0 + 1e-9
    if decision.premium.total is not None:
        assert decision.premium.total >= 50_000


@given(POSTURES, APPLICATIONS)
@settings(max_examples=25)
def test_the_same_question_has_the_same_answer(posture: dict[str, str], asked: Application) -> None:
    assert result(posture, asked) == result(dict(reversed(posture.items())), asked)


@given(POSTURES, APPLICATIONS)
def test_intervals_hold_the_estimate(posture: dict[str, str], asked: Application) -> None:
    made = result(posture, asked)
    score, decision = made.score, made.decision
    assert score.relativity_interval.low <= score.relativity <= score.relativity_interval.high
    assert 0 <= score.interval.low <= score.value <= score.interval.high <= 100
    total = decision.loading["total"]
    assert total is not None
    assert decision.loading_interval.low - 1e-12 <= total.technical <= decision.loading_interval.high + 1e-12
    asked_for: dict[str, int | None] = {
        cover.value: amount for cover, amount in decision.premium.by_cover.items()
    }
    asked_for["total"] = decision.premium.total
    assert decision.premium_intervals.keys() == asked_for.keys()
    for name, amount in asked_for.items():
        span = decision.premium_intervals[name]
        assert (span is None) == (amount is None)
        assert span is None or amount is None or span.low <= amount <= span.high
    assert all(0 <= share <= 1 + 1e-12 for share in (made.coverage.overall, *made.coverage.by_peril.values()))
