"""`posture model` and `posture rating`, through the command line."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from models import artefact, assess, synthetic, tables
from models.statements import StepName
from posture.app.cli import main
from posture.core import document
from posture.core.errors import ExitCode
from tests.support import applicants, sample_assessment


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    taken = capsys.readouterr()
    return int(left.value.code or 0), taken.out, taken.err


def test_fit_then_show_then_evaluate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    claims, fitted = tmp_path / "claims.csv", tmp_path / "model.json"
    claims.write_text(synthetic.csv_text(600, seed=2), encoding="utf-8")
    code, out, _ = run(capsys, "model", "fit", claims, "--out", fitted, "--json")
    learnt = json.loads(out)
    assert code == ExitCode.DONE
    assert [level["peril"] for level in learnt["levels"]] == ["intrusion", "email", "data"]
    code, out, _ = run(capsys, "model", "show", fitted)
    assert learnt["digest"] in out
    code, out, _ = run(capsys, "model", "evaluate", fitted, claims, "--json")
    assert json.loads(out)["synthetic"] is True
    code, out, _ = run(capsys, "model", "evaluate", fitted, claims)
    assert "600 synthetic policies" in out
    code, out, _ = run(capsys, "model", "fit", claims, "--out", fitted)
    assert "rdp_exposed" in out


def test_a_challenger_that_is_not_better_is_not_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    claims, made = tmp_path / "claims.csv", tmp_path / "challenger.json"
    rows = synthetic.csv_text(400, seed=2).splitlines()
    later = [row.replace("2026-04-01", "2026-09-01") if index % 2 else row for index, row in enumerate(rows)]
    claims.write_text("\n".join(later) + "\n", encoding="utf-8")
    code, out, _ = run(capsys, "model", "challenge", claims, "--cut", "2026-07-01", "--out", made)
    assert code == ExitCode.DONE
    assert "Not promoted" in out
    assert not made.exists()


def test_the_schema_is_the_header_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    _, header, _ = run(capsys, "model", "schema", "--csv")
    _, simulated, _ = run(capsys, "model", "simulate", "--count", "3")
    assert simulated.splitlines()[0] == header.strip()
    assert len(simulated.splitlines()) == 4


def test_a_bad_file_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    claims, fitted = tmp_path / "claims.csv", tmp_path / "model.json"
    claims.write_text("policy\nP-1\n", encoding="utf-8")
    code, out, err = run(capsys, "model", "fit", claims, "--out", fitted, "--json")
    assert code == ExitCode.SETUP
    assert json.loads(out)["code"] == "bad-experience"
    assert "lacks the column exposure" in err
    assert list(tmp_path.iterdir()) == [claims]


def test_a_model_that_cannot_be_written_is_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    claims = tmp_path / "claims.csv"
    claims.write_text(synthetic.csv_text(20, seed=2), encoding="utf-8")
    code, _, err = run(capsys, "model", "fit", claims, "--out", tmp_path / "absent" / "model.json")
    assert code == ExitCode.SETUP
    assert "cannot be written (No such file or directory)" in err
    assert list(tmp_path.iterdir()) == [claims]


def test_rating_lists_checks_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rating", "sectors", "jp", "--json")
    assert json.loads(out)["sectors"]["retail"] == 1.39
    _, out, _ = run(capsys, "rating", "sectors", "JP")
    assert "finance" in out
    assert "refers" in out
    _, out, _ = run(capsys, "rating", "check")
    assert [line.split()[0] for line in out.splitlines()] == ["JP/2026-01-01", "US/2026-01-01"]
    _, out, _ = run(capsys, "rating", "show", "US")
    assert 'market = "US"' in out


def test_explain_prints_every_step_with_its_number(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = tuple(applicants.findings(("rdp_exposed",)))
    decision = assess(found, applicants.application(), on=date(2026, 12, 1)).decision
    path = tmp_path / "assessment.json"
    item = replace(sample_assessment.sample(), decision=decision)
    path.write_text(json.dumps(document.assessment(item)), encoding="utf-8")
    code, out, _ = run(capsys, "rating", "explain", path)
    assert code == ExitCode.DONE
    for number, name in enumerate(StepName, start=1):
        assert f"{number:2}  {name}" in out
    assert "Share of the premium that the scan can move, total: 84 %" in out
    _, out, _ = run(capsys, "rating", "explain", path, "--json")
    assert [step["name"] for step in json.loads(out)["steps"]] == list(StepName)


def test_rating_of_nowhere_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "rating", "sectors", "FR")
    assert code == ExitCode.SETUP
    assert "No rating table exists for the country “FR”" in err


@pytest.mark.parametrize(("content", "said"), [("[]", "is no assessment"), ("{", "is no assessment")])
def test_what_is_no_assessment_is_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "assessment.json"
    path.write_text(content, encoding="utf-8")
    code, _, err = run(capsys, "rating", "explain", path)
    assert code == ExitCode.SETUP
    assert said in err
    code, _, err = run(capsys, "rating", "explain", tmp_path / "none.json")
    assert "cannot be read" in err


def test_limits_prints_the_calibrated_increased_limits(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rating", "limits", "JP", "--basic", "100000000", "--json")
    curves = {(item["peril"], item["cover"]): item for item in json.loads(out)["curves"]}
    assert set(curves) >= {("intrusion", "A"), ("intrusion", "B"), ("email", "B"), ("it_services", "A")}
    for item in curves.values():
        factors, saved = list(item["increased"].values()), list(item["saved"].values())
        assert factors == sorted(factors)
        assert factors[1] == 1.0
        assert saved == sorted(saved)
        assert saved[0] == 0.0
    code, out, _ = run(capsys, "rating", "limits", "US")
    assert code == ExitCode.DONE
    assert "intrusion B: USD minor units, factor 1 at 50,000,000" in out


def test_explain_begins_with_the_pure_premiums_where_the_tables_are_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sample = sample_assessment.sample()
    digest = tables.load("JP", sample.started_at.date()).digest
    path = tmp_path / "assessment.json"
    item = replace(sample, digests=replace(sample.digests, tables=digest, model=artefact.shipped().digest))
    path.write_text(json.dumps(document.assessment(item)), encoding="utf-8")
    _, out, _ = run(capsys, "rating", "explain", path)
    assert " 0  pure premium a year at average posture" in out
    assert "100.00 % left by annual and shared limits, territory 1.000" in out
    _, out, _ = run(capsys, "rating", "explain", path, "--json")
    before = json.loads(out)["before"]
    assert [entry["cover"] for entry in before] == ["A", "B", "C"]
    assert set(before[2]["perils"]) == {"intrusion", "system_failure"}
