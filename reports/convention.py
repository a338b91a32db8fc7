"""Money, dates and numbers as the reader of each language writes them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone

from posture.core.catalogue import Language

#: Japan has no daylight saving time: a fixed offset is exact (and needs no time-zone database).
JST = timezone(timedelta(hours=9), "JST")

#: Digits of the minor unit (ISO 4217) where it is not 2.
_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3}
_SYMBOLS = {"JPY": "¥", "USD": "US$", "EUR": "€", "GBP": "£"}
#: Eras by their first day (Cabinet Order 143 of 2019, Cabinet Order 1 of 1989, law of 1979 for Shōwa).
_ERAS = (("令和", (2019, 5, 1)), ("平成", (1989, 1, 8)), ("昭和", (1926, 12, 25)))
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def money(minor: int, currency: str, language: Language) -> str:
    """An amount given in minor units: ¥1,234,567 or 1,234,567円; US$12.50."""
    digits = _DIGITS.get(currency, 2)
    sign = "−" if minor < 0 else ""
    amount = f"{abs(minor) / 10**digits:,.{digits}f}" if digits else f"{abs(minor):,}"
    if language is Language.JA and currency == "JPY":
        return f"{sign}{amount}円"
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{amount}" if symbol else f"{sign}{amount} {currency}"


def day(value: date, language: Language, *, era: bool = False) -> str:
    """23 November 2026 or 2026年11月23日; in Japanese with `era` 令和8年11月23日."""
    if language is Language.JA:
        return f"{_year(value) if era else value.year}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, language: Language, *, era: bool = False) -> str:
    """A time with its zone: UTC in English, Japan Standard Time in Japanese, both said."""
    if language is Language.JA:
        local = value.astimezone(JST)
        return f"{day(local, language, era=era)} {local:%H:%M:%S}（日本時間）"
    local = value.astimezone(UTC)
    return f"{day(local, language)}, {local:%H:%M:%S} UTC"


def today(value: datetime, language: Language) -> date:
    """The day that a time falls on in the reader's zone."""
    return value.astimezone(JST if language is Language.JA else UTC).date()


def clock(value: datetime, language: Language) -> str:
    """The time of day alone, for a column whose head names the zone."""
    return f"{value.astimezone(JST if language is Language.JA else UTC):%H:%M:%S}"


def percent(fraction: float, *, digits: int = 0) -> str:
    """0.254 as 25%."""
    return f"{_minus(round(100 * fraction, digits), digits)}%"


def loading(fraction: float) -> str:
    """0.25 as +25%, -0.1 as −10%: a loading always shows its sign."""
    rounded = round(100 * fraction)
    return f"+{rounded}%" if rounded > 0 else f"{_minus(rounded, 0)}%"


def factor(value: float) -> str:
    """A multiplicative factor: ×1.25."""
    return f"×{value:.2f}"


def number(value: float, digits: int = 0) -> str:
    """1,234 or 12.5."""
    return _minus(value, digits)


def several(items: Iterable[str], language: Language) -> str:
    """A list inside a sentence."""
    return ("、" if language is Language.JA else ", ").join(items)


def _year(value: date) -> str:
    """The year of the Japanese era; a Gregorian year for dates before the first one kept here."""
    for name, first in _ERAS:
        if (value.year, value.month, value.day) >= first:
            number = value.year - first[0] + 1
            return f"{name}{'元' if number == 1 else number}"
    return str(value.year)


def _minus(value: float, digits: int) -> str:
    text = f"{abs(value):,.{digits}f}"
    return f"−{text}" if value < 0 and float(text.replace(",", "")) != 0 else text
