"""PDF: tagged, titled, reproducible, every character there; nothing of it ever typesetting code."""

import re
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

import reports
from posture.checks.registry import catalogue
from reports import view
from reports.blocks import (
    TONES,
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Document,
    Entry,
    Items,
    Link,
    Notice,
    Paragraph,
    Section,
    Table,
    Tick,
    Tile,
    Tiles,
)
from reports.branding import Branding
from reports.compose import Audience, compose
from reports.fonts import packaged
from reports.render import pdf
from tests.support import golden
from tests.support.hostile import STRINGS, infected
from tests.support.sample_assessment import earlier, sample
from tests.support.tools import require_tool

#: What IPAex Gothic lacks of the hostile strings.
NO_GLYPH = {ord(letter): f"〓(U+{ord(letter):04X})" for letter in "𠮷🏯"}
EVERY = [(audience, language) for audience in Audience for language in reports.LANGUAGES]


def document(audience: Audience, language: str) -> Document:
    item = sample()
    return compose(view.build(item, catalogue(), earlier(item)), audience, language, Branding())


def run(tool: str, *arguments: str) -> str:
    ran = subprocess.run([require_tool(tool), *arguments], capture_output=True, check=True)
    return ran.stdout.decode("utf-8", "replace")


def text_of(content: bytes, folder: Path) -> str:
    path = folder / "report.pdf"
    path.write_bytes(content)
    return run("pdftotext", "-raw", str(path), "-")


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_pages_are_numbered_in_order(audience: Audience, language: str, tmp_path: Path) -> None:
    made = document(audience, language)
    printed = text_of(pdf.render(made, fonts=packaged()), tmp_path)
    words = "".join(made.labels.page_of.split())
    shape = re.escape(words).replace(r"\{page\}", r"(\d+)").replace(r"\{pages\}", r"(\d+)")
    pages = printed.count("\f")
    assert pages > 0
    told = re.findall(shape, "".join(printed.split()))
    assert told == [(str(page), str(pages)) for page in range(1, pages + 1)]


def strings(value: object) -> list[str]:
    """Every string of a document that is printed."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in strings(item)]
    fields = getattr(type(value), "__dataclass_fields__", {})
    hidden = {"block", "tone", "align", "anchor", "language", "kind", "issuer", "labels"}
    return [text for name in fields if name not in hidden for text in strings(getattr(value, name))]


def letters(text: str) -> set[str]:
    return {letter for letter in unicodedata.normalize("NFKC", text) if not letter.isspace()}


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_the_file_says_what_it_is(audience: Audience, language: str, tmp_path: Path) -> None:
    paper = document(audience, language)
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf.render(paper, fonts=packaged()))
    facts = dict(re.findall(r"^([^:]+):\s+(.*)$", run("pdfinfo", str(path)), re.MULTILINE))
    assert facts["Title"] == f"{paper.title} – {paper.subject}"
    assert (facts["Tagged"], facts["Page size"]) == ("yes", "595.276 x 841.89 pts (A4)")
    metadata = run("pdfinfo", "-meta", str(path))
    assert f"<rdf:li>{language}" in metadata.partition("<dc:language>")[2]


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_every_character_is_in_the_text_and_in_the_font(
    audience: Audience, language: str, tmp_path: Path
) -> None:
    """A glyph the font lacks leaves no character behind, or one that pdftotext cannot name."""
    paper = document(audience, language)
    printed = text_of(pdf.render(paper, fonts=packaged()), tmp_path)
    missing = letters("".join(strings(paper))) - letters(printed)
    assert missing == set()
    assert "\ufffd" not in printed


def test_the_same_document_gives_the_same_bytes() -> None:
    paper = document(Audience.APPLICANT, "ja")
    assert pdf.render(paper, fonts=packaged()) == pdf.render(paper, fonts=packaged())


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_headings_tables_and_lists_are_tagged(audience: Audience, language: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf.render(document(audience, language), fonts=packaged()))
    kinds = re.findall(r"^\s*([A-Za-z0-9]+)", run("pdfinfo", "-struct", str(path)), re.MULTILINE)
    assert kinds.count("H1") == 1
    assert {"H2", "H3", "Table", "TH", "TD", "LI"} <= set(kinds)


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_nothing_runs_off_the_page(audience: Audience, language: str, tmp_path: Path) -> None:
    """Every word lies inside the margins of its page (54 to 541 pt); punctuation may hang half an em out."""
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf.render(document(audience, language), fonts=packaged()))
    boxes = re.findall(
        r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)',
        run("pdftotext", "-bbox", str(path), "-"),
    )
    assert len(boxes) > 200
    outside = [word for left, _, right, _, word in boxes if float(left) < 48 or float(right) > 547]
    assert outside == []


def gallery(language: str) -> Document:
    """Every block in every tone, with and without links, marks and notes."""
    links = ("", "gallery")
    cells = tuple(
        (Cell(text="a", tone=tone, anchor=anchor, mono=mono, whole=whole), Cell(text="b"))
        for tone in TONES
        for anchor in links
        for mono in (False, True)
        for whole in (False, True)
    )
    refs = (Link(text="No. 1", anchor="gallery"),)
    columns = (Column(title="one"), Column(title="two", align="right"))
    ticks = (Tick(at=0.0, text="0"), Tick(at=0.5, text="half", strong=True), Tick(at=1.0, text="1"))
    bars = tuple(
        Bar(label="bar", value="1", start=start, end=0.6, low=0.1, high=0.9, mark=0.5, tone=tone, links=refs)
        for tone in TONES
        for start in (None, 0.2)
    )
    blocks: list[Block] = [Paragraph(text="text", tone=tone, links=refs) for tone in TONES]
    blocks += [Notice(title="title", text="text", tone=tone) for tone in TONES if tone]
    blocks += [
        Items(entries=(Entry(text="text", note="note", links=refs),), ordered=ordered)
        for ordered in (False, True)
    ]
    blocks += [Table(caption="table", columns=columns, rows=cells, total=total) for total in (False, True)]
    blocks += [Bars(caption="bars", heads=("a", "", "b"), ticks=ticks, bars=bars)]
    blocks += [Tiles(tiles=tuple(Tile(label="l", value="v", note="n", tone=tone) for tone in TONES[:6]))]
    section = Section(anchor="gallery", title="gallery", blocks=tuple(blocks))
    return replace(document(Audience.UNDERWRITER, language), sections=(section,))


@pytest.mark.parametrize("language", reports.LANGUAGES)
def test_every_block_in_every_dress_meets_the_standards(language: str) -> None:
    assert pdf.render(gallery(language), fonts=packaged()).startswith(b"%PDF-")


@pytest.mark.parametrize("text", STRINGS)
def test_no_foreign_text_is_typeset_as_code(text: str, tmp_path: Path) -> None:
    item = infected(golden.assessment(), text)
    paper = compose(view.build(item, golden.catalogue()), Audience.UNDERWRITER, "en", Branding())
    printed = text_of(pdf.render(paper, fonts=packaged()), tmp_path)
    assert "root:" not in printed
    shown = "".join(paper.subject.split())[14:40].translate(NO_GLYPH)
    assert shown in "".join(printed.split()).replace("\u200b", "")


def test_a_character_in_no_font_is_printed_as_a_geta_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    item = infected(golden.assessment(), "株式会社𠮷野🏯 髙﨑")
    paper = compose(view.build(item, golden.catalogue()), Audience.APPLICANT, "ja", Branding())
    printed = "".join(text_of(pdf.render(paper, fonts=packaged()), tmp_path).split())
    assert "株式会社〓(U+20BB7)野〓(U+1F3EF)髙﨑御中" in printed
    assert caplog.messages == ["No font has a glyph for U+1F3EF, U+20BB7: printed as 〓 with the code point."]
