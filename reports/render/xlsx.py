"""The remediation tracker: the plan as a workbook to work in, with room for who, when and done."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reports import fixes, verify
from reports.plain import visible
from reports.say import Say
from reports.view import Issue, View, advice

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

#: Word id of each column and its width in characters.
COLUMNS = (
    ("number", 6),
    ("what", 46),
    ("where", 34),
    ("severity", 11),
    ("effect", 9),
    ("owner", 18),
    ("fix", 60),
    ("verify", 50),
    ("state", 14),
    ("assignee", 18),
    ("due", 14),
    ("note", 40),
    ("identity", 20),
)
_STATES = ("open", "doing", "done", "waived")
_STATE_COLUMN = next(number for number, (key, _) in enumerate(COLUMNS, start=1) if key == "state")
_DUE_COLUMN = next(number for number, (key, _) in enumerate(COLUMNS, start=1) if key == "due")
_LIMIT = 8_000
_PROPERTIES = "docProps/core.xml"
_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>[^<]*</dcterms:modified>")
_ZIP_START = (1980, 1, 1, 0, 0, 0)


def render(view: View, say: Say) -> bytes:
    """The workbook; the same view gives the same bytes. Every cell is text, whatever it starts with."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101  a new workbook has one sheet
    sheet.title = say("tracker.title")
    _head(sheet, say)
    for row, issue in enumerate(view.issues, start=2):
        for column, text in enumerate(_row(issue, view, say), start=1):
            _write(sheet.cell(row=row, column=column), text)
    _dress(sheet, say, last=max(2, len(view.issues) + 1))
    _sign(book, view.assessment.finished_at, say)
    return _same_bytes(book)


def _row(issue: Issue, view: View, say: Say) -> tuple[str, ...]:
    finding = issue.finding
    card = view.catalogue.cards[finding.check]
    return (
        str(issue.number),
        say.finding(finding),
        "\n".join(say.where(item.target) for item in issue.findings),
        say(f"severities.{finding.severity.value}"),
        say(f"effects.{issue.effect.value}"),
        say.owner(finding.owner),
        _fix(issue, view, say),
        verify.command(card, finding.target),
        say("tracker.open"),
        "",
        "",
        "",
        "\n".join(item.id for item in issue.findings),
    )


def _fix(issue: Issue, view: View, say: Say) -> str:
    """As on the finding's card: for the recognised product, else the check's own words."""
    known = advice(view, issue.finding, say.language)
    if known is None:
        text = view.catalogue.cards[issue.finding.check].wordings[say.language].fix
        return fixes.for_domain(text, view.assessment.domain).strip()
    return "\n".join(filter(None, (f"{known.product}: {known.text}", known.code)))


def _head(sheet: "Worksheet", say: Say) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for column, (key, width) in enumerate(COLUMNS, start=1):
        head = sheet.cell(row=1, column=column)
        _write(head, say(f"tracker.{key}"))
        head.font = Font(bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", fgColor="23466B")
        head.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _write(cell: object, text: str) -> None:
    """Write text that stays text: as a string cell with the prefix mark that editing respects."""
    from openpyxl.cell import Cell

    assert isinstance(cell, Cell)  # noqa: S101  no cell of ours is merged
    cell.value = visible(text, limit=_LIMIT, lines=True)
    cell.data_type = "s"
    cell.style = "Normal"
    cell.quotePrefix = True


def _dress(sheet: "Worksheet", say: Say, *, last: int) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.properties import PageSetupProperties

    for row in sheet.iter_rows(min_row=2, max_row=last):
        for cell in row:
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        row[_DUE_COLUMN - 1].number_format = "yyyy-mm-dd"
    choices = ",".join(say(f"tracker.{state}") for state in _STATES)
    choice = DataValidation(type="list", formula1=f'"{choices}"', allow_blank=False)
    letter = get_column_letter(_STATE_COLUMN)
    choice.add(f"{letter}2:{letter}{last}")
    sheet.add_data_validation(choice)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{last}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _sign(book: "Workbook", at: datetime, say: Say) -> None:
    book.properties.title = say("tracker.title")
    book.properties.creator = say("product.name")
    book.properties.language = say.language.value
    book.properties.created = at.replace(tzinfo=None)


def _same_bytes(book: "Workbook") -> bytes:
    """Save, and pack the parts again with one fixed time: the library stamps the hour of writing, twice."""
    first, second = io.BytesIO(), io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as parts, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in _sorted(parts.namelist()):
            content = _MODIFIED.sub(b"", parts.read(name)) if name == _PROPERTIES else parts.read(name)
            packed.writestr(zipfile.ZipInfo(name, _ZIP_START), content, zipfile.ZIP_DEFLATED)
    return second.getvalue()


def _sorted(names: Sequence[str]) -> list[str]:
    """Readers want the table of contents first."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))
