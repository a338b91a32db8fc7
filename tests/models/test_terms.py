"""Terms of the covers (limits a year, shared limits, items, defence, territory): price and refusal."""

from dataclasses import replace
from datetime import date

import pytest

from models import assess, tables
from posture.core.application import CoverTerms, Defence, ItemTerms, SharedLimit, Territory
from posture.core.decisions import Cover
from posture.core.errors import PostureError
from tests.support.applicants import ALL_COVERS, COVERS, application, findings

TODAY = date(2026, 12, 1)
A, B, C = COVERS[Cover.A], COVERS[Cover.B], ALL_COVERS[Cover.C]
LARGE = {"revenue": 40_000_000_000, "daily_gross_profit": 20_000_000}


def price(**changes: object) -> dict[str, float]:
    """Premium by cover of a clean, large applicant: large, so that the minimum premium is out of the way."""
    made = assess(findings(), application(**(LARGE | changes)), on=TODAY)
    return dict(made.decision.steps[-1].values)


def covers(**changes: CoverTerms) -> dict[Cover, CoverTerms]:
    return {**COVERS, **{Cover(name): terms for name, terms in changes.items()}}


PLAIN = price()


@pytest.mark.parametrize(
    ("cover", "terms", "low", "high"),
    [
        ("A", replace(A, aggregate=A.limit), 0.95, 0.9999),
        ("A", replace(A, aggregate=10 * A.limit), 0.9995, 1.0),
        ("A", replace(A, defence=Defence.OUTSIDE), 1.02, 1.4),
        ("B", replace(B, items={"condolence": ItemTerms(limit=500_000)}), 0.9, 0.9999),
        ("B", replace(B, items={"hardware": ItemTerms(limit=0)}), 0.87, 0.99),
        ("B", replace(B, items={"recurrence_prevention": ItemTerms(coinsurance=0.5)}), 0.94, 0.99),
        ("B", replace(B, items={"hardware": ItemTerms()}), 1.0, 1.0),
        ("B", replace(B, aggregate=B.limit), 0.9, 0.9999),
    ],
)
def test_a_term_moves_its_own_cover_only(cover: str, terms: CoverTerms, low: float, high: float) -> None:
    made = price(covers=covers(**{cover: terms}))
    other = {"A": "B", "B": "A"}[cover]
    assert made[other] == PLAIN[other]
    assert low <= made[cover] / PLAIN[cover] <= high


@pytest.mark.parametrize("item", ["condolence", "recurrence_prevention", "hardware"])
def test_a_lower_sub_limit_or_more_coinsurance_never_costs_more(item: str) -> None:
    asked = [None, 5_000_000, 1_000_000, 100_000, 0]
    prices = [price(covers=covers(B=replace(B, items={item: ItemTerms(limit=most)})))["B"] for most in asked]
    assert prices == sorted(prices, reverse=True)
    borne = [0.0, 0.1, 0.5, 0.9]
    shares = [
        price(covers=covers(B=replace(B, items={item: ItemTerms(coinsurance=share)})))["B"] for share in borne
    ]
    assert shares == sorted(shares, reverse=True)


def test_a_shared_limit_costs_less_than_separate_ones_and_a_tight_one_least() -> None:
    def shared(limit: int | None, aggregate: int | None) -> float:
        entry = SharedLimit(covers=(Cover.A, Cover.B), limit=limit, aggregate=aggregate)
        return sum(price(shared=(entry,)).values())

    whole = sum(PLAIN.values())
    assert shared(100_000_000, None) < whole
    assert shared(100_000_000, 100_000_000) < shared(100_000_000, 200_000_000) < whole
    assert shared(130_000_000, None) == pytest.approx(whole, rel=0.002)


def test_cover_c_may_be_shared_too() -> None:
    entry = SharedLimit(covers=(Cover.A, Cover.B, Cover.C), aggregate=100_000_000)
    everything = {**COVERS, Cover.C: C}
    assert sum(price(covers=everything, shared=(entry,)).values()) < sum(price(covers=everything).values())


def test_a_deductible_of_cover_c_is_so_many_days_of_gross_profit() -> None:
    half_a_day = CoverTerms(limit=C.limit, deductible=10_000_000)
    assert price(covers={**COVERS, Cover.C: half_a_day}) == price(covers={**COVERS, Cover.C: C})


def test_territory_follows_where_the_revenue_comes_from() -> None:
    abroad = {"overseas_revenue_share": 0.5, "us_canada_revenue_share": 0.4}
    table = tables.load("JP", TODAY).territory[Cover.A]
    worldwide = price(**abroad)
    assert worldwide["A"] / PLAIN["A"] == pytest.approx(
        0.5 + 0.1 * table.overseas + 0.4 * table.us_canada, rel=1e-3
    )
    assert worldwide["B"] == PLAIN["B"]
    without = price(covers=covers(A=replace(A, territory=Territory.NO_US_CANADA)), **abroad)
    home = price(covers=covers(A=replace(A, territory=Territory.DOMESTIC)), **abroad)
    assert home["A"] < without["A"] < PLAIN["A"] < worldwide["A"]
    assert home["A"] / PLAIN["A"] == pytest.approx(0.5, rel=1e-3)


def test_an_option_has_the_terms_of_what_it_extends() -> None:
    crime = {**COVERS, Cover.CRIME: ALL_COVERS[Cover.CRIME]}
    items = {"hardware": ItemTerms(limit=0)}
    tight = {**crime, Cover.B: replace(B, items=items)}
    assert price(covers=tight)["crime"] < price(covers=crime)["crime"]


SHARED = SharedLimit(covers=(Cover.A, Cover.B), aggregate=100_000_000)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"covers": covers(A=replace(A, aggregate=1))},
            "covers.A: the aggregate 1 is below the limit 100000000",
        ),
        (
            {"covers": {**COVERS, Cover.CRIME: replace(ALL_COVERS[Cover.CRIME], aggregate=10**9)}},
            "covers.crime has an aggregate",
        ),
        ({"covers": covers(B=replace(B, defence=Defence.OUTSIDE))}, "covers.B has defence “outside”"),
        ({"covers": covers(A=replace(A, items={"hardware": ItemTerms()}))}, "covers.A has items"),
        ({"covers": covers(A=replace(A, waiting_hours=8))}, "covers.A has waiting_hours"),
        (
            {"covers": covers(B=replace(B, items={"flowers": ItemTerms()}))},
            "covers.B.items.flowers is no item of the JP table",
        ),
        (
            {"covers": covers(B=replace(B, items={"hardware": ItemTerms(limit=10**9)}))},
            "covers.B.items.hardware: the sub-limit 1000000000 is not within the limit 30000000",
        ),
        (
            {"covers": covers(B=replace(B, items={"hardware": ItemTerms(coinsurance=1.0)}))},
            "covers.B.items.hardware has coinsurance 1.0",
        ),
        ({"covers": {**COVERS, Cover.C: replace(C, deductible=1)}}, "covers.C has both waiting_hours and a"),
        (
            {"covers": {**COVERS, Cover.CRIME: replace(B, territory=Territory.DOMESTIC)}},
            "covers.crime has a territory",
        ),
        ({"shared": (SharedLimit(covers=(Cover.A,), limit=1),)}, "shared entry 1 names A"),
        ({"shared": (SharedLimit(covers=(Cover.A, Cover.C), limit=1),)}, "shared entry 1 names A, C"),
        ({"shared": (replace(SHARED, aggregate=None),)}, "shared entry 1 limits nothing"),
        ({"shared": (replace(SHARED, aggregate=0),)}, "shared entry 1 has a limit of 0 or less"),
        (
            {"shared": (replace(SHARED, limit=200_000_000),)},
            "shared entry 1: the aggregate is below the limit",
        ),
        ({"shared": (SHARED, SHARED)}, "shared entry 2 shares a cover with another entry"),
        (
            {"shared": (SHARED,), "covers": covers(A=replace(A, aggregate=A.limit))},
            "shared entry 1 and covers.A both have an aggregate",
        ),
        ({"overseas_revenue_share": 1.5}, "overseas_revenue_share is 1.5"),
        ({"us_canada_revenue_share": 0.1}, "us_canada_revenue_share is above overseas_revenue_share"),
    ],
)
def test_terms_that_cannot_be_priced_are_a_sentence(changes: dict[str, object], said: str) -> None:
    with pytest.raises(PostureError, match=said.replace("(", r"\(")) as caught:
        price(**changes)
    assert caught.value.remedy
