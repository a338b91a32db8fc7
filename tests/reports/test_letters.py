"""Letters of the underwriter's desk: neutral, complete, in both languages."""

import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from models import artefact, declared
from posture.app.quoting import Terms, price
from posture.checks.registry import catalogue
from posture.core.decisions import Agreement
from posture.core.desk.rules import Bench
from reports import letters
from reports.branding import Branding
from reports.letters import Kind, Letter
from tests.reports.test_text import FORBIDDEN
from tests.support.desk import NOW, clean, exposed, ordinary
from tests.support.tools import require_tool

BENCH = Bench(levels=("underwriter", "senior", "chief"), people={})
ISSUER = Branding(insurer="例損害保険株式会社", desk="サイバー引受室", disputes="scan@insurer.example")
#: What no letter says, whatever was found (field/underwriting.md §6 and §7).
REPROACHES = (
    *FORBIDDEN,
    "insecure",
    "unsafe",
    "negligen",
    "violation",
    "untrue",
    "false",
    "危険な会社",
    "安全でない",
    "違反",
    "過失",
    "不正",
    "嘘",
)


def letter(kind: Kind) -> Letter:
    item = ordinary() if kind is Kind.QUOTE else exposed()
    version = price(
        item, Terms(first_day=date(2027, 1, 1)), (), by="x", at=NOW, bench=BENCH, model=artefact.shipped()
    )
    questions = tuple(
        (one, declared.controls()[one.item].question)
        for one in item.decision.declared
        if one.agreement is Agreement.CONTRADICTED
    )
    return Letter(kind=kind, assessment=item, at=NOW, version=version, questions=questions)


def told(kind: Kind) -> dict[str, str]:
    made = letters.produce(letter(kind), catalogue(), ISSUER)
    return {name: words_of(name, content) for name, content in made.items()}


def words_of(name: str, content: bytes) -> str:
    return paper(content) if name.endswith("pdf") else content.decode()


def paper(content: bytes) -> str:
    """What a reader of the PDF can select, its white space left out."""
    ran = subprocess.run(
        [require_tool("pdftotext"), "-raw", "-", "-"], input=content, capture_output=True, check=True
    )
    return "".join(ran.stdout.decode().replace("\u200b", "").split())


@pytest.mark.parametrize("kind", list(Kind))
def test_a_letter_has_both_languages_and_every_format_and_no_reproach(kind: Kind) -> None:
    pages = told(kind)
    assert list(pages) == [
        f"{kind}.{tongue}.{form}" for tongue in ("en", "ja") for form in ("html", "pdf", "txt")
    ]
    words = {name: FORBIDDEN if name.endswith("html") else REPROACHES for name in pages}
    said = [(name, word) for name in pages for word in words[name] if word in pages[name].lower()]
    assert said == []
    first, second = (letters.produce(letter(kind), catalogue(), ISSUER) for _ in range(2))
    assert first == second


def test_a_decline_is_neutral_and_says_how_to_go_on() -> None:
    pages = told(Kind.DECLINE)
    assert "総合的な判断により、今回はお引受けを見合わせます。" in pages["decline.ja.txt"]
    assert "あらためてお申込みいただけます" in pages["decline.ja.txt"]
    assert "scan@insurer.example" in pages["decline.en.txt"]
    assert "welcome to apply again" in pages["decline.en.txt"]
    for page in pages.values():
        assert "RDP" not in page
        assert "3389" not in page


def test_a_question_shows_answer_and_observation_and_blames_nobody() -> None:
    pages = told(Kind.QUESTIONS)
    assert "ご申告と観測結果の相違について、ご確認をお願いします" in pages["questions.ja.txt"]
    assert "ご申告: はい" in pages["questions.ja.txt"]
    assert "3389" in pages["questions.ja.txt"]
    assert "告知に代わるものではありません" in pages["questions.ja.txt"]
    assert "Is remote desktop closed to the internet?" in pages["questions.en.txt"]
    assert "can be mistaken" in pages["questions.en.txt"]


def test_a_quote_shows_terms_period_and_conditions_and_its_indication() -> None:
    pages = told(Kind.QUOTE)
    japanese = pages["quote.ja.txt"]
    assert japanese.startswith("*** 試算・引受不可 ***")
    assert "2027年1月1日 16:00 から 2028年1月1日 16:00 まで" in japanese
    assert "概要です。詳細は約款・重要事項説明書・取扱代理店へ" in japanese
    assert "信頼された認証局が発行し、ホスト名に一致する証明書に差し替えてください。" in japanese
    assert "Q20261123-7f3a-1" in japanese
    assert "¥100,000,000" in pages["quote.en.txt"]


def test_the_pdf_of_a_quote_says_what_its_page_says() -> None:
    pages = told(Kind.QUOTE)
    for language in ("en", "ja"):
        told_on_paper = pages[f"quote.{language}.pdf"]
        lines = [line.strip("* ").strip() for line in pages[f"quote.{language}.txt"].splitlines()]
        words = [word for line in lines for word in line.split() if word.isalnum()]
        assert [word for word in words if word not in told_on_paper] == []
        assert "Q20261123-7f3a-1" in told_on_paper
    assert "試算・引受不可" in pages["quote.ja.pdf"]
    assert "INDICATION–NOTBINDABLE" in pages["quote.en.pdf"]


def test_a_letter_is_dated_in_the_readers_zone() -> None:
    late = replace(letter(Kind.DECLINE), at=datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
    made = letters.produce(late, catalogue(), ISSUER)
    assert "日付: 2026年11月25日" in made["decline.ja.txt"].decode()
    assert "Date: 24 November 2026" in made["decline.en.txt"].decode()


def test_an_applicants_name_is_never_markup_or_control() -> None:
    item = replace(clean(), consent=replace(clean().consent, applicant="<script>\x1b]0;x\x07\u202e"))
    made = letters.produce(Letter(kind=Kind.DECLINE, assessment=item, at=NOW), catalogue(), Branding())
    for name, content in made.items():
        assert not {"\x1b", "\x07", "\u202e"} & set(words_of(name, content))
    assert b"<script>\\x1b" not in made["decline.en.html"]
