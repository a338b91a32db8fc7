"""findings.csv: complete, and harmless in a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.checks.registry import catalogue
from posture.core.findings import Outcome
from reports.render.csv import COLUMNS, cell, render
from tests.support.sample_assessment import sample


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_finding_has_a_row_in_both_languages() -> None:
    item = sample()
    content = render(item.findings, catalogue())
    assert content.startswith(b"\xef\xbb\xbf")
    read = rows(content)
    assert tuple(read[0]) == COLUMNS
    assert [row["id"] for row in read] == [finding.id for finding in item.findings]
    assert {row["outcome"] for row in read} == {outcome.value for outcome in Outcome}
    caa = next(row for row in read if row["check"] == "dns/caa")
    assert caa["message_en"] == "No CAA record restricts who may issue certificates."
    assert caa["message_ja"] == "証明書を発行できる認証局を限定する CAA レコードがありません。"
    assert (caa["severity"], caa["name"], caa["port"], caa["reason"]) == (
        "low",
        "sakura-seiki.example",
        "",
        "",
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", " =", "\u3000="])
def test_no_cell_is_a_formula(start: str) -> None:
    harmless = cell(start + 'HYPERLINK("http://evil.example","click")')
    assert harmless[0] in "'\\"
    assert not {"\t", "\r", "\n"} & set(harmless)


@given(st.text())
def test_no_cell_ever_starts_with_a_sign(text: str) -> None:
    assert not cell(text).strip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(st.text())
def test_a_row_stays_a_row(text: str) -> None:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([cell(text), "end"])
    assert list(csv.reader(io.StringIO(stream.getvalue()))) == [[cell(text), "end"]]
