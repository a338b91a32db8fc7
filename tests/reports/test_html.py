"""HTML: self-contained, inert, complete without scripts."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise

import pytest

import reports
from posture.checks.registry import catalogue
from tests.support.hostile import STRINGS, infected
from tests.support.sample_assessment import earlier, sample

VOID = {"col", "meta", "br", "link", "img", "input", "hr"}
PAGES = [f"{who}.{language}.html" for who in ("underwriter", "applicant") for language in ("en", "ja")]
FETCHES = {"link", "img", "iframe", "object", "embed", "form", "base"}
HIDES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Page(HTMLParser):
    """Every element with its attributes, and the texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, name: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.elements if tag == name)


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    item = sample()
    files = reports.produce(item, catalogue(), formats=("html",), previous=earlier(item))
    return {name: Page(content.decode()) for name, content in files.items()}


@pytest.mark.parametrize("name", PAGES)
def test_every_element_is_closed_in_order(pages: dict[str, Page], name: str) -> None:
    assert pages[name].open == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_fetched_and_nothing_leaves(pages: dict[str, Page], name: str) -> None:
    page = pages[name]
    assert {tag for tag, _ in page.elements} & FETCHES == set()
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "style", "action", "background", "ping"} & attributes.keys(), tag
        assert not [key for key in attributes if key.startswith("on")], tag
    assert all((a["href"] or "").startswith("#") for a in page.all("a"))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere_and_every_anchor_is_one(pages: dict[str, Page], name: str) -> None:
    ids = [attributes["id"] for _, attributes in pages[name].elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "#")[1:] for a in pages[name].all("a")}
    labelled = {value for _, a in pages[name].elements if (value := a.get("aria-labelledby"))}
    assert (targets | labelled) - set(ids) == set()


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_names_this_style_and_this_script_alone(pages: dict[str, Page], name: str) -> None:
    page = pages[name]
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    for tag in ("style", "script"):
        (content,) = [text for inside, text in page.texts if inside == tag]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in (policy or "")
    assert (policy or "").startswith("default-src 'none'")
    assert "unsafe" not in (policy or "")


@pytest.mark.parametrize("name", PAGES)
def test_landmarks_headings_and_table_heads(pages: dict[str, Page], name: str) -> None:
    page = pages[name]
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "h1")] == [1, 1, 1, 1]
    assert next(page.all("html")) == {"lang": name.split(".")[1]}
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in th for th in page.all("th"))
    assert tags.count("caption") == tags.count("table") > 0


@pytest.mark.parametrize("text", STRINGS)
def test_no_foreign_text_becomes_markup(pages: dict[str, Page], text: str) -> None:
    files = reports.produce(
        infected(sample(), text), catalogue(), formats=("html",), previous=earlier(sample())
    )
    for name, content in files.items():
        page = Page(content.decode())
        known = {tag for tag, _ in pages[name].elements}
        assert {tag for tag, _ in page.elements} <= known
        assert not [a for a in page.all("a") if not (a["href"] or "").startswith("#")]
        assert len(list(page.all("script"))) == 1
        shown = "".join(data for inside, data in page.texts if inside not in {"style", "script"})
        assert not HIDES.search(shown)


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("applicant")])
def test_effect_and_owner_in_the_plan_stay_on_one_line(pages: dict[str, Page], name: str) -> None:
    """Japanese breaks between any two characters: a narrow column would stand one below the other."""
    (style,) = [text for tag, text in pages[name].texts if tag == "style"]
    (rule,) = [line for line in style.splitlines() if ".whole" in line]
    assert "white-space: nowrap" in rule
    cells = [attributes for attributes in pages[name].all("td") if "whole" in (attributes["class"] or "")]
    assert cells
    assert len(cells) % 2 == 0
