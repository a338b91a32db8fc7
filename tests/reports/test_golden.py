"""Golden reports in both languages and all formats; only an explicit flag changes them."""

import io
import subprocess
import textwrap
from pathlib import Path

import pytest
from openpyxl import load_workbook

import reports
from reports import Branding, view
from reports.compose import Audience, compose
from reports.fonts import packaged
from reports.render import pdf
from tests.reports.test_text import FORBIDDEN
from tests.support import golden
from tests.support.tools import require_tool

ISSUER = Branding(insurer="例損害保険株式会社", desk="サイバー引受室", disputes="scan@insurer.example")
PAGES = [(audience, language) for audience in Audience for language in reports.LANGUAGES]


@pytest.mark.parametrize(("audience", "language"), PAGES)
def test_html(audience: Audience, language: str) -> None:
    files = reports.produce(
        golden.assessment(),
        golden.catalogue(),
        languages=(language,),
        formats=("html",),
        audiences=(audience.value,),
        previous=golden.assessment("previous"),
        whatif=golden.whatif(),
        branding=ISSUER,
    )
    ((name, content),) = files.items()
    golden.check(name, content)


@pytest.mark.parametrize(("audience", "language"), PAGES)
def test_the_text_of_the_pdf(audience: Audience, language: str, tmp_path: Path) -> None:
    """White space is left out: where a line breaks is the typesetter's affair."""
    seen = view.build(golden.assessment(), golden.catalogue(), golden.assessment("previous"), golden.whatif())
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf.render(compose(seen, audience, language, ISSUER), fonts=packaged()))
    ran = subprocess.run([require_tool("pdftotext"), "-raw", str(path), "-"], capture_output=True, check=True)
    text = "".join(ran.stdout.decode().replace("\u200b", "").split())
    golden.check(
        f"{audience.value}.{language}.pdf.txt", ("\n".join(textwrap.wrap(text, 100)) + "\n").encode()
    )


@pytest.mark.parametrize("language", reports.LANGUAGES)
def test_the_tracker(language: str) -> None:
    """The workbook's cells, one a line; its packing is the library's affair."""
    files = reports.produce(golden.assessment(), golden.catalogue(), languages=(language,), formats=("xlsx",))
    ((name, content),) = files.items()
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    lines = [
        f"{cell.coordinate}\t{line}"
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
        for line in str(cell.value).splitlines()
    ]
    golden.check(f"{name}.txt", ("\n".join(lines) + "\n").encode())


@pytest.mark.parametrize("word", [*FORBIDDEN, "〓"])
def test_no_golden_file_says_a_forbidden_word(word: str) -> None:
    """Line breaks and zero-width spaces may lie inside a word on paper."""
    files = sorted(path for path in golden.FOLDER.iterdir() if path.is_file())
    assert len(files) > 10
    said = {path.name: "".join(path.read_text(encoding="utf-8").split()) for path in files}
    assert [name for name, text in said.items() if "".join(word.split()) in text] == []


@pytest.mark.parametrize("name", ["assessment.json", "findings.csv"])
def test_machine_formats(name: str) -> None:
    files = reports.produce(golden.assessment(), golden.catalogue(), formats=("json", "csv"))
    golden.check(name, files[name])
