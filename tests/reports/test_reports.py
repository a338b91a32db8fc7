"""The whole set of files: what is said to whom, and what never is."""

import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import reports
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.decisions import Cover
from reports import Branding, text
from reports.say import Say
from tests.reports.test_text import FORBIDDEN
from tests.support.sample_assessment import earlier, sample

ISSUED = Branding(
    insurer="例損害保険株式会社",
    desk="サイバー引受室",
    document_number="26-T00123",
    disputes="scan@insurer.example",
)


def pages(
    item: Assessment,
    branding: Branding | None = None,
    previous: Assessment | None = None,
    audiences: tuple[str, ...] = reports.AUDIENCES,
) -> dict[str, str]:
    """The words of every HTML page, tags and entities gone."""
    files = reports.produce(
        item, catalogue(), formats=("html",), audiences=audiences, branding=branding, previous=previous
    )
    return {name.removesuffix(".html"): words(content.decode()) for name, content in files.items()}


def words(page: str) -> str:
    body = re.sub(r"<(style|script|title)>.*?</\1>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", body))


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    return pages(sample(), previous=earlier(sample()))


def test_every_file_is_written_and_only_those(tmp_path: Path) -> None:
    written = reports.write(sample(), catalogue(), tmp_path)
    names = {path.name for path in written}
    assert names == {path.name for path in tmp_path.iterdir()}
    assert names == {"assessment.json", "findings.csv"} | {
        f"{who}.{language}.{kind}"
        for who in ("underwriter", "applicant")
        for language in ("en", "ja")
        for kind in ("html", "pdf")
    }
    assert json.loads((tmp_path / "assessment.json").read_bytes())["id"] == sample().id


def test_formats_and_languages_can_be_chosen(tmp_path: Path) -> None:
    written = reports.write(sample(), catalogue(), tmp_path, languages=("ja",), formats=("html", "json"))
    assert [path.name for path in written] == ["assessment.json", "underwriter.ja.html", "applicant.ja.html"]


def test_the_same_assessment_gives_the_same_bytes() -> None:
    once, again = (
        reports.produce(sample(), catalogue(), formats=("html", "json", "csv"), previous=earlier(sample()))
        for _ in range(2)
    )
    assert once == again


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_page_says_a_forbidden_word(said: dict[str, str], word: str) -> None:
    assert [name for name, page in said.items() if word in page] == []


def test_the_applicant_sees_no_price_and_no_tier(said: dict[str, str]) -> None:
    taken = sample().decision
    for language in ("en", "ja"):
        page = said[f"applicant.{language}"]
        amounts = [taken.premium.total, *(taken.premium.by_cover.get(cover) for cover in Cover)]
        assert not [amount for amount in amounts if amount and f"{amount:,}" in page]
        assert not re.search(r"×\d|[+−]\d+%|\bT[1-5]\b|¥|円", page)


def test_the_underwriter_sees_every_figure(said: dict[str, str]) -> None:
    page = said["underwriter.en"]
    for figure in ("T4", "Refer", "¥184,320", "¥402,270", "+62%", "+50%", "×1.46", "71%", "+18%"):
        assert figure in page


@pytest.mark.parametrize(
    ("language", "mark"), [("en", "INDICATION – NOT BINDABLE"), ("ja", "試算・引受不可")]
)
def test_an_indication_says_so(said: dict[str, str], language: str, mark: str) -> None:
    bindable = replace(sample(), decision=replace(sample().decision, indication=False, reasons=()))
    assert mark in said[f"underwriter.{language}"]
    assert mark not in pages(bindable)[f"underwriter.{language}"]


def test_without_a_document_number_the_applicants_report_is_marked(said: dict[str, str]) -> None:
    marks = {language: text.load(language)("watermark.draft") for language in ("en", "ja")}
    issued = pages(sample(), ISSUED)
    for language, mark in marks.items():
        assert mark in said[f"applicant.{language}"]
        assert mark not in issued[f"applicant.{language}"]
        for given in ("26-T00123", "例損害保険株式会社", "scan@insurer.example"):
            assert given in issued[f"applicant.{language}"]


def test_no_page_is_mixed(said: dict[str, str]) -> None:
    """English pages hold no kana, and Japanese ones no English sentence of ours."""
    given = sample().consent
    for name in ("underwriter.en", "applicant.en"):
        page = said[name].replace(given.applicant, "").replace(given.granted_by.title, "")
        assert not re.findall("[\u3040-\u30ff]", page)
    sentences = [
        value for value in text.load("en").entries.values() if value.count(" ") > 3 and "{" not in value
    ]
    for name in ("underwriter.ja", "applicant.ja"):
        assert [sentence for sentence in sentences if sentence in said[name]] == []


def test_every_open_finding_and_every_gap_is_told_to_both(said: dict[str, str]) -> None:
    item = sample()
    for finding in item.findings:
        sentence = html.escape(Say(text.load("ja"), catalogue()).finding(finding), quote=False)
        if finding.outcome.value == "fail" and not re.search(r"\d{4}-\d\d-\d\d", sentence):
            assert html.unescape(sentence) in said["applicant.ja"]
            assert finding.id in said["applicant.ja"]
            assert finding.id in said["underwriter.ja"]


def test_unknown_is_neither_green_nor_red_and_not_applicable_is_grey() -> None:
    files = reports.produce(sample(), catalogue(), formats=("html",), languages=("en",))
    page = files["underwriter.en.html"].decode()
    for anchor, mark in (("unknown", "unknown"), ("not_applicable", "not_applicable"), ("passed", "pass")):
        section = page.partition(f'<section id="{anchor}"')[2].partition("</section>")[0]
        assert set(re.findall(r'class="mark (\w+)"', section)) == {mark}


def test_since_last_time_shows_before_and_now(said: dict[str, str]) -> None:
    section = said["underwriter.en"].partition("Compared with the assessment of 23 November 2025")[2][:900]
    for part in ("T3", "T4", "¥367,950", "¥402,270"):
        assert part in section
    assert "Since last time" not in pages(sample())["underwriter.en"]


def test_a_fault_of_ours_is_told_to_everyone() -> None:
    told = pages(replace(sample(), complete=False))
    for language in ("en", "ja"):
        sentence = text.load(language)("text.incomplete")
        assert sentence in told[f"underwriter.{language}"]
        assert sentence in told[f"applicant.{language}"]


def test_without_an_application_there_is_no_premium_and_it_says_why() -> None:
    item = sample()
    premium = replace(item.decision.premium, by_cover=dict.fromkeys(Cover), total=None)
    told = pages(replace(item, application=None, decision=replace(item.decision, premium=premium)))
    assert text.load("en")("text.no_application") in told["underwriter.en"]
    assert "¥" not in told["underwriter.en"]


def test_nothing_found_is_said_calmly() -> None:
    told = pages(replace(sample(), findings=()))
    assert text.load("en")("text.summary_clear") in told["applicant.en"]


def test_importing_reports_loads_no_renderer() -> None:
    program = (
        "import reports, sys; print(sorted({'jinja2', 'typst', 'matplotlib', 'openpyxl'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
