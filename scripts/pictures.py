"""Draw the README's pictures from what `posture demo` wrote: python scripts/pictures.py DEMO_FOLDER.

Page one of the underwriter's file and of the applicant's report, of the typical applicant.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from posture.checks.registry import catalogue
from posture.core import document
from reports import Branding, view
from reports.compose import Audience, compose
from reports.fonts import packaged
from reports.render import pdf

APPLICANT = "minato"
PICTURES = ((Audience.UNDERWRITER, "en"), (Audience.APPLICANT, "ja"))
TARGET = Path(__file__).parents[1] / "docs" / "images"
RESOLUTION = 96


def main(demo: Path) -> None:
    """Draw every picture."""
    stored = json.loads((demo / APPLICANT / "assessment.json").read_text(encoding="utf-8"))
    seen = view.build(document.read_assessment(stored), catalogue())
    TARGET.mkdir(parents=True, exist_ok=True)
    for audience, language in PICTURES:
        content = pdf.render(compose(seen, audience, language, Branding()), fonts=packaged())
        draw(content, TARGET / f"{audience.value}.{language}.png")


def draw(content: bytes, picture: Path) -> None:
    """Page one as PNG, by poppler."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as paper:
        paper.write(content)
        paper.flush()
        size = ["-r", str(RESOLUTION), "-f", "1", "-l", "1", "-singlefile", "-png"]
        command = ["pdftoppm", *size, paper.name, str(picture.with_suffix(""))]
        subprocess.run(command, check=True)  # noqa: S603  a fixed tool and our own file
    print(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
