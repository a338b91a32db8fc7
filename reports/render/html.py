"""HTML: one self-contained file that asks for nothing, works without scripts, and says so in its policy."""

import base64
import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from posture.core import codec
from reports import subset
from reports.blocks import Document
from reports.dress import Dress, at_night
from reports.fonts import carried

if TYPE_CHECKING:
    from jinja2 import Template

#: Where the Japanese characters begin: CJK Radicals Supplement (Unicode block).
_FIRST_CJK = 0x2E80

_FOLDER = Path(__file__).parents[1] / "templates"


def render(document: Document) -> bytes:
    """The document as one HTML file. Every string of it is escaped by the template engine."""
    from markupsafe import Markup

    face = _face(document)
    style = _asset("report.css") + _coloured(document.dress.colour) + face
    script = _asset("report.js")
    logo = base64.b64encode(document.dress.logo).decode("ascii")
    text = _template().render(
        document=document,
        style=Markup(style),  # noqa: S704  our own file, hashed into the policy
        script=Markup(script),  # noqa: S704  likewise
        logo=logo,
        policy=policy(style, script, images=bool(logo), fonts=bool(face)),
    )
    return text.encode()


def _coloured(colour: str) -> str:
    """The issuer's colour in place of ours, lighter on dark ground; nothing without one."""
    if not colour:
        return ""
    night = f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {at_night(colour)}; }} }}"
    return f"\n:root {{ --accent: {colour}; }}\n{night}\n@media print {{ :root {{ --accent: {colour}; }} }}"


def _face(document: Document) -> str:
    """The page's Japanese characters as a font, for a machine that has none; nothing where it has no such.

    It stands last in the list of fonts: where a Japanese one is installed this one is not looked at.
    """
    path = carried()
    text = json.dumps(codec.encode(replace(document, dress=Dress())), ensure_ascii=False)
    wanted = {letter for letter in set(text) if ord(letter) >= _FIRST_CJK}
    font = subset.woff(subset.load(path), wanted) if path is not None and wanted else b""
    if not font:
        return ""
    source = f"data:font/woff;base64,{base64.b64encode(font).decode('ascii')}"
    return f'\n@font-face {{ font-family: "Report Japanese"; src: url("{source}") format("woff"); }}'


def policy(style: str, script: str, *, images: bool = False, fonts: bool = False) -> str:
    """Content Security Policy (CSP Level 3 §6): this style, this script, and nothing from anywhere.

    `images` and `fonts`: those that the file itself carries may be shown.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_source(style)}",
            f"script-src {_source(script)}",
            *(("img-src data:",) if images else ()),
            *(("font-src data:",) if fonts else ()),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@cache
def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8").strip()


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    environment.filters["share"] = lambda value: f"{100 * value:.2f}%"
    return environment.get_template("report.html.jinja")
