"""The Japanese table against the list prices it was calibrated to: posture factor 1, the example's controls,
before minimum premium, without fixed expense."""

import math
from dataclasses import replace
from datetime import date

import pytest

from models import declared, premium, tables
from models.premium import Risk
from posture.core.application import CoverTerms
from posture.core.decisions import Cover

JP = tables.load("JP", date(2026, 12, 1))
LIST = JP.calibration
EXAMPLE = premium.standard_risk(JP, {cover: JP.standard[cover] for cover in (Cover.A, Cover.B)})


def price(risk: Risk) -> float:
    """Gross premium with the example's controls, applied to every peril."""
    answers = dict.fromkeys(LIST["controls_yes"], True) | dict.fromkeys(LIST["controls_no"], False)
    pure = sum(sum(costs.values()) for costs in premium.pure_premiums(JP, risk).values())
    loads = JP.expenses
    gross = pure * (1 + loads.ulae) / (1 - loads.variable - loads.profit)
    return gross * declared.factor(answers, JP.controls)


def test_the_example_costs_its_list_price() -> None:
    assert price(EXAMPLE) == pytest.approx(LIST["price"], rel=0.10)


def test_premium_grows_with_revenue_as_listed() -> None:
    larger = replace(EXAMPLE, revenue=3_000_000_000)
    elasticity = math.log(price(larger) / price(EXAMPLE)) / math.log(6)
    assert elasticity == pytest.approx(LIST["revenue_elasticity"], rel=0.05)


@pytest.mark.parametrize("sector", LIST["sectors"])
def test_sectors_cost_what_is_listed(sector: str) -> None:
    ratio = price(replace(EXAMPLE, sector=JP.sectors[sector])) / price(EXAMPLE)
    assert ratio == pytest.approx(LIST["sectors"][sector], rel=0.05)


def test_higher_limits_cost_what_is_listed() -> None:
    terms = {
        Cover(name): CoverTerms(limit=limit, deductible=100_000) for name, limit in LIST["higher"].items()
    }
    ratio = price(replace(EXAMPLE, covers=terms)) / price(EXAMPLE)
    assert ratio == pytest.approx(LIST["increased_limits"], rel=0.05)


def test_an_it_developer_with_the_option_costs_what_is_listed() -> None:
    covers = {**EXAMPLE.covers, Cover.IT: JP.standard[Cover.IT]}
    developer = replace(EXAMPLE, sector=JP.sectors["it"], it_revenue=500_000_000, covers=covers)
    assert price(developer) / price(EXAMPLE) == pytest.approx(LIST["it_relativity"], rel=0.05)


def test_the_calibration_needs_no_fixed_expense() -> None:
    assert JP.expenses.fixed == 0
