"""Text from elsewhere: nothing invisible survives, and ordinary text is left alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.plain import visible

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_nothing_invisible_survives(text: str) -> None:
    assert not {unicodedata.category(letter) for letter in visible(text)} & HIDDEN


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=200))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b2J", "\\x9b2J"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("a\nb", "a\\x0ab"),
        ("髙橋 𠮷野家 葛󠄀城", "髙橋 𠮷野家 葛󠄀城"),
    ],
)
def test_what_hides_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_are_kept_on_request() -> None:
    assert visible("a\r\nb\tc\r", lines=True) == "a\nb    c\\x0d"


def test_long_text_is_cut() -> None:
    assert visible("x" * 50, limit=10) == "x" * 10 + "…"
