"""Money, dates and numbers as each reader writes them."""

from datetime import UTC, date, datetime

import pytest

from posture.core.catalogue import Language
from reports import convention

EN, JA = Language.EN, Language.JA


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (1_234_567, "JPY", EN, "¥1,234,567"),
        (1_234_567, "JPY", JA, "1,234,567円"),
        (0, "JPY", JA, "0円"),
        (-500, "JPY", EN, "−¥500"),
        (123_456, "USD", EN, "US$1,234.56"),
        (123_456, "USD", JA, "US$1,234.56"),
        (1_000, "CHF", EN, "10.00 CHF"),
        (1_234, "KWD", EN, "1.234 KWD"),
    ],
)
def test_money(minor: int, currency: str, language: Language, text: str) -> None:
    assert convention.money(minor, currency, language) == text


def test_dates_and_times_say_their_zone() -> None:
    at = datetime(2026, 11, 22, 18, 5, 9, tzinfo=UTC)
    assert convention.moment(at, EN) == "22 November 2026, 18:05:09 UTC"
    assert convention.moment(at, JA) == "2026年11月23日 03:05:09（日本時間）"
    assert convention.day(date(2026, 1, 2), EN) == "2 January 2026"
    assert (convention.clock(at, EN), convention.clock(at, JA)) == ("18:05:09", "03:05:09")


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.25, "+25%"), (-0.1, "−10%"), (0.0, "0%"), (-0.001, "0%"), (1.5, "+150%")]
)
def test_a_loading_shows_its_sign(fraction: float, text: str) -> None:
    assert convention.loading(fraction) == text


def test_numbers() -> None:
    assert convention.number(1234567) == "1,234,567"
    assert convention.number(-0.0004, 2) == "0.00"
    assert convention.factor(1.5) == "×1.50"
    assert convention.percent(0.666) == "67%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 11, 23), "令和8年11月23日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1920, 1, 1), "1920年1月1日"),
    ],
)
def test_years_of_the_japanese_era(value: date, text: str) -> None:
    assert convention.day(value, JA, era=True) == text
    assert convention.day(value, EN, era=True) == convention.day(value, EN)
