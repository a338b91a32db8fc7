"""Who may decide what, and how long a quote holds: data, read with every gap said."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models import assess, authority, quoting, reading, tables
from models.tables import Filing
from posture.core.application import CoverTerms
from posture.core.decisions import Cover, Decision
from posture.core.desk.quote import Required
from posture.core.errors import PostureError
from tests.support.applicants import application, findings

TODAY = date(2026, 12, 1)
SHIPPED = (reading.DATA / "authority.toml").read_text(encoding="utf-8")
JP = tables.load("JP", TODAY)


def decision(*bad: str) -> Decision:
    return assess(findings(bad), application(), on=TODAY).decision


@pytest.mark.parametrize(
    ("bad", "limit", "schedule", "expected"),
    [
        ((), 100, 1.0, Required(level="underwriter", signatures=1, reasons=())),
        ((), 500_000_001, 1.0, Required(level="senior", signatures=1, reasons=("limit",))),
        ((), 1_000_000_001, 1.0, Required(level="chief", signatures=1, reasons=("limit",))),
        ((), 3_000_000_001, 1.0, Required(level=None, signatures=1, reasons=("limit",))),
        ((), 100, 1.05, Required(level="underwriter", signatures=1, reasons=())),
        ((), 100, 0.95, Required(level="underwriter", signatures=1, reasons=())),
        ((), 100, 1.06, Required(level="senior", signatures=1, reasons=("deviation",))),
        ((), 100, 0.75, Required(level="chief", signatures=1, reasons=("deviation",))),
        (("telnet_exposed",), 100, 1.0, Required(level="senior", signatures=2, reasons=("knock_out",))),
    ],
)
def test_the_highest_level_any_reason_asks_for(
    bad: tuple[str, ...], limit: int, schedule: float, expected: Required
) -> None:
    asked = application(covers={Cover.A: CoverTerms(limit=limit), Cover.B: CoverTerms(limit=1)})
    assert authority.required(decision(*bad), asked, schedule) == expected


def test_a_currency_without_limits_is_above_everybodys_authority() -> None:
    needed = authority.required(decision(), replace(application(), currency="EUR"))
    assert needed.level is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("senior = 0.15", "senior = 0.01"),
        ("senior = 0.15\n", ""),
        ("senior = 1_000_000_000", "senior = 1"),
        ('T3 = "underwriter"', 'T3 = "king"'),
        ('T3 = "underwriter"\n', ""),
        ("signatures = 2", "signatures = 3"),
        ('level = "senior"', 'level = "king"'),
        ("[deviation.values]", "[deviation.valves]"),
        ("chief = 3", "chief = 'three'"),
    ],
)
def test_authority_with_a_gap_is_one_sentence(tmp_path: Path, old: str, new: str) -> None:
    assert old in SHIPPED
    path = tmp_path / "authority.toml"
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PostureError, match=re.escape("authority.toml")) as caught:
        authority.read(path)
    assert "\n" not in caught.value.message


def filing(until: date, *, filed: bool = True) -> Filing:
    return replace(JP.filing, filed=filed, id="x", valid_from=date(2026, 1, 1), valid_until=until)


ISSUED = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scanned", "consent", "until", "days"),
    [
        (0, 400, 400, 30),
        (-20, 400, 400, 25),
        (0, 10, 400, 10),
        (0, 400, 8, 7.625),  # midnight in Japan
        (-60, 400, 400, -15),
    ],
)
def test_a_quote_holds_until_the_earliest_of_four_ends(
    scanned: int, consent: int, until: int, days: float
) -> None:
    ends = quoting.valid_until(
        ISSUED,
        scanned=ISSUED + timedelta(days=scanned),
        consent_until=ISSUED + timedelta(days=consent),
        market="JP",
        filing=filing(TODAY + timedelta(days=until)),
    )
    assert ends == ISSUED + timedelta(days=days)


def test_a_table_that_is_not_filed_ends_nothing() -> None:
    ends = quoting.valid_until(
        ISSUED,
        scanned=ISSUED,
        consent_until=ISSUED + timedelta(days=99),
        market="JP",
        filing=filing(TODAY + timedelta(days=1), filed=False),
    )
    assert ends == ISSUED + timedelta(days=30)


def test_a_period_begins_and_ends_at_the_markets_hour_even_in_leap_years() -> None:
    first, last = quoting.period("JP", date(2028, 2, 29))
    assert (first.isoformat(), last.isoformat()) == ("2028-02-29T16:00:00+09:00", "2029-02-28T16:00:00+09:00")
    assert quoting.period("US", TODAY)[0].isoformat() == "2026-12-01T00:01:00-05:00"
    assert set(quoting.rules().local) == set(tables.countries())


def test_a_market_without_an_hour_is_said() -> None:
    with pytest.raises(PostureError, match="holds nothing for the market XX"):
        quoting.zone("XX")
