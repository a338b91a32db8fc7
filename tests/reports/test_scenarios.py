"""Incident stories and the emergency card."""

import tomllib
from dataclasses import replace

import pytest

from posture.core.catalogue import Language
from posture.core.decisions import Cover
from reports import Branding, text
from reports.sections import scenarios
from tests.reports.test_reports import pages
from tests.reports.test_text import DATA
from tests.support.sample_assessment import sample


def test_every_story_has_its_words() -> None:
    names = [scenario.name for scenario in scenarios.load()]
    wanted = {f"{name}{end}" for name in names for end in ("", "_title", "_blind")}
    assert text.load("en").under("scenarios").keys() == wanted


def test_every_feature_is_one_of_the_models() -> None:
    known = tomllib.loads((DATA / "features.toml").read_text(encoding="utf-8")).keys()
    assert {name for scenario in scenarios.load() for name in scenario.features} <= known


def story(page: str, language: Language, name: str) -> str:
    """The part of a page from a story's title to the next story's."""
    words = text.load(language)
    section = page.partition(words("text.scenarios"))[2]
    return section.partition(words(f"scenarios.{name}_title"))[2].partition(words("scenario.blind"))[0]


@pytest.mark.parametrize("language", list(Language))
def test_a_story_names_the_findings_that_make_it_likelier(language: Language) -> None:
    page = pages(sample())[f"underwriter.{language}"]
    words = text.load(language)
    assert words("features.rdp_exposed") in story(page, language, "destroyed")
    assert words("features.smb_exposed") in story(page, language, "destroyed")
    assert words("scenario.no_bearing") in story(page, language, "content")


def test_a_cover_not_asked_for_is_marked() -> None:
    item = sample()
    assert item.application is not None
    asked = dict(item.application.covers)
    del asked[Cover.C]
    without = replace(item, application=replace(item.application, covers=asked))
    mark = text.load("en")("scenario.not_asked", cover=text.load("en")("covers.C"))
    assert " ".join(mark.split()) in " ".join(pages(without)["applicant.en"].split())
    assert " ".join(mark.split()) not in " ".join(pages(item)["applicant.en"].split())


def test_the_emergency_desk_is_for_policyholders() -> None:
    desk = "0120-000-000"
    before = pages(sample(), Branding(emergency=desk))
    bound = pages(sample(), Branding(emergency=desk, policyholder=True))
    for language in ("en", "ja"):
        name = f"applicant.{language}"
        assert desk not in before[name]
        assert desk in bound[name]
        assert text.load(language)("emergency.fees") in before[name]
        for step in text.load(language).under("first_steps").values():
            assert step in bound[name]
            assert step not in before[name]


def test_the_card_names_who_leads_the_response() -> None:
    issuer = Branding(
        insurer="例損害保険",
        desk="事故受付",
        coordinator="例調査会社",
        emergency="0120-000-000",
        policyholder=True,
    )
    page = pages(sample(), issuer)["applicant.ja"]
    for given in ("例損害保険", "事故受付", "例調査会社"):
        assert given in page
    assert "例調査会社" not in pages(sample(), replace(issuer, policyholder=False))["applicant.ja"]
