"""Scripts, plainly loaded parts and forms of a page, whatever a stranger writes."""

from typing import Any

import pytest

from posture.core.facts.web_response import Form, Page, PlainLoad, Script
from scanners.web.parts import parts

URL = "https://www.example.jp/shop/"


def page(text: str, url: str = URL, *, whole: bool = True) -> Page:
    return parts(text, url, whole=whole)


def empty(**more: Any) -> Page:
    fields: dict[str, Any] = {
        "scripts": (),
        "inline_scripts": False,
        "plain_loads": (),
        "forms": (),
        "complete": True,
    }
    return Page(**(fields | more))


@pytest.mark.parametrize(
    ("written", "url", "integrity"),
    [
        ('src="/a.js"', "https://www.example.jp/a.js", False),
        ("src=a.js integrity=sha384-x", "https://www.example.jp/shop/a.js", True),
        ("SRC='//cdn.example/a.js'", "https://cdn.example/a.js", False),
        ('async src="http://cdn.example/a.js" integrity=""', "http://cdn.example/a.js", False),
        ('src="https://cdn.example/a&amp;b.js"', "https://cdn.example/a&b.js", False),
        ('src="data:text/javascript,1"', "", False),
        ('src="https://[broken/"', "", False),
    ],
)
def test_scripts(written: str, url: str, *, integrity: bool) -> None:
    (script,) = page(f"<script {written}></script>").scripts
    assert (script.url, script.integrity) == (url, integrity)


def test_a_base_moves_what_is_relative_and_a_comment_hides() -> None:
    text = '<base href="https://cdn.example/x/"><!-- <script src="/no.js"> -->'
    text += '<script src="a.js"></script><script>1</script>'
    assert page(text) == empty(
        scripts=(Script(written="a.js", url="https://cdn.example/x/a.js", integrity=False),),
        inline_scripts=True,
    )
    assert page('<script src="/a.js"></script><!-- <script src="/no.js">').scripts[0].written == "/a.js"
    assert len(page('<script src="/a.js"></script><!-- <script src="/no.js">').scripts) == 1


def test_parts_loaded_without_encryption() -> None:
    text = (
        '<script src="http://a.example/a.js"></script>'
        '<link rel="alternate stylesheet" href="http://b.example/b.css">'
        '<link rel="canonical" href="http://www.example.jp/"><iframe src="http://c.example/"></iframe>'
        '<img src="http://d.example/d.png"><video src="https://e.example/e.mp4"></video>'
        '<img src="data:image/png,x">'
    )
    assert page(text).plain_loads == (
        PlainLoad(url="http://a.example/a.js", element="script", active=True),
        PlainLoad(url="http://b.example/b.css", element="link", active=True),
        PlainLoad(url="http://c.example/", element="iframe", active=True),
        PlainLoad(url="http://d.example/d.png", element="img", active=False),
    )


def test_forms_and_passwords() -> None:
    text = (
        '<form action="/search"><input name="q"></form>'
        '<form action="http://login.example/in"><input type="PASSWORD"></form>'
        "<input type=password>"
    )
    assert page(text).forms == (
        Form(action="https://www.example.jp/search", password=False),
        Form(action="http://login.example/in", password=True),
        Form(action=URL, password=True),
    )
    assert page('<form action="javascript:void(0)"><input type="password">').forms == (
        Form(action=URL, password=True),
    )


def test_what_is_too_much_is_said_to_be_cut() -> None:
    many = page("<script src=/a.js></script>" * 500)
    assert (len(many.scripts), many.complete) == (100, False)
    assert page("<p>", whole=False) == empty(complete=False)
    (long,) = page(f'<script src="/{"a" * 1_500}"></script>').scripts
    assert (len(long.url), len(long.written)) == (300, 300)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "<" * 250_000,
        "<script " * 30_000,
        "<script src=" * 20_000,
        "<!--" * 60_000,
        "<!---->" * 35_000,
        "<input type='" * 20_000,
        "<a" + " x='" * 60_000,
        '<script src="\x1b]0;x\x07\u202e">' * 1_000,
        "<form action=//[>" * 10_000,
        "\x00" * 250_000,
    ],
)
def test_no_page_makes_us_slow_or_dirty(text: str) -> None:
    """What grows with the square of such a page runs into the test's own limit."""
    found = page(text)
    texts = [*(script.written for script in found.scripts), *(form.action for form in found.forms)]
    assert all(shown.isprintable() for shown in texts)
