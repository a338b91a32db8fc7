"""Dated rating tables: complete, sourced, and refused with a reason when they do not fit."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from models import tables
from models.perils import Peril
from posture.core.decisions import Cover
from posture.core.errors import PostureError

JP = tables.MARKETS / "jp" / "2026-01-01.toml"
TODAY = date(2026, 12, 1)


def test_both_markets_ship() -> None:
    assert tables.countries() == ("JP", "US")
    assert tables.load("JP", TODAY).currency == "JPY"
    assert tables.load("us", TODAY).currency == "USD"


def test_both_markets_know_the_same_sectors() -> None:
    assert set(tables.load("JP", TODAY).sectors) == set(tables.load("US", TODAY).sectors)


@pytest.mark.parametrize("table", tables.everything(), ids=lambda table: table.key)
def test_every_peril_has_a_frequency_and_a_trigger(table: tables.Tables) -> None:
    assert set(table.frequency) == set(table.triggers) == set(Peril)
    assert set(table.standard) == set(Cover)
    assert table.valid_from <= TODAY


def test_a_country_without_a_table_is_named() -> None:
    with pytest.raises(PostureError, match="No rating table exists for the country “FR”") as caught:
        tables.load("FR", TODAY)
    assert "JP, US" in caught.value.remedy


def test_a_date_before_the_first_table_is_named() -> None:
    with pytest.raises(PostureError, match="in force on 2020-01-01; the first begins 2026-01-01"):
        tables.load("JP", date(2020, 1, 1))


def test_the_newest_table_that_has_begun_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "jp"
    folder.mkdir()
    shutil.copy(JP, folder)
    text = JP.read_text(encoding="utf-8").replace("valid_from = 2026-01-01", "valid_from = 2027-04-01")
    text = text.replace("valid_until = 2027-01-01", "valid_until = 2028-04-01")
    (folder / "2027-04-01.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(tables, "MARKETS", tmp_path)
    assert tables.load("JP", date(2027, 3, 31)).valid_from == date(2026, 1, 1)
    assert tables.load("JP", date(2027, 4, 1)).valid_from == date(2027, 4, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("intrusion = 0.00061", "intrusion = -0.1", r"\[frequency\] intrusion is -0.1, outside"),
        ("intrusion = 0.00061", "intrusion = nan", r"\[frequency\] intrusion is nan, outside"),
        ("email = 0.00082\n", "", r"\[frequency\] email is missing"),
        ("above = 0,", "above = 5,", r"\[revenue\] segments leave a gap"),
        ("retail = 1.39", 'retail = "much"', r"\[sectors\] retail is 'much', not a number"),
        ("charged = { low = 0.80", "charged = { low = 0.20", r"\[bounds\] charged leaves the filed range"),
        ("email = { A = 0.03", "email = { A = 1.03", r"\[triggers\] email.A is 1.03, not a probability"),
        (
            "paper = { A = 0.10, B",
            "paper = { C = 0.10, B",
            "cover C of paper is triggered but has no severity",
        ),
        ("valid_from = 2026-01-01", "valid_from = 2026-02-01", "is not the file's name"),
        ("[expenses]\n", "[expense]\n", r"\[expenses\] lacks unit, as_of, source, grade"),
        ("fixed = 0\n", "", "cannot be read: TypeError"),
        (
            'grade = "C"\nsource = "SOMPO Japan list prices 2024: .391',
            'source = "SOMPO',
            r"\[revenue\] lacks grade",
        ),
        ("market =", "market", "Expected '='"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = JP.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / JP.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PostureError, match=said) as caught:
        tables.read(path)
    assert caught.value.remedy


def test_exposure_is_continuous_and_rises_across_segments() -> None:
    revenue = tables.load("US", TODAY).revenue
    assert revenue.factor(revenue.reference) == 1.0
    edge = 5_000_000_000
    assert revenue.factor(edge + 1) == pytest.approx(revenue.factor(edge), rel=1e-8)
    assert revenue.factor(edge) == pytest.approx(5**0.57)
    assert revenue.factor(4 * edge) == pytest.approx(5**0.57 * 4**0.25)
    assert revenue.factor(10_000_000) == pytest.approx(0.01**0.57)
