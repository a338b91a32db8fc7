"""`posture rating check`: every problem of every table, with file and section."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from models import appetite, checking, reading, tables
from posture.app.cli import cli

SHIPPED = tables.MARKETS / "jp" / "2026-01-01.toml"


def table(folder: Path, name: str, *pairs: tuple[str, str]) -> Path:
    text = SHIPPED.read_text(encoding="utf-8").replace(
        "valid_from = 2026-01-01    #", f"valid_from = {name}    #", 1
    )
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def filed(name: str, start: str, end: str) -> tuple[tuple[str, str], ...]:
    return (
        ('status = "none"', 'status = "filed"'),
        ('id = ""', f'id = "{name}"'),
        ("valid_from = 2026-01-01\nvalid_until = 2027-01-01", f"valid_from = {start}\nvalid_until = {end}"),
    )


def test_what_ships_has_no_problem() -> None:
    assert [item.problems for item in checking.check()] == [(), ()]
    assert checking.profiles() == ()
    done = CliRunner().invoke(cli, ["rating", "check", "--json"], standalone_mode=False)
    assert done.return_value == 0
    assert json.loads(done.stdout)["tables"][0]["tables"] == "JP/2026-01-01"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('grade = "C"', "", "lacks grade"),
        ("as_of = 2026-10-01", "", "lacks as_of"),
        ('unit = "factor"', "", "[bounds] lacks unit"),
        ("intrusion = 0.00061", "intrusion = -1", "[frequency] intrusion is -1"),
        ("intrusion = 0.00061\n", "", "[frequency] intrusion is missing"),
        ("segments = [{ above = 0,", "segments = [{ above = 5,", "segments leave a gap or overlap"),
        (
            "charged = { low = 0.80, high = 1.50 }",
            "charged = { low = 0.8, high = 3.5 }",
            "leaves the filed range",
        ),
        ('refer = ["finance", "utilities"]', 'refer = ["circus"]', "[sector_rules] names circus"),
        ("content = { A = 1.0 }\n", "", "[triggers] lacks content"),
        ("limit = { A = 500_000_000", "limit = { A = 5", "[authority] limit A is below the standard"),
        ("low = 10_000_000", "low = 99_000_000_000", "[revenue] low is not below high"),
        ('currency = "JPY"', 'currency = "EUR"', "[limits] has nothing in EUR"),
        ('market = "JP"', 'market = "XX"', "[period] has no hour for XX"),
    ],
)
def test_a_problem_is_one_sentence_with_file_and_section(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = table(tmp_path, "2026-01-01", (old, new))
    (found,) = checking.check([path])
    assert [said in problem for problem in found.problems] == [True]
    assert path.name in found.problems[0]
    done = CliRunner().invoke(cli, ["rating", "check", str(path), "--json"], standalone_mode=False)
    assert done.return_value == 1
    assert json.loads(done.stdout)["tables"][0]["problems"] == list(found.problems)
    assert said in CliRunner().invoke(cli, ["rating", "check", str(path)], standalone_mode=False).stdout


def test_gaps_between_filings_of_a_market_are_said(tmp_path: Path) -> None:
    late = table(tmp_path, "2026-01-01", *filed("one", "2026-02-01", "2026-12-01"))
    next_one = table(tmp_path, "2027-01-01", *filed("two", "2027-01-01", "2028-01-01"))
    first, second = checking.check([late, next_one])
    gap = "JP/2026-01-01: filed until 2026-12-01, the next table begins 2027-01-01: "
    assert first.problems == (
        "JP/2026-01-01: in force from 2026-01-01, filed only from 2026-02-01.",
        f"{gap}between them nothing can be bound.",
    )
    assert second.problems == ()


def test_a_filing_cut_off_by_the_next_table_is_said(tmp_path: Path) -> None:
    long = table(tmp_path, "2026-01-01", *filed("one", "2026-01-01", "2027-06-01"))
    next_one = table(tmp_path, "2027-01-01", *filed("two", "2027-01-01", "2028-01-01"))
    first, _ = checking.check([next_one, long])[::-1]
    assert first.problems == (
        "JP/2026-01-01: filed until 2027-06-01, but JP/2027-01-01 takes its place before.",
    )


def test_a_profile_that_does_not_fit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "appetite.toml"
    shipped = (reading.DATA / "appetite.toml").read_text(encoding="utf-8")
    path.write_text(shipped.replace('telephony = "green"\n', ""), encoding="utf-8")
    monkeypatch.setattr(appetite, "_PATH", path)
    assert checking.profiles() == ("appetite.toml: [ports] gives no colour to telephony.",)


def test_a_file_that_is_no_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01.toml"
    path.write_text("x = [", encoding="utf-8")
    (found,) = checking.check([path])
    assert found.tables is None
    assert "2026-01-01.toml" in found.problems[0]


def test_a_table_is_shown_as_one_document() -> None:
    done = CliRunner().invoke(cli, ["rating", "show", "JP", "--on", "2026-12-01", "--json"])
    shown = json.loads(done.stdout)
    assert shown["tables"] == "JP/2026-01-01"
    assert shown["content"]["sectors"]["values"]["retail"] == 1.39
