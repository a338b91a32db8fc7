"""The terms that price beyond limit and deductible, and findings by consequence for each cover."""

from dataclasses import replace
from datetime import date

import pytest

import reports
from models import tables
from posture.checks.registry import catalogue
from posture.core.application import Application, CoverTerms, Defence, ItemTerms, SharedLimit, Territory
from posture.core.catalogue import Language
from posture.core.decisions import Cover
from reports import text
from reports.blocks import Table
from reports.say import Say
from reports.sections import bearing, terms
from reports.view import View, build
from tests.reports.test_mending import counted
from tests.reports.test_models import assessed
from tests.support.sample_assessment import application


def asked() -> Application:
    return replace(
        application(),
        covers={
            Cover.A: CoverTerms(
                limit=100_000_000,
                deductible=100_000,
                aggregate=300_000_000,
                defence=Defence.OUTSIDE,
                territory=Territory.NO_US_CANADA,
            ),
            Cover.B: CoverTerms(
                limit=30_000_000,
                territory=Territory.DOMESTIC,
                items={
                    "condolence": ItemTerms(limit=5_000_000),
                    "hardware": ItemTerms(coinsurance=0.1),
                },
            ),
            Cover.C: CoverTerms(limit=30_000_000, waiting_hours=12),
        },
        shared=(SharedLimit(covers=(Cover.A, Cover.B), limit=120_000_000),),
    )


def told(table: object) -> list[list[str]]:
    assert isinstance(table, Table)
    return [[cell.text for cell in row] for row in table.rows]


def say(language: Language) -> Say:
    return Say(text.load(language), catalogue())


def test_every_term_in_english() -> None:
    covers, items, shared = terms.blocks(asked(), say(Language.EN))
    assert told(covers) == [
        ["A  Third-party liability", "¥100,000,000", "¥300,000,000", "¥100,000", "beside the limit",
         "worldwide except US and Canada"],
        ["B  Incident response costs", "¥30,000,000", "no such limit", "¥0", "–", "home country only"],
        ["C  Lost profit", "¥30,000,000", "no such limit", "12 hours waiting", "–", "worldwide"],
    ]  # fmt: skip
    assert told(items) == [
        ["Payments of sympathy", "¥5,000,000", "0%"],
        ["Hardware", "the limit of the cover", "10%"],
    ]
    assert told(shared) == [["cover A, cover B", "¥120,000,000", "no such limit"]]


def test_every_term_in_japanese() -> None:
    covers, items, shared = terms.blocks(asked(), say(Language.JA))
    assert [row[1:] for row in told(covers)] == [
        ["100,000,000円", "300,000,000円", "100,000円", "限度額とは別枠", "全世界（米国・カナダを除く）"],
        ["30,000,000円", "定めなし", "0円", "–", "国内のみ"],
        ["30,000,000円", "定めなし", "待機 12 時間", "–", "全世界"],
    ]
    assert told(items)[1] == ["機器", "補償の限度額まで", "10%"]
    assert told(shared) == [["補償 A、補償 B", "120,000,000円", "定めなし"]]


def test_what_is_not_given_has_no_table() -> None:
    assert len(terms.blocks(application(), say(Language.EN))) == 1


def test_every_item_that_a_table_prices_has_its_words() -> None:
    for market in ("JP", "US"):
        priced = {f"cost_items.{name}" for name in tables.load(market, date(2026, 11, 23)).items}
        assert priced
        assert [key for key in sorted(priced) if not text.load("ja").knows(key)] == []


def view_of(declared: Application | None) -> View:
    return build(assessed(declared), catalogue(), whatif=counted() if declared else None)


def test_findings_of_a_cover_are_those_that_the_model_says_raise_it() -> None:
    whatif = counted()
    for cover in (Cover.A, Cover.B, Cover.C):
        found = bearing.raising(cover, whatif)
        assert [factor for factor, _ in found] == sorted((factor for factor, _ in found), reverse=True)
        left = {fix.findings for fix in whatif.groups} - {fix.findings for _, fix in found}
        for fix in whatif.groups:
            same = abs(fix.after.factors[cover] / whatif.before.factors[cover] - 1) < 0.005
            assert (fix.findings in left) == same
    liability, profit = (dict(_by_findings(cover)) for cover in (Cover.A, Cover.C))
    assert liability.keys() == profit.keys()
    assert liability != profit


def _by_findings(cover: Cover) -> list[tuple[tuple[str, ...], float]]:
    return [(fix.findings, factor) for factor, fix in bearing.raising(cover, counted())]


def test_only_covers_asked_for_have_a_table() -> None:
    whole = application()
    only_a = replace(whole, covers={Cover.A: whole.covers[Cover.A]})
    for language in Language:
        tables = [one for one in bearing.blocks(view_of(only_a), say(language)) if isinstance(one, Table)]
        (one,) = tables
        assert one.caption.startswith(say(language)("covers.A"))
    assert bearing.blocks(view_of(None), say(Language.EN)) == ()


def test_a_cover_that_nothing_raises_says_so() -> None:
    whatif = replace(counted(), groups=())
    item = assessed(application())
    found = bearing.blocks(build(item, catalogue(), whatif=whatif), say(Language.EN))
    assert not any(isinstance(one, Table) for one in found)
    assert len(found) == 2 + len(application().covers)


@pytest.mark.parametrize("audience", ["applicant", "agency"])
def test_nobody_but_the_underwriter_sees_either(audience: str) -> None:
    files = reports.produce(
        assessed(application()),
        catalogue(),
        languages=("en",),
        formats=("html",),
        audiences=(audience,),
        whatif=counted(),
    )
    page = next(iter(files.values())).decode()
    words = text.load("en")
    assert words("bearing.title") not in page
    assert words("captions.terms") not in page
