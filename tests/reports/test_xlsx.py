"""The remediation tracker: a workbook that opens, and in which nothing runs."""

import io
import zipfile
from dataclasses import replace

import pytest
from openpyxl import load_workbook

import reports
from posture.checks.registry import catalogue
from posture.core.assessment import Assessment
from posture.core.findings import Outcome
from reports.render.xlsx import COLUMNS
from tests.support.hostile import STRINGS, infected
from tests.support.sample_assessment import sample


def tracker(item: Assessment, language: str = "en") -> bytes:
    files = reports.produce(item, catalogue(), formats=("xlsx",), languages=(language,))
    assert list(files) == [f"remediation.{language}.xlsx"]
    return files[f"remediation.{language}.xlsx"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_open_finding_has_a_row(language: str) -> None:
    item = sample()
    sheet = load_workbook(io.BytesIO(tracker(item, language))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert {key for row in rows for key in str(row[-1]).split()} == {
        f.id for f in item.findings if f.outcome is Outcome.FAIL
    }
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert sheet.max_column == len(COLUMNS)


def test_the_state_is_chosen_from_a_list() -> None:
    sheet = load_workbook(io.BytesIO(tracker(sample(), "ja"))).active
    assert sheet is not None
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"未着手,対応中,完了,受容"'


def test_the_same_assessment_gives_the_same_bytes() -> None:
    once = tracker(sample())
    assert once == tracker(sample())
    assert b"modified" not in zipfile.ZipFile(io.BytesIO(once)).read("docProps/core.xml")


@pytest.mark.parametrize("text", STRINGS)
def test_no_cell_is_a_formula(text: str) -> None:
    content = tracker(infected(sample(), text))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert not [name for name in parts.namelist() if "external" in name.lower()]
    read = load_workbook(io.BytesIO(content)).active
    assert read is not None
    assert {cell.data_type for row in read.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert all(cell.quotePrefix for row in read.iter_rows(max_row=2) for cell in row)


def test_nothing_open_is_an_empty_table() -> None:
    item = sample()
    calm = tuple(f for f in item.findings if f.outcome is Outcome.PASS)
    sheet = load_workbook(io.BytesIO(tracker(replace(item, findings=calm)))).active
    assert sheet is not None
    assert [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)] == []
