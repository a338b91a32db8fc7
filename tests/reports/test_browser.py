"""The HTML reports in a real browser: accessible, self-contained, sound on paper and on a telephone."""

import importlib.util
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

import models.whatif
import reports
from reports.dress import Dress, clean
from tests.reports.test_dress import png
from tests.reports.test_hostile import dossier
from tests.support import browser, golden
from tests.support.tools import missing, require_tool

pytestmark = pytest.mark.e2e

WHO = ("underwriter", "applicant", "agency")
NAMES = [f"{who}.{language}" for who in WHO for language in ("en", "ja")]
THEMES = {"light": (), "dark": ("--force-dark-mode",)}
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

RUN = """
axe.run(document, {resultTypes: ["violations"]}).then((result) => {
  const left = document.createElement("pre");
  left.id = "answer";
  left.textContent = JSON.stringify({
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    checked: result.passes.length,
    violations: result.violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))]),
  });
  document.body.append(left);
});
"""
MEASURE = """
const wide = [...document.querySelectorAll("main *")].filter((element) => {
  if (element.closest(".scroll") || element.closest("pre")) return false;
  return element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
});
const left = document.createElement("pre");
left.id = "answer";
left.textContent = JSON.stringify({
  page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  wide: wide.map((element) => element.outerHTML.slice(0, 120)),
});
document.body.append(left);
"""
ASKS = """
const box = document.querySelector("#filter");
const cards = () => [...document.querySelectorAll(".card")].filter((card) => !card.hidden).length;
const before = cards();
box.value = "hsts";
box.dispatchEvent(new Event("input"));
const left = document.createElement("pre");
left.id = "answer";
left.textContent = JSON.stringify({before, after: cards(), count: document.querySelector("output").value});
document.body.append(left);
"""
SORTS = """
const table = [...document.querySelectorAll("table")].find((one) => one.querySelector("[data-rank]"));
const heads = [...table.tHead.rows[0].cells];
const ranked = [...table.tBodies[0].rows[0].cells].findIndex((cell) => cell.dataset.rank);
const ranks = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[ranked].dataset.rank));
const press = () => heads[ranked].querySelector("button").click();
press();
const up = ranks();
press();
const left = document.createElement("pre");
left.id = "answer";
left.textContent = JSON.stringify({up, down: ranks(), said: heads[ranked].getAttribute("aria-sort")});
document.body.append(left);
"""


@cache
def axe() -> str:
    """axe-core as a Python package of the test environment carries it; only its file is read."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        missing("axe-playwright-python is not installed; make setup-dev installs it")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pages")
    item = golden.assessment()
    case = models.whatif.case(item.findings, item.application, on=item.started_at.date())
    reports.write(
        item,
        golden.catalogue(),
        folder,
        formats=("html",),
        audiences=WHO,
        previous=golden.assessment("previous"),
        dossier=dossier("当社の設備ではありません"),
        whatif=models.whatif.study(case),
        branding=reports.Branding(
            insurer="例損害保険",
            emergency="0120-000-000",
            policyholder=True,
            yen_approval="1",
            dress=Dress(logo=clean(png()), colour="#7a1f3d"),
        ),
    )
    return folder


def with_script(page: Path, script: str) -> Path:
    """A copy that runs a script of ours; the policy, which forbids that, is taken out."""
    text, removed = POLICY.subn("", page.read_text(encoding="utf-8"))
    assert removed == 1
    copy = page.with_name(f"{page.stem}.scripted.html")
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    return copy


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(pages: Path, tmp_path: Path, name: str, theme: str) -> None:
    page = with_script(pages / f"{name}.html", axe() + RUN)
    found = browser.answer(page, tmp_path, *THEMES[theme], "--window-size=1100,900")
    assert found["dark"] is (theme == "dark")
    assert found["checked"] > 20
    assert found["violations"] == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_a_telephone(pages: Path, tmp_path: Path, name: str) -> None:
    """Tables and commands scroll in boxes of their own; the page itself never does."""
    page = with_script(pages / f"{name}.html", MEASURE)
    assert browser.answer(page, tmp_path, "--window-size=500,900") == {"page": 0, "wide": []}


def test_the_filter_narrows_the_findings(pages: Path, tmp_path: Path) -> None:
    found = browser.answer(with_script(pages / "applicant.en.html", ASKS), tmp_path)
    assert found["before"] > found["after"] == 1
    assert found["count"] == f"1 / {found['before']}"


def test_a_table_sorts_by_a_column(pages: Path, tmp_path: Path) -> None:
    found = browser.answer(with_script(pages / "applicant.ja.html", SORTS), tmp_path)
    assert found["up"] == sorted(found["up"])
    assert found["down"] == sorted(found["up"], reverse=True)
    assert len(set(found["up"])) > 1
    assert found["said"] == "descending"


def test_the_policy_lets_the_reports_own_script_run_and_no_other(pages: Path, tmp_path: Path) -> None:
    page = pages / "applicant.en.html"
    text = page.read_text(encoding="utf-8")
    copy = page.with_name("guarded.html")
    copy.write_text(
        text.replace("</main>", "<script>document.title='owned'</script></main>"), encoding="utf-8"
    )
    seen = browser.dom(copy, tmp_path)
    assert 'id="filter"' in seen
    assert "<title>owned" not in seen


@pytest.mark.parametrize("name", NAMES)
def test_it_prints_on_a4_without_loss(pages: Path, tmp_path: Path, name: str) -> None:
    paper = tmp_path / "printed.pdf"
    browser.printed(pages / f"{name}.html", tmp_path / "profile", paper)
    boxes = subprocess.run(
        [require_tool("pdftotext"), "-bbox", str(paper), "-"], capture_output=True, check=True
    ).stdout.decode("utf-8", "replace")
    words = re.findall(r'<word xMin="[\d.]+" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', boxes)
    # The watermark's letters, which are tall, lie across the page.
    right = [float(edge) for top, edge, bottom in words if float(bottom) - float(top) < 25]
    assert len(right) > (300 if not name.startswith("agency") else 100)
    assert max(right) < 595 - 30
