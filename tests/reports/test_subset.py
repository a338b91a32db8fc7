"""The part of a font that a page carries: the same outlines and widths, and a browser takes it."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from reports import Branding, subset, view
from reports.compose import Audience, compose
from reports.fonts import carried
from reports.render import html
from tests.reports.test_browser import with_script
from tests.support import browser, golden

#: Kanji, kana, full-width forms, composite glyphs, a rare kanji, and two characters no font of ours has.
TEXT = "髙橋株式会社ガギグパピプ、。「」〜ＡＢ①㈱Åé鷗𠮟\U0001f600\ue000"


def file() -> Path:
    path = carried()
    assert path is not None
    return path


def drawn(font: TTFont, code: int) -> tuple[object, int]:
    glyphs, name = font.getGlyphSet(), font.getBestCmap()[code]
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return pen.value, glyphs[name].width


@pytest.fixture(scope="module")
def whole() -> TTFont:
    return TTFont(file())


def test_every_character_of_the_font_is_known_to_us(whole: TTFont) -> None:
    known = {code: whole.getGlyphID(name) for code, name in whole.getBestCmap().items()}
    assert subset.load(file()).characters == known


def test_outlines_and_widths_stay(whole: TTFont) -> None:
    made = TTFont(io.BytesIO(subset.woff(subset.load(file()), TEXT)))
    wanted = {ord(letter) for letter in TEXT} & set(whole.getBestCmap())
    assert set(made.getBestCmap()) == wanted
    assert len(wanted) > 20
    assert [chr(code) for code in wanted if drawn(made, code) != drawn(whole, code)] == []
    assert len(made.getGlyphOrder()) < 2 * len(wanted) + 2
    assert made["name"].getDebugName(13) == whole["name"].getDebugName(13)


@given(st.text(max_size=12))
def test_any_text_gives_a_font_or_nothing(text: str) -> None:
    font = subset.load(file())
    made = subset.woff(font, text)
    shown = {ord(letter) for letter in text} & font.characters.keys()
    assert bool(made) == bool(shown)
    assert not made or set(TTFont(io.BytesIO(made)).getBestCmap()) == shown
    assert made == subset.woff(font, text[::-1])


MEASURES = """
document.fonts.ready.then(async () => {
  const faces = [...document.fonts].map((face) => face.family);
  await document.fonts.load('20px "Report Japanese"', "株").catch(() => {});
  const pen = document.createElement("canvas").getContext("2d");
  const width = (font) => { pen.font = `20px ${font}`; return pen.measureText("株式会社").width; };
  const left = document.createElement("pre");
  left.id = "answer";
  left.textContent = JSON.stringify({
    faces, status: [...document.fonts].map((face) => face.status),
    width: width('"Report Japanese", "Nothing"'),
  });
  document.body.append(left);
});
"""


@pytest.mark.e2e
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_browser_takes_the_font_and_the_policy_lets_it(language: str, tmp_path: Path) -> None:
    seen = view.build(golden.assessment(), golden.catalogue())
    content = html.render(compose(seen, Audience.APPLICANT, language, Branding()))
    assert b"font-src data:" in content
    page = tmp_path / "page.html"
    page.write_bytes(content)
    found = browser.answer(with_script(page, MEASURES), tmp_path / "profile")
    assert found == {"faces": ["Report Japanese"], "status": ["loaded"], "width": 80}


def test_a_page_without_japanese_carries_none() -> None:
    seen = view.build(golden.assessment(), golden.catalogue())
    document = compose(seen, Audience.AGENCY, "en", Branding())
    plain = re.sub("[\u2e80-\uffff]", "x", document.subject)
    content = html.render(replace(document, subject=plain, sections=()))
    assert b"font-face" not in content
    assert b"font-src" not in content
