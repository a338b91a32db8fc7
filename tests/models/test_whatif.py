"""What-if: never dearer, explained, exact where it says so, and the same model as the price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models import artefact, assess, effort, features, plan, priors, tables, whatif
from models.statements import StepName
from posture.checks.registry import catalogue
from posture.core.application import Application, CoverTerms
from posture.core.decisions import Cover, Tier
from posture.core.errors import PostureError
from posture.core.findings import Confidence, Finding, Owner, finding_id
from posture.core.findings import Outcome as Said
from posture.core.observations import Reason
from posture.core.targets import Target
from posture.core.whatif import Fix, Held, Plan
from tests.support.applicants import ALL_COVERS, application, finding, findings

TODAY = date(2026, 12, 1)
SOURCES = [source for row in priors.table().active() for source in row.sources]
CHECKS = sorted({source.check for source in SOURCES})
COUNTS = {source.check: min(source.messages, default="said") for source in SOURCES}
HOSTS = ("www.example.co.jp", "vpn.example.co.jp")
STATES = {
    "pass": (Said.PASS, Confidence.OBSERVED),
    "fail": (Said.FAIL, Confidence.OBSERVED),
    "inferred": (Said.FAIL, Confidence.INFERRED),
    "unknown": (Said.UNKNOWN, Confidence.OBSERVED),
}


def placed(check: str, host: str, state: str) -> Finding:
    outcome, confidence = STATES[state]
    return finding(check, outcome, confidence=confidence, name=host, message=COUNTS.get(check, "said"))


@st.composite
def postures(draw: st.DrawFn) -> tuple[Finding, ...]:
    """Findings of every check the model reads, on one or two hosts, in any state; a check may be missing."""
    made = []
    for check in CHECKS:
        states = draw(st.lists(st.sampled_from(["pass", "pass", "fail", *STATES]), max_size=2))
        made += [placed(check, host, state) for host, state in zip(HOSTS, states, strict=False)]
    return tuple(made)


APPLICATIONS = st.one_of(
    st.none(),
    st.builds(
        lambda revenue, limit: application(
            revenue=revenue,
            covers={**ALL_COVERS, Cover.A: CoverTerms(limit=limit, deductible=100_000)},
            daily_gross_profit=1_200_000,
            it_services_revenue=10_000_000,
        ),
        st.integers(10_000_000, 40_000_000_000),
        st.sampled_from([10_000_000, 500_000_000]),
    ),
)


def failed(found: Sequence[Finding]) -> list[str]:
    return [item.id for item in found if item.outcome is Said.FAIL]


def case(found: Sequence[Finding], asked: Application | None = None) -> whatif.Case:
    return whatif.case(found, asked or application(), on=TODAY)


def only(found: Sequence[Finding], check: str) -> Fix:
    (name,) = [item.id for item in found if item.check == check and item.outcome is Said.FAIL]
    return whatif.fix(case(found), (name,))


@given(postures(), APPLICATIONS, st.data())
def test_a_fix_never_raises_a_price(
    found: tuple[Finding, ...], asked: Application | None, data: st.DataObject
) -> None:
    bad = failed(found)
    assume(bad)
    it = whatif.case(found, asked, on=TODAY)
    chosen = data.draw(st.lists(st.sampled_from(bad), min_size=1, unique=True))
    fix, was = whatif.fix(it, chosen), whatif.before(it)
    if fix.opens:
        assert fix.held is Held.OPENS
        assert fix.after.premium.total is None
        assert set(fix.after.premium.by_cover.values()) == {None}
        return
    assert fix.gain >= -1e-12
    assert fix.fall >= -1e-12
    assert fix.after.tier <= was.tier
    assert (fix.after.premium.total is None) == (was.premium.total is None)
    for cover, loading in fix.after.loading.items():
        worse = was.loading[cover]
        assert (loading is None) == (worse is None)
        if loading is not None and worse is not None:
            assert loading.technical <= worse.technical + 1e-12
            assert loading.charged <= worse.charged + 1e-12
    for cover, amount in fix.after.premium.by_cover.items():
        before = was.premium.by_cover[cover]
        assert (amount is None) == (before is None)
        assert amount is None or before is None or amount <= before


@given(postures(), st.data())
@settings(max_examples=40)
def test_a_fix_is_the_price_of_a_scan_that_finds_it_mended(
    found: tuple[Finding, ...], data: st.DataObject
) -> None:
    bad = failed(found)
    assume(bad)
    chosen = data.draw(st.lists(st.sampled_from(bad), min_size=1, unique=True))
    fix = whatif.fix(case(found), chosen)
    mended = [replace(item, outcome=Said.PASS) if item.id in chosen else item for item in found]
    decision = assess(mended, application(), on=TODAY).decision
    assert (fix.after.tier, fix.after.action) == (decision.tier, decision.action)
    assert fix.after.loading == decision.loading
    assert fix.opens or fix.after.premium == decision.premium


@given(postures())
@settings(max_examples=15)
def test_a_study_holds_every_failed_finding_and_every_unknown_once(found: tuple[Finding, ...]) -> None:
    it = case(found)
    study = whatif.study(it)
    assert sorted(one.findings[0] for one in study.fixes) == sorted(failed(found))
    assert all(len(one.findings) == 1 for one in study.fixes)
    assert [one.features for one in study.answers] == [(name,) for name in it.base.features.unseen]
    grouped = [name for one in study.groups for name in one.findings]
    assert len(grouped) == len(set(grouped))
    unread = {one.findings[0] for one in study.fixes if one.held is Held.NOT_READ}
    assert {*grouped} | unread == set(failed(found))
    for fixes in (study.fixes, study.groups):
        rates = [round(one.rate, 12) for one in fixes]
        assert rates == sorted(rates, reverse=True)


@given(postures())
@settings(max_examples=15)
def test_an_unknown_lies_between_clean_and_found(found: tuple[Finding, ...]) -> None:
    it = case(found)
    was = whatif.before(it)
    study = whatif.study(it)
    for one in (*study.answers, *([study.everything] if study.everything else [])):
        assert one.clean.relativity <= was.relativity + 1e-12
        assert one.clean.relativity < one.found.relativity
        assert one.clean.relativity_interval.high <= was.relativity_interval.high + 1e-12
        assert one.clean.loading_interval.high <= was.loading_interval.high + 1e-12
    if study.everything is not None:
        both = study.everything.clean.relativity_interval, was.relativity_interval
        assert both[0].high - both[0].low < both[1].high - both[1].low


@given(postures(), st.sampled_from([Tier.T1, Tier.T2, Tier.T3]))
@settings(max_examples=15)
def test_an_exact_plan_is_the_cheapest_of_all_sets_of_findings(
    found: tuple[Finding, ...], target: Tier
) -> None:
    """Compared with every subset of single findings, priced by the whole model: grouping loses nothing."""
    kept = failed(found)[:6]
    fewer = tuple(item for item in found if item.outcome is not Said.FAIL or item.id in kept)
    it = case(fewer)
    got = whatif.reach(it, target)
    hours = {item.id: effort.table().hours(item.check) for item in fewer}
    reaching = [
        sum(hours[name] for name in chosen)
        for size in range(len(kept) + 1)
        for chosen in combinations(kept, size)
        if it.assess(it.without(chosen)).decision.tier <= target
    ]
    assert got.exact
    assert got.reached == bool(reaching)
    if reaching:
        assert got.effort == pytest.approx(min(reaching))
        assert got.after.tier <= target


@given(postures(), st.sampled_from([Tier.T1, Tier.T2, Tier.T3]))
@settings(max_examples=15)
def test_a_greedy_plan_reaches_what_can_be_reached_and_holds_nothing_needless(
    found: tuple[Finding, ...], target: Tier
) -> None:
    it = case(found)
    greedy, exact = whatif.reach(it, target, exact_up_to=0), whatif.reach(it, target, exact_up_to=99)
    assume(whatif.groups(it))
    assert greedy.reached == exact.reached
    assert not greedy.exact or not greedy.reached
    if greedy.reached:
        assert greedy.after.tier <= target
        assert greedy.effort >= exact.effort - 1e-9
        for left_out in greedy.fixes:
            rest = [name for one in greedy.fixes if one is not left_out for name in one.findings]
            assert it.assess(it.without(rest)).decision.tier > target


def test_it_says_which_search_it_was() -> None:
    few = case(findings({"rdp_exposed", "telnet_exposed", "dmarc_not_enforced"}))
    assert whatif.reach(few, Tier.T3).exact
    bad = findings(features.names())
    more = [
        replace(item, id=finding_id(item.check, Target(name="x")), confidence=Confidence.INFERRED)
        for item in bad
    ]
    many = case((*bad, *more))
    assert len(whatif.groups(many)) > plan.EXACT
    got = whatif.reach(many, Tier.T3)
    assert got.reached
    assert not got.exact
    assert got.candidates == len(whatif.groups(many))


def test_a_tier_already_reached_needs_nothing_and_one_out_of_reach_says_so() -> None:
    good = case(findings({"web_hardening_missing"}))
    assert good.base.decision.tier <= Tier.T3
    done = whatif.reach(good, Tier.T3)
    assert (done.reached, done.fixes, done.effort) == (True, (), 0)
    hidden = case(findings({"dmarc_not_enforced"}, set(features.names()) - {"dmarc_not_enforced"}))
    far: Plan = whatif.reach(hidden, Tier.T1)
    assert not far.reached
    assert [one.findings for one in far.fixes] == [tuple(group) for group in whatif.groups(hidden)]
    assert far.after.tier > Tier.T1


def test_the_best_tier_has_no_next_one() -> None:
    model = artefact.shipped()
    balance = {
        market: replace(entry, standard=dict.fromkeys(entry.standard, 0.01))
        for market, entry in model.balance.items()
    }
    it = whatif.case(findings(), application(), on=TODAY, model=replace(model, balance=balance))
    assert it.base.decision.tier is Tier.T1
    assert whatif.study(it).plan is None


def test_worth_is_the_technical_premium_before_caps_and_minimum() -> None:
    found = findings({"dmarc_not_enforced", "smb_exposed", "eol_software"})
    it = case(found, application(revenue=5_000_000_000))
    mail = [item.id for item in found if item.check == "mail/dmarc"]
    fix = whatif.fix(it, mail)
    assert fix.held is None
    capped = artefact.shipped().balanced(tables.load("JP", TODAY)).capped
    steps = [
        {step.name: step.values for step in result.decision.steps}[StepName.EXPENSES]
        for result in (it.base, it.assess(it.without(mail)))
    ]
    # Step 10 gives back in the base rate what the cap loses; the technical premium is before it.
    expected = sum((steps[0][cover] - steps[1][cover]) * capped[Cover(cover)] for cover in steps[0])
    assert fix.worth == pytest.approx(expected, abs=1)
    assert fix.worth
    assert fix.effort == effort.table().hours("mail/dmarc")


def test_without_an_application_there_is_order_and_no_money() -> None:
    found = findings({"rdp_exposed", "dmarc_not_enforced"})
    study = whatif.study(whatif.case(found, None, on=TODAY))
    assert {one.worth for one in study.fixes} == {None}
    assert {one.held for one in study.fixes} == {Held.NO_PRICE}
    rdp, dmarc = (
        next(one for one in study.fixes if one.findings == (item.id,))
        for check in ("ports/remote_desktop", "mail/dmarc")
        for item in found
        if item.check == check
    )
    assert rdp.gain > dmarc.gain > 0
    assert study.fixes[0] is rdp


def test_a_zero_says_why() -> None:
    other = finding("dns/caa", Said.FAIL)
    theirs = finding("mail/dmarc", Said.FAIL, owner=Owner.PROVIDER, name="mail.example")
    assert only((*findings(), other), "dns/caa").held is Held.NOT_READ
    assert only((*findings(), theirs), "mail/dmarc").held is Held.NOT_READ

    two = (*findings({"rdp_exposed"}), placed("ports/remote_desktop", HOSTS[1], "fail"))
    assert {one.held for one in whatif.study(case(two)).fixes} == {Held.SHARED}
    (group,) = whatif.study(case(two)).groups
    assert len(group.findings) == 2
    assert group.gain > 0

    half_seen = (*findings({"rdp_exposed"}), placed("ports/remote_desktop", HOSTS[1], "unknown"))
    opened = only(half_seen, "ports/remote_desktop")
    assert (opened.held, opened.opens) == (Held.OPENS, ("rdp_exposed",))

    capped = findings({"rdp_exposed", "smb_exposed", "telnet_exposed", "eol_software", "dmarc_not_enforced"})
    assert only(capped, "mail/dmarc").held is Held.CHARGED_CAP
    assert only(capped, "mail/dmarc").gain > 0

    floored = findings({"smb_exposed"}, {"rdp_exposed": Reason.TIMEOUT})
    name = failed(floored)
    assert whatif.fix(case(floored), name).held is Held.FLOOR

    worst = findings(features.names())
    assert only(worst, "mail/dmarc").held is Held.CLIP

    cheap = findings({"dmarc_not_enforced", "smb_exposed"})
    small = case(cheap, application(revenue=10_000_000, covers={Cover.A: CoverTerms(limit=10_000_000)}))
    assert {one.held for one in whatif.study(small).fixes} == {Held.MINIMUM}

    outage = application(covers={Cover.C: CoverTerms(limit=30_000_000, waiting_hours=12)})
    assert {one.held for one in whatif.study(case(cheap, outage)).fixes} == {Held.NO_PRICE}


def test_a_family_at_its_cap_needs_more_than_one_fix() -> None:
    model = artefact.shipped()
    tight = replace(model, group_caps=dict.fromkeys(model.group_caps, 1.0001))
    found = findings({"certificate_invalid", "tls_weak"})
    it = whatif.case(found, application(), on=TODAY, model=tight)
    assert {one.held for one in whatif.study(it).groups} == {Held.GROUP_CAP}


def test_an_inferred_failure_is_a_group_of_its_own() -> None:
    found = (*findings({"smb_exposed", "eol_software"}), placed("ports/file_sharing", HOSTS[1], "inferred"))
    it = case(found)
    observed, inferred = (
        group
        for group in whatif.groups(it)
        if not set(group) & {item.id for item in it.failed() if "support" in item.check}
    )
    half = whatif.fix(it, observed)
    assert 0 < half.gain < whatif.fix(it, [*observed, *inferred]).gain
    assert whatif.fix(it, inferred).held is Held.SHARED


def test_a_question_never_asked_can_be_answered() -> None:
    found = tuple(item for item in findings() if item.check != "ports/remote_desktop")
    (answer,) = whatif.study(case(found)).answers
    assert (answer.features, answer.findings) == (("rdp_exposed",), ())
    assert answer.reasons == (Reason.NO_DATA,)
    assert answer.clean.premium.total is not None
    assert answer.found.tier > answer.clean.tier


def test_one_check_on_one_machine_is_one_piece_of_work() -> None:
    def web(url: str, address: str) -> Finding:
        target = Target(name="www.example.co.jp", address=address, url=url)
        return replace(finding("web/hsts", Said.FAIL), id=finding_id(url, target), target=target)

    here = [web("https://www.example.co.jp/", "203.0.113.1"), web("https://example.co.jp/", "203.0.113.1")]
    there = web("https://vpn.example.co.jp/", "203.0.113.2")
    hours = effort.table().hours("web/hsts")
    it = case((*findings(), *here, there))
    assert whatif.fix(it, [item.id for item in here]).effort == hours
    assert whatif.fix(it, [item.id for item in (*here, there)]).effort == 2 * hours
    (together,) = whatif.groups(it)
    assert whatif.fix(it, together).effort == 2 * hours


def test_a_clean_applicant_has_nothing_to_fix() -> None:
    study = whatif.study(case(findings()))
    assert (study.fixes, study.groups, study.answers, study.everything) == ((), (), (), None)
    assert study.plan is None or (study.plan.reached, study.plan.fixes, study.plan.effort) == (False, (), 0.0)


def test_only_a_failed_finding_can_be_fixed() -> None:
    found = findings({"rdp_exposed"})
    with pytest.raises(PostureError, match="no failed finding"):
        whatif.fix(case(found), (found[-1].id,))


def test_every_area_has_an_effort_and_every_effort_a_check() -> None:
    table, cards = effort.table(), catalogue().cards
    assert {card.area for card in cards.values()} <= table.areas.keys()
    assert table.checks.keys() <= cards.keys()
    assert all(table.hours(check) > 0 for check in cards)
    assert table.hours("mail/dmarc") == table.checks["mail/dmarc"]
    assert table.hours("tls/anything_new") == table.areas["tls"]
    with pytest.raises(PostureError, match=r"effort\.toml.*\[areas\] smoke"):
        table.hours("smoke/signals")
