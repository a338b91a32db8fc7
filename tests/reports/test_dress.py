"""The issuer's look: only a clean PNG and a readable colour reach a report, and no script with them."""

import base64
import io
import struct
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reports import Branding, view
from reports.compose import Audience, compose
from reports.dress import CONTRAST, MOST_BYTES, Dress, at_night, clean, contrast, readable
from reports.fonts import packaged
from reports.render import html, pdf
from tests.support import golden
from tests.support.tools import require_tool


def png(mode: str = "RGBA", size: tuple[int, int] = (60, 20), **options: object) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, 1).save(made, "PNG", **options)
    return made.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def built(header: bytes, *chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def header(width: int, height: int, *, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_ordinary_png_keeps_its_pixels(mode: str) -> None:
    raw = png(mode)
    with Image.open(io.BytesIO(clean(raw))) as kept, Image.open(io.BytesIO(raw)) as given_picture:
        assert (kept.mode, kept.size) == (given_picture.mode, given_picture.size)
        assert kept.tobytes() == given_picture.tobytes()
    assert clean(clean(raw)) == clean(raw)


def test_what_is_hidden_in_a_picture_does_not_travel_on() -> None:
    raw = png()
    marked = raw[:33] + chunk(b"tEXt", b"Comment\0<script>alert(1)</script>") + raw[33:] + b"PK\x03\x04tail"
    assert clean(marked) == clean(raw)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "no PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no PNG"),
        (b"GIF89a", "no PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "bytes"),
        (png()[:-20], "breaks off|damaged"),
        (png().replace(b"IDAT", b"IDAX"), "damaged"),
        (built(header(3, 3)), "its parts"),
        (built(b"\0" * 5, chunk(b"IDAT", b"")), "header"),
        (built(header(2001, 1), chunk(b"IDAT", b"")), "2001 × 1"),
        (built(header(0, 1), chunk(b"IDAT", b"")), "0 × 1"),
        (built(header(3, 3, depth=3), chunk(b"IDAT", b"")), "not supported"),
        (built(header(3, 3, colour=5), chunk(b"IDAT", b"")), "not supported"),
        (built(header(3, 3, interlace=1), chunk(b"IDAT", b"")), "interlacing"),
        (built(header(3, 3, colour=3), chunk(b"IDAT", b"")), "palette"),
        (built(header(3, 3), chunk(b"IDAT", b"no zlib")), "unpacked"),
        (built(header(3, 3), chunk(b"IDAT", zlib.compress(b"\0" * 11))), "fill its frame"),
        (built(header(3, 3), chunk(b"IDAT", zlib.compress(b"\0" * 50_000_000))), "fill its frame"),
    ],
)
def test_what_is_refused(raw: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        clean(raw)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_garbage_is_refused_or_whole(noise: bytes, at: int) -> None:
    raw = png()
    for broken in (noise, raw[:at] + noise + raw[at:], raw[:at] + noise):
        with suppress(ValueError):
            Image.open(io.BytesIO(clean(broken))).load()


@pytest.mark.parametrize("colour", ["#ffffff", "#ffcc00", "#8899aa", "red", "#12345", "#1f4e79;}", ""])
def test_a_colour_nobody_can_read_is_refused(colour: str) -> None:
    with pytest.raises(ValueError, match=r"contrast on paper is \d+\.\d|not a colour"):
        readable(colour)


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_by_day_can_be_read_by_night(number: int) -> None:
    colour = f"#{number:06x}"
    assert contrast(at_night(colour), "#20242a") >= CONTRAST


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert readable("#1F4E79") == "#1f4e79"


DRESSED = Branding(insurer="例損害保険株式会社", dress=Dress(logo=clean(png()), colour="#7a1f3d"))


def paper(audience: Audience, branding: Branding) -> bytes:
    seen = view.build(golden.assessment(), golden.catalogue())
    return html.render(compose(seen, audience, "ja", branding))


def test_the_page_carries_both_and_its_policy_lets_nothing_else_in() -> None:
    page = paper(Audience.APPLICANT, DRESSED).decode()
    picture = base64.b64encode(DRESSED.dress.logo).decode()
    assert f'<img src="data:image/png;base64,{picture}" alt="例損害保険株式会社">' in page
    assert "img-src data:; font-src data:; base-uri" in page
    assert ":root { --accent: #7a1f3d; }" in page
    plain = paper(Audience.APPLICANT, replace(DRESSED, dress=Dress())).decode()
    assert "img-src" not in plain
    assert "<img" not in plain


@pytest.mark.parametrize("audience", list(Audience))
def test_the_pdf_carries_the_logo(audience: Audience, tmp_path: Path) -> None:
    seen = view.build(golden.assessment(), golden.catalogue())
    for name, branding, pictures in (("dressed", DRESSED, 1), ("plain", Branding(), 0)):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf.render(compose(seen, audience, "ja", branding), fonts=packaged()))
        listed = subprocess.run(
            [require_tool("pdfimages"), "-list", str(path)], capture_output=True, text=True, check=True
        )
        shown = [line for line in listed.stdout.splitlines()[2:] if line.split()[2] == "image"]
        assert len(shown) == pictures
