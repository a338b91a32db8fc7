"""What was filed: bounds that no override, schedule or rounding leaves, and the days it holds."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import artefact, assess, priors, rating, tables
from models.statements import ReasonId
from models.tables import Bounds
from posture.core.decisions import Cover, Decision
from posture.core.errors import PostureError
from tests.support.applicants import application, findings
from tests.support.desk import filed

TODAY = date(2026, 12, 1)
JP = tables.MARKETS / "jp" / "2026-01-01.toml"
TEXT = JP.read_text(encoding="utf-8")
FEATURES = [row.name for row in priors.table().active()]
BAD = ("rdp_exposed", "database_exposed", "telnet_exposed", "certificate_invalid")


def decision(schedule: float = 1.0, on: date = TODAY, bad: tuple[str, ...] = ()) -> Decision:
    return assess(findings(bad), application(), on=on, schedule=schedule).decision


def test_a_filed_table_binds_between_its_days_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = ("valid_from = 2026-01-01\nvalid_until", "valid_from = 2026-11-01\nvalid_until")
    end = ("valid_until = 2027-01-01", "valid_until = 2026-12-02")
    with filed(tmp_path, monkeypatch, begin, end):
        found = {
            day: (made.indication, ReasonId.INDICATION in {item.id for item in made.reasons})
            for day in (date(2026, 10, 31), date(2026, 11, 1), TODAY, date(2026, 12, 2))
            for made in [decision(on=day)]
        }
    assert list(found.values()) == [(True, True), (False, False), (False, False), (True, True)]


@pytest.mark.parametrize("schedule", [0.7499, 1.2501, float("nan"), float("inf"), 0.0, -1.0])
def test_a_schedule_outside_the_filing_is_refused(schedule: float) -> None:
    with pytest.raises(PostureError, match="outside the filed range"):
        decision(schedule)


def test_the_product_has_bounds_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tight = ("total = { low = 0.50, high = 3.00 }", "total = { low = 0.80, high = 1.60 }")
    with filed(tmp_path, monkeypatch, tight):
        assert decision(1.0, bad=BAD).premium.total is not None
        with pytest.raises(PostureError, match=r"at 1\.6[1-9]\d\d in total lies outside"):
            decision(1.1, bad=BAD)
        with pytest.raises(PostureError, match="in total lies outside"):
            decision(0.9)


@given(st.floats(0.1, 1e7), st.floats(0.5, 0.99), st.floats(1.0, 1.5), st.floats(0, 1e6))
@settings(max_examples=200)
def test_no_rounding_leaves_the_filed_amounts(amount: float, low: float, high: float, least: float) -> None:
    market = tables.read(JP)
    ends = Bounds(low=amount * low, high=amount * high)
    rounded = rating.rounding(market, {Cover.A: amount}, {Cover.A: least}, {Cover.A: ends})[Cover.A]
    unit = market.rounding
    assert rounded % unit == 0
    assert rounded >= least - 1e-6
    if rounded > max(least, 0) + unit and ends.high - ends.low > unit:
        assert ends.low - 1e-6 <= rounded <= ends.high + 1e-6


@given(st.sets(st.sampled_from(FEATURES)), st.sampled_from([0.75, 0.9, 1.0, 1.1, 1.25]))
@settings(max_examples=60)
def test_every_price_lies_between_the_filed_ends(bad: set[str], schedule: float) -> None:
    """Charged posture times schedule, whatever was found: inside, or refused."""
    market = tables.read(JP)
    made = assess(findings(bad), application(), on=TODAY, schedule=schedule).decision
    ends = market.filing.total
    for cover in (Cover.A, Cover.B):
        loading = made.loading[cover.value]
        assert loading is not None
        assert ends.low <= (1 + loading.charged) * schedule <= ends.high


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('status = "none"', 'status = "maybe"', "[filing] status is 'maybe'"),
        ('status = "none"', 'status = "filed"', "[filing] is filed, but has no id"),
        ("valid_until = 2027-01-01", "valid_until = 2025-01-01", "valid_until is not after valid_from"),
        ("total = { low = 0.50", "total = { low = 0.90", "charged leaves the filed range in total"),
        ("total = { low = 0.50, high = 3.00 }", "total = { low = 1.1, high = 3.0 }", "no range around 1"),
        ("total = { low = 0.50, high = 3.00 }", "", "KeyError 'total'"),
    ],
)
def test_a_filing_that_does_not_fit_is_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    path = tmp_path / JP.name
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PostureError, match=re.escape(said)) as caught:
        tables.read(path)
    assert JP.name in caught.value.message


def test_the_shipped_tables_are_filed_nowhere() -> None:
    assert [table.key for table in tables.everything() if table.filing.filed] == []
    assert artefact.shipped().expected_claims == 0
