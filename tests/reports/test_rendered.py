"""Pages as a reader sees them: drawn to PNG, with no text box cut and no table over the edge of the page.

What runs over leaves ink in the margins, or words on words; what is cut leaves a word without ink. Words are
placed by pdftotext, ink by pdftoppm.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import reports
from reports import view
from reports.branding import Branding
from reports.compose import Audience, compose
from reports.fonts import packaged
from reports.render import pdf
from tests.support import golden
from tests.support.hostile import infected
from tests.support.tools import require_tool

#: Dots for each point (1/72 inch), and the page in points.
SCALE = 1
WIDTH, HEIGHT = 595, 842
#: The page's margins (19 mm at the sides; the text ends 17 mm from the top, the footer 8 mm from the bottom).
LEFT, RIGHT, TOP, BOTTOM = 48, WIDTH - 46, 40, HEIGHT - 20
#: Darker than this is ink: the watermark is lighter.
INK = 200
#: Letters at least so high (points) are the watermark's, which lies under everything.
_WATERMARK = 25
EVERY = [(audience, language) for audience in Audience for language in reports.LANGUAGES]


@dataclass(frozen=True)
class Page:
    """A page in grey, one byte a dot, row by row."""

    width: int
    height: int
    dots: bytes

    def ink(self, left: float, top: float, right: float, bottom: float) -> int:
        """Dark dots inside the box (points)."""
        columns = slice(max(0, round(left)), min(self.width, round(right)))
        rows = range(max(0, round(top)), min(self.height, round(bottom)))
        return sum(sum(dot < INK for dot in self.dots[row * self.width :][columns]) for row in rows)


def drawn(paper: Path) -> Iterator[Page]:
    """Every page, drawn by poppler at one dot a point (PGM, binary)."""
    target = paper.with_suffix("")
    command = [require_tool("pdftoppm"), "-gray", "-r", str(72 * SCALE), str(paper), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    for path in sorted(paper.parent.glob(f"{target.name}-*.pgm")):
        head = re.match(rb"P5\s(\d+) (\d+)\s255\s", content := path.read_bytes())
        assert head is not None
        yield Page(int(head[1]), int(head[2]), content[head.end() :])


def words(paper: Path) -> list[list[tuple[float, float, float, float, str]]]:
    """The boxes of every page's words."""
    ran = subprocess.run(
        [require_tool("pdftotext"), "-bbox", str(paper), "-"], capture_output=True, check=True
    )
    pattern = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)'
    return [
        [(*map(float, found[:4]), found[4]) for found in re.findall(pattern, page)]
        for page in ran.stdout.decode("utf-8", "replace").split("<page ")[1:]
    ]


def written(folder: Path, audience: Audience, language: str, applicant: str = "") -> Path:
    item = golden.assessment()
    if applicant:
        item = infected(item, applicant)
    seen = view.build(item, golden.catalogue(), golden.assessment("previous"))
    paper = folder / "report.pdf"
    paper.write_bytes(pdf.render(compose(seen, audience, language, Branding()), fonts=packaged()))
    return paper


def check(paper: Path) -> None:
    pages, boxes = list(drawn(paper)), words(paper)
    assert len(pages) == len(boxes) > 0
    for page, all_words in zip(pages, boxes, strict=True):
        found = [box for box in all_words if box[3] - box[1] < _WATERMARK]
        assert (page.width, page.height) == (WIDTH * SCALE + 1, HEIGHT * SCALE)
        assert page.ink(0, 0, LEFT - 2, HEIGHT) == 0
        assert page.ink(RIGHT + 2, 0, WIDTH, HEIGHT) == 0
        assert page.ink(0, 0, WIDTH, TOP - 10) == page.ink(0, BOTTOM + 4, WIDTH, HEIGHT) == 0
        blank = [
            word
            for left, top, right, bottom, word in found
            if word.strip() and not page.ink(left, top, right, bottom)
        ]
        assert blank == []
        assert list(overlapping(found)) == []


def overlapping(found: list[tuple[float, float, float, float, str]]) -> Iterator[tuple[str, str]]:
    """Words of one line that lie on each other: a cell wider than its column."""
    for number, (left, top, right, bottom, word) in enumerate(found):
        for other_left, other_top, other_right, other_bottom, other in found[number + 1 :]:
            across = min(right, other_right) - max(left, other_left)
            down = min(bottom, other_bottom) - max(top, other_top)
            # A full stop after a bracket is set half an em closer than its box says.
            if across > 0.7 * (bottom - top) and down > 0.5 * min(bottom - top, other_bottom - other_top):
                yield word, other


@pytest.mark.parametrize(("audience", "language"), EVERY)
def test_nothing_is_cut_and_nothing_lies_on_anything(
    audience: Audience, language: str, tmp_path: Path
) -> None:
    check(written(tmp_path, audience, language))


@pytest.mark.parametrize("language", reports.LANGUAGES)
def test_long_names_stay_inside_their_columns(language: str, tmp_path: Path) -> None:
    check(written(tmp_path, Audience.UNDERWRITER, language, "a-very-long-label-" * 12 + ".example"))


def test_the_drawing_shows_what_a_table_too_wide_would_do(tmp_path: Path) -> None:
    """The check itself sees ink beyond the margin and words on words."""
    page = Page(4, 2, bytes([255, 255, 0, 255, 255, 255, 255, 255]))
    assert (page.ink(2, 0, 3, 1), page.ink(0, 0, 2, 2), page.ink(3, 0, 4, 2)) == (1, 0, 0)
    boxes = [
        (0.0, 0.0, 50.0, 10.0, "Information"),
        (40.0, 0.0, 60.0, 10.0, "None"),
        (0.0, 12.0, 50.0, 22.0, "x"),
    ]
    assert list(overlapping(boxes)) == [("Information", "None")]
