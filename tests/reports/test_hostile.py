"""Foreign text in every format: never markup, script, formula, typesetting code, terminal control, path."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import reports
from posture.app.cli.summary import Terminal
from posture.core import ledger
from posture.core.catalogue import Language
from posture.core.dossier import Dossier, Service, Shared, Supplier
from posture.core.findings import Outcome
from posture.core.ledger import Event, Kind
from reports import Branding
from tests.support import golden
from tests.support.hostile import STRINGS, infected

AT = datetime(2026, 12, 1, tzinfo=UTC)
AUDIENCES = ("underwriter", "applicant", "agency")
#: What no terminal, spreadsheet or reader may be given: controls but the line feed, and what reorders text.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
PIECES = st.sampled_from(
    [
        *"<>&'\"=+-@{}#$\\/%\r\n\t\x00a 株𠮷",
        "\u202e",
        "\u2028",
        "\x1b[",
        "..",
        "script",
        "cmd|",
        "#read(",
        "</style>",
        "]]>",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)


def dossier(text: str) -> Dossier:
    """A ledger, and suppliers, in the words of the hostile string."""
    item = golden.assessment()
    finding = next(one.id for one in item.findings if one.outcome is Outcome.FAIL)
    words = text.encode("utf-8", "replace").decode().strip()[:150] or "x"
    draft = Event(
        id="",
        domain=item.domain,
        finding=finding,
        assessment=item.id,
        kind=Kind.DISPUTE,
        by=words,
        at=AT,
        reason=words,
    )
    supplier = Supplier(service=Service.CA, name=text)
    return Dossier(
        at=AT,
        ledger={finding: ledger.append((), draft)},
        shared=(Shared(supplier=supplier, others=1),),
        applicants=2,
    )


def produced(
    text: str, formats: tuple[str, ...], languages: tuple[str, ...] = ("en", "ja")
) -> dict[str, bytes]:
    issuer = Branding(
        insurer=text, desk=text, disputes=text, emergency=text, coordinator=text, policyholder=True
    )
    return reports.produce(
        infected(golden.assessment(), text),
        golden.catalogue(),
        formats=formats,
        languages=languages,
        audiences=AUDIENCES,
        dossier=dossier(text),
        branding=issuer,
    )


class Shape(HTMLParser):
    """Every tag of a page with its attributes, but values that are ours to vary."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))


def shape(page: bytes) -> set[tuple[str, tuple[str, ...]]]:
    parser = Shape()
    parser.feed(page.decode())
    return set(parser.tags)


HARMLESS = {name: shape(page) for name, page in produced("harmless", ("html",)).items()}


@given(st.one_of(TEXTS, st.sampled_from(STRINGS)))
@settings(max_examples=15, deadline=None)
def test_a_page_has_no_tag_and_no_attribute_that_a_harmless_one_has_not(text: str) -> None:
    for name, page in produced(text, ("html",), ("ja",)).items():
        assert shape(page) <= HARMLESS[name], name
        assert not CONTROL.search(page.decode()), name
        assert page.count(b"<script") == page.count(b"<style") == 1


@given(st.one_of(TEXTS, st.sampled_from(STRINGS)))
@settings(max_examples=25, deadline=None)
def test_no_cell_is_a_formula_and_none_breaks_its_row(text: str) -> None:
    files = produced(text, ("csv", "xlsx", "json"))
    (first, *rows) = list(csv.reader(io.StringIO(files["findings.csv"].decode("utf-8-sig"), newline="")))
    assert len(rows) == len(golden.assessment().findings)
    for row in rows:
        assert len(row) == len(first)
        assert not [cell for cell in row if cell[:1] in set("=+-@\t\r") or CONTROL.search(cell)]
    for name in ("remediation.en.xlsx", "remediation.ja.xlsx"):
        assert not [
            cell for cell in _cells(files[name]) if cell.data_type == "f" or CONTROL.search(str(cell.value))
        ]
    assert json.loads(files["assessment.json"])["findings"]
    assert not CONTROL.search(files["assessment.json"].decode())


def _cells(workbook: bytes) -> Iterator[Any]:
    for sheet in load_workbook(io.BytesIO(workbook)):
        for row in sheet.iter_rows():
            yield from (cell for cell in row if cell.value is not None)


@pytest.mark.parametrize("text", STRINGS)
def test_no_name_of_a_file_comes_from_elsewhere(text: str, tmp_path: Path) -> None:
    written = reports.write(
        infected(golden.assessment(), text),
        golden.catalogue(),
        tmp_path / "out",
        formats=("html", "csv", "json", "xlsx"),
    )
    assert {path.parent for path in written} == {tmp_path / "out"}
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert all(re.fullmatch(r"[a-z]+(\.(en|ja))?\.(html|csv|json|xlsx)", path.name) for path in written)


@pytest.mark.parametrize("text", STRINGS)
def test_nothing_controls_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    item = infected(golden.assessment(), text)
    for language in Language:
        Terminal.open(golden.catalogue(), language).summary(replace(item, domain=text), ())
    assert not CONTROL.search(capsys.readouterr().out)


@given(TEXTS)
@settings(max_examples=6, deadline=None)
def test_the_typesetter_takes_every_text_as_text(text: str) -> None:
    files = reports.produce(
        infected(golden.assessment(), text),
        golden.catalogue(),
        formats=("pdf",),
        languages=("ja",),
        audiences=("underwriter",),
        dossier=dossier(text),
    )
    assert files["underwriter.ja.pdf"].startswith(b"%PDF-")
