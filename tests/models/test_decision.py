"""From findings and application to tier, action, price and reasons."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

import pytest

from models import artefact, assess
from models.perils import Group
from models.statements import STATEMENTS, ReasonId, Rule, StepName
from posture.core.application import CoverTerms, Incident
from posture.core.decisions import Action, Cover, Decision, Tier
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Outcome, Owner
from posture.core.observations import Reason
from tests.support.applicants import ALL_COVERS, COVERS, application, finding, findings

TODAY = date(2026, 12, 1)
TYPICAL = (
    "dmarc_not_enforced",
    "tls_weak",
    "web_hardening_missing",
    "ftp_exposed",
    "admin_interface_exposed",
)
EXPOSED = (
    "rdp_exposed",
    "database_exposed",
    "telnet_exposed",
    "kev_exposed",
    "certificate_invalid",
    "dmarc_not_enforced",
    "web_hardening_missing",
)


def decision(
    bad: Collection[str] = (),
    unknown: Mapping[str, Reason] | Collection[str] = (),
    **changes: object,
) -> Decision:
    return assess(findings(bad, unknown), application(**changes), on=TODAY).decision


def asking(**changes: object) -> Decision:
    return decision((), (), **changes)


def reasons(made: Decision) -> set[str]:
    return {statement.id for statement in made.reasons}


def test_a_well_kept_applicant_is_quoted_with_a_discount() -> None:
    made = decision()
    assert (made.tier, made.action) == (Tier.T1, Action.QUOTE)
    assert made.loading["total"] is not None
    assert made.loading["total"].charged < -0.1
    assert made.subjectivities == made.knock_outs == ()


def test_a_typical_applicant_is_quoted_with_subjectivities() -> None:
    made = decision(TYPICAL)
    assert (made.tier, made.action) == (Tier.T2, Action.SUBJECTIVITIES)
    assert [item.id for item in made.subjectivities] == [
        "restrict-admin-interface",
        "replace-ftp",
        "harden-tls",
        "enforce-dmarc",
    ]
    ftp = made.subjectivities[1]
    assert ftp.arguments == {"phase": "post_bind", "due_days": 30, "closed_by": ("ports/ftp",)}
    assert len(ftp.findings) == 1


def test_an_exposed_applicant_is_referred_with_an_indication() -> None:
    made = decision(EXPOSED)
    assert (made.tier, made.action) == (Tier.T5, Action.REFER)
    assert [item.id for item in made.knock_outs] == [
        "remote-desktop-exposed",
        "telnet-exposed",
        "database-exposed",
        "no-login-service-exposed",
    ]
    assert {ReasonId.KNOCK_OUT, ReasonId.TIER} <= reasons(made)
    assert made.indication
    assert made.premium.total is not None


def test_the_three_pay_more_and_more() -> None:
    totals = [decision(bad).premium.total for bad in ((), TYPICAL, EXPOSED)]
    assert totals == sorted(set(totals))  # type: ignore[type-var]  # priced: none is None


def test_one_knock_out_refers_whatever_the_score() -> None:
    made = decision(("telnet_exposed",))
    assert made.tier < Tier.T4
    assert made.action is Action.REFER


def test_an_inferred_failure_never_knocks_out() -> None:
    inferred = tuple(
        replace(item, outcome=Outcome.FAIL, confidence=Confidence.INFERRED)
        if item.check == "ports/database"
        else item
        for item in findings()
    )
    made = assess(inferred, application(), on=TODAY).decision
    assert made.knock_outs == ()
    assert made.action is Action.QUOTE


def test_a_providers_failure_neither_knocks_out_nor_asks() -> None:
    others = tuple(
        replace(item, outcome=Outcome.FAIL, owner=Owner.PROVIDER)
        if item.check in {"ports/database", "ports/ftp"}
        else item
        for item in findings()
    )
    made = assess(others, application(), on=TODAY).decision
    assert made.knock_outs == made.subjectivities == ()


@pytest.mark.parametrize(
    "name", ["rdp_exposed", "smb_exposed", "database_exposed", "admin_interface_exposed"]
)
@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.BLOCKED, Reason.NOT_PERMITTED])
def test_unseen_ports_are_referred_without_a_price(name: str, reason: Reason) -> None:
    made = decision((), {name: reason})
    assert made.action is Action.REFER
    assert ReasonId.GROUP_UNSEEN in reasons(made)
    assert made.premium.total is None
    assert set(made.premium.by_cover.values()) == {None}


def test_unseen_ports_earn_no_discount_in_the_charged_loading() -> None:
    made = decision((), ("smb_exposed",))
    for cover in ("A", "B", "total"):
        loading = made.loading[cover]
        assert loading is not None
        assert loading.technical < 0 <= loading.charged


def test_a_vulnerability_question_never_asked_is_priced_at_the_mean() -> None:
    """No feed of ours: it neither refers nor earns (docs/adr/0008-feeds.md)."""
    rest = [item for item in findings(TYPICAL) if item.check != "products/no_known_exploited"]
    blind = finding(
        "products/no_known_exploited", Outcome.UNKNOWN, reason=Reason.NO_DATA, message="no_catalog"
    )
    made = assess([*rest, blind], application(), on=TODAY).decision
    assert made.action is Action.SUBJECTIVITIES
    assert ReasonId.FLOORED not in reasons(made)
    known = (decision(TYPICAL).premium.total, decision((*TYPICAL, "kev_exposed")).premium.total)
    assert known[0] < made.premium.total < known[1]  # type: ignore[operator]  # priced


def test_a_version_that_is_hidden_refers_with_a_floored_indication() -> None:
    made = decision((), ("kev_exposed",))
    assert made.action is Action.REFER
    assert {ReasonId.GROUP_UNSEEN, ReasonId.FLOORED} <= reasons(made)
    assert decision().premium.total < made.premium.total  # type: ignore[operator]  # priced


def test_a_group_that_refers_when_unseen_does_so_with_a_floored_indication() -> None:
    """No shipped group has this consequence, so one is given it here."""
    model = replace(artefact.shipped(), unseen={Group.EXPOSED_SERVICE: "refer"})
    made = assess(findings((), ("smb_exposed",)), application(), on=TODAY, model=model).decision
    assert made.action is Action.REFER
    assert {ReasonId.GROUP_UNSEEN, ReasonId.FLOORED} <= reasons(made)
    assert made.premium.total is not None
    clean = decision().premium.total
    assert clean < made.premium.total  # type: ignore[operator]  # priced


def test_too_little_seen_of_a_peril_is_referred_without_a_price() -> None:
    made = decision((), ("dmarc_not_enforced", "spf_missing", "tls_weak", "certificate_invalid"))
    (said,) = [item for item in made.reasons if item.id == ReasonId.COVERAGE]
    assert said.arguments["peril"] == "email"
    assert said.arguments["coverage"] < said.arguments["floor"] == 0.7  # type: ignore[operator]
    assert made.premium.total is None


def test_a_little_unseen_is_priced_at_the_mean() -> None:
    made = decision((), ("spf_missing",))
    assert made.action is Action.QUOTE
    known = (decision().premium.total, decision(("spf_missing",)).premium.total)
    assert known[0] <= made.premium.total <= known[1]  # type: ignore[operator]  # priced


@pytest.mark.parametrize("reason", [Reason.NOT_PERMITTED, Reason.BLOCKED])
def test_what_the_applicant_withholds_is_referred(reason: Reason) -> None:
    made = decision((), {"spf_missing": reason})
    assert made.action is Action.REFER
    (said,) = [item for item in made.reasons if item.id == ReasonId.WITHHELD]
    assert said.arguments == {"features": ("spf_missing",), "reason": reason.value}


def test_without_an_application_there_is_a_tier_but_no_premium() -> None:
    made = assess(findings(), None, on=TODAY).decision
    assert made.tier is Tier.T1
    assert made.action is Action.REFER
    assert ReasonId.NO_APPLICATION in reasons(made)
    assert made.premium.total is None
    assert made.loading["A"] is not None
    assert made.loading["C"] is None


def test_only_covers_wanted_are_priced_and_the_total_is_their_sum() -> None:
    made = decision(TYPICAL, covers=ALL_COVERS, daily_gross_profit=1_200_000, it_services_revenue=50_000_000)
    amounts = dict(made.premium.by_cover)
    assert all(amount and amount % 10 == 0 for amount in amounts.values())
    assert made.premium.total == sum(amounts.values())  # type: ignore[arg-type]  # all priced
    alone = decision(TYPICAL)
    assert [cover for cover, amount in alone.premium.by_cover.items() if amount is None] == [
        "C",
        "crime",
        "it",
    ]


def test_cover_c_without_gross_profit_refers_and_prices_the_others() -> None:
    made = decision(covers={**COVERS, Cover.C: ALL_COVERS[Cover.C]})
    assert ReasonId.GROSS_PROFIT in reasons(made)
    assert made.action is Action.REFER
    assert made.premium.by_cover[Cover.C] is None
    assert made.premium.by_cover[Cover.A]
    assert made.loading["C"] is None


def test_cover_c_alone_without_gross_profit_has_no_price_at_all() -> None:
    made = decision(covers={Cover.C: ALL_COVERS[Cover.C]})
    assert made.action is Action.REFER
    assert made.premium.total is None
    assert made.loading["total"] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sector": "finance"}, ReasonId.SECTOR),
        ({"sector": "it"}, ReasonId.IT_OPTION),
        ({"covers": {**COVERS, Cover.IT: COVERS[Cover.A]}}, ReasonId.IT_REVENUE),
        ({"covers": {Cover.A: CoverTerms(limit=900_000_000)}}, ReasonId.LIMIT),
        ({"revenue": 90_000_000_000}, ReasonId.REVENUE),
        ({"revenue": 5_000_000}, ReasonId.REVENUE),
        ({"records": 5_000_000}, ReasonId.RECORDS),
        (
            {"incidents": tuple(Incident(date=date(2025, 5, day), kind="ransomware") for day in (1, 2))},
            ReasonId.INCIDENTS,
        ),
    ],
)
def test_the_application_itself_can_refer(changes: dict[str, object], reason: ReasonId) -> None:
    made = asking(**changes)
    assert made.action is Action.REFER
    assert reason in reasons(made)
    assert made.premium.total is not None


def test_one_old_incident_does_not_refer() -> None:
    old = (Incident(date=date(2020, 5, 1), kind="ransomware"), Incident(date=date(2025, 5, 1), kind="loss"))
    assert decision(incidents=old).action is Action.QUOTE


def test_an_it_business_with_the_option_is_quoted() -> None:
    made = decision(
        sector="it", covers={**COVERS, Cover.IT: COVERS[Cover.A]}, it_services_revenue=500_000_000
    )
    assert made.action is Action.QUOTE
    assert made.premium.by_cover[Cover.IT] > 800_000  # type: ignore[operator]  # priced


def test_a_declared_control_that_differs_from_what_was_seen_is_a_question() -> None:
    made = decision(("dmarc_not_enforced",), controls={"dmarc_enforced": True})
    (said,) = [item for item in made.reasons if item.id == ReasonId.DIFFERS]
    assert said.arguments == {"control": "dmarc_enforced", "check": ("mail/dmarc",)}
    assert said.findings
    assert made.facts_known == (said,)
    assert made.action is Action.REFER


@pytest.mark.parametrize("bad", [(), ("dmarc_not_enforced",)])
def test_a_control_that_posture_sees_is_never_credited(bad: tuple[str, ...]) -> None:
    assert decision(bad, controls={"dmarc_enforced": True}).premium == decision(bad).premium


def test_declared_controls_move_the_price_within_their_bounds() -> None:
    base, good = decision(TYPICAL), decision(TYPICAL, controls={"mfa_remote_access": True, "edr": True})
    poor = decision(TYPICAL, controls={"mfa_remote_access": False, "edr": False})
    assert good.premium.total < base.premium.total < poor.premium.total  # type: ignore[operator]  # priced
    everything = dict.fromkeys(
        ("mfa_remote_access", "mfa_email", "edr", "offline_backups", "privileged_access", "incident_plan"),
        True,
    )
    controls = [
        step for step in decision(TYPICAL, controls=everything).steps if step.name == StepName.CONTROLS
    ]
    clipped = [step for step in decision(TYPICAL).steps if step.name == StepName.CLIP]
    assert controls[0].values["A"] == pytest.approx(0.85 * clipped[0].values["A"])


def test_the_fourteen_steps_are_there_in_order() -> None:
    assert [step.name for step in decision(EXPOSED).steps] == [name.value for name in StepName]
    assert len(StepName) == 14


def test_every_id_said_is_one_that_has_words() -> None:
    made = decision(EXPOSED, ("spf_missing",), covers=ALL_COVERS, sector="it")
    said = (*made.reasons, *made.knock_outs, *made.facts_known)
    assert {item.id for item in said} <= set(STATEMENTS)
    result = assess(findings(EXPOSED), application(), on=TODAY)
    rules = {item.feature for item in result.score.contributions if item.state == "rule"}
    assert rules <= {rule.value for rule in Rule}


def test_without_a_filed_table_every_premium_is_an_indication() -> None:
    made = decision()
    assert made.indication
    assert ReasonId.INDICATION in reasons(made)


def test_the_cap_is_said_and_both_loadings_are_shown() -> None:
    made = decision(EXPOSED)
    capped = [item for item in made.reasons if item.id == ReasonId.CAPPED]
    assert {item.arguments["cover"] for item in capped} == {"A", "B"}
    assert made.loading["A"].charged < made.loading["A"].technical  # type: ignore[union-attr]  # priced
    for item in capped:
        shown = made.loading[str(item.arguments["cover"])]
        assert shown is not None
        assert (item.arguments["technical"], item.arguments["charged"]) == (shown.technical, shown.charged)


def test_what_is_better_than_average_is_no_reason_to_refer() -> None:
    """Nor does it stand where something worse than average was left out."""
    assert ReasonId.LOWERS in reasons(decision(TYPICAL))
    for made in (decision(EXPOSED), decision(("telnet_exposed",)), decision((), ("smb_exposed",))):
        assert made.action is Action.REFER
        assert ReasonId.LOWERS not in reasons(made)
    four = decision((*TYPICAL, "vpn_class_a"))
    assert (four.tier, four.action) == (Tier.T4, Action.SUBJECTIVITIES)
    assert [item.id for item in four.reasons].count(ReasonId.RAISES) == 4
    assert ReasonId.LOWERS not in reasons(four)
    few = decision(("vpn_class_a", "kev_exposed"))
    assert (few.tier, few.action) == (Tier.T4, Action.SUBJECTIVITIES)
    assert [item.id for item in few.reasons].index(ReasonId.RAISES) < [item.id for item in few.reasons].index(
        ReasonId.LOWERS
    )


def test_a_small_policy_pays_the_minimum_shared_among_its_covers() -> None:
    made = decision(revenue=20_000_000)
    assert made.premium.total == pytest.approx(50_000, abs=20)
    assert made.premium.total >= 50_000  # type: ignore[operator]  # priced
    assert ReasonId.MINIMUM in reasons(made)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sector": "piracy"}, "sector “piracy” is not in the JP table"),
        ({"currency": "USD"}, "currency is USD, but the JP table is in JPY"),
        ({"country": "FR"}, "No rating table exists for the country “FR”"),
        ({"revenue": 0}, "revenue is 0"),
        ({"employees": -1}, "employees is -1"),
        ({"records": -1}, "records is -1"),
        ({"covers": {}}, "no cover is asked for"),
        (
            {"covers": {Cover.A: CoverTerms(limit=100, deductible=200)}},
            "the limit 100 is below the deductible 200",
        ),
        ({"covers": {Cover.A: CoverTerms(limit=0)}}, "covers.A has limit 0"),
        ({"covers": {Cover.C: CoverTerms(limit=100)}}, "covers.C has no waiting_hours"),
        ({"covers": {Cover.CRIME: CoverTerms(limit=100)}}, "covers.crime extends A, B, C, and none of them"),
        ({"covers": {Cover.B: COVERS[Cover.B], Cover.IT: CoverTerms(limit=100)}}, "covers.it extends A"),
        ({"controls": {"prayer": True}}, "answers a control “prayer” that does not exist"),
    ],
)
def test_what_cannot_be_priced_is_a_sentence(changes: dict[str, object], said: str) -> None:
    with pytest.raises(PostureError, match=said) as caught:
        asking(**changes)
    assert caught.value.remedy


def test_a_date_without_a_table_is_a_sentence() -> None:
    with pytest.raises(PostureError, match="in force on 2019-01-01"):
        assess(findings(), application(), on=date(2019, 1, 1))


def test_a_schedule_outside_the_filed_range_is_refused() -> None:
    scheduled = assess(findings(), application(), on=TODAY, schedule=1.25).decision
    assert scheduled.premium.total == pytest.approx(1.25 * decision().premium.total, abs=20)  # type: ignore[operator]
    with pytest.raises(PostureError, match=r"outside the filed range 0\.75 to 1\.25"):
        assess(findings(), application(), on=TODAY, schedule=1.3)


def test_the_share_a_scan_can_move_is_stated() -> None:
    made = decision(covers={**COVERS, Cover.CRIME: COVERS[Cover.B]})
    assert 0.7 < made.scannable["total"] < 0.9
    assert made.scannable["crime"] == 0.0
    assert made.loading["crime"].technical == pytest.approx(0.0)  # type: ignore[union-attr]  # priced


def test_revenue_limits_and_sector_never_move_the_score() -> None:
    one = assess(findings(TYPICAL), application(), on=TODAY).score
    other = assess(
        findings(TYPICAL),
        application(revenue=9_000_000_000, sector="retail", covers={Cover.B: CoverTerms(limit=5_000_000)}),
        on=TODAY,
    ).score
    assert one == other


def test_both_markets_price() -> None:
    terms = {
        Cover.A: CoverTerms(limit=100_000_000, deductible=250_000),
        Cover.B: CoverTerms(limit=50_000_000),
    }
    made = decision(country="US", currency="USD", revenue=1_000_000_000, covers=terms)
    assert made.premium.currency == "USD"
    assert made.premium.total % 100 == 0  # type: ignore[operator]  # priced
    assert 100_000 < made.premium.total < 1_000_000  # type: ignore[operator]


def test_the_digests_are_those_of_what_was_used() -> None:
    result = assess(findings(), application(), on=TODAY)
    assert result.model_digest == artefact.shipped().digest
    assert len(result.tables_digest) == 64


def test_the_interval_takes_unknowns_as_found_and_as_clean() -> None:
    known = assess(findings(), application(), on=TODAY).score
    unsure = assess(findings((), ("rdp_exposed", "spf_missing")), application(), on=TODAY).score
    assert unsure.relativity_interval.high > 2 * known.relativity_interval.high
    assert unsure.relativity_interval.low == pytest.approx(known.relativity_interval.low)
    for result in (known, unsure):
        assert result.relativity_interval.low < result.relativity < result.relativity_interval.high
        assert result.interval.low <= result.value <= result.interval.high
        assert result.interval.level == 0.9
