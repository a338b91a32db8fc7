"""Own claims: read strictly, learnt from exactly, measured honestly."""

import csv
import json
import math
from collections.abc import Mapping
from datetime import date
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from models import (
    artefact,
    assess,
    batch,
    build,
    experience,
    features,
    learn,
    priors,
    synthetic,
    tables,
)
from models.development import months
from models.perils import LEARNT, Peril
from posture.core.errors import PostureError
from tests.support.applicants import application, findings

ROW: Mapping[str, object] = {
    "policy": "P-1",
    "exposure": 1.0,
    "inception": "2026-04-01",
    "valuation": "2027-06-30",
    "market": "JP",
    "revenue": 500_000_000,
    "sector": "retail",
    **{f"claims_{peril}": 0 for peril in LEARNT},
    **{f"loss_{peril}": 0 for peril in LEARNT},
    **dict.fromkeys(features.names(), 0),
}


def write(path: Path, *rows: Mapping[str, object]) -> Path:
    out = StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def one(tmp_path: Path, **changes: object) -> experience.Policy:
    (policy,) = experience.read(write(tmp_path / "experience.csv", {**ROW, **changes}))
    return policy


def test_a_row_is_read(tmp_path: Path) -> None:
    policy = one(tmp_path, claims_data=2, loss_data="", rdp_exposed=1, spf_missing="", ftp_exposed="0.5")
    assert policy.claims == {Peril.INTRUSION: 0, Peril.EMAIL: 0, Peril.DATA: 2}
    assert policy.losses[Peril.DATA] is None
    assert policy.values["rdp_exposed"] == 1.0
    assert policy.values["ftp_exposed"] == 0.5
    assert policy.values["spf_missing"] is None
    market = tables.load("JP", date(2026, 4, 1))
    known = market.development.reported(months(date(2026, 4, 1), date(2027, 6, 30)))
    assert 0.9 < known < 1
    assert policy.base[Peril.EMAIL] == pytest.approx(market.frequency[Peril.EMAIL] * 1.39 * known)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exposure": -1}, "row 2, column exposure is -1, not a number of 0 or more"),
        ({"exposure": "nan"}, "row 2, column exposure is nan"),
        ({"exposure": 0, "claims_data": 1}, "row 2, column exposure is 0 although there are claims"),
        ({"exposure": "a year"}, "row 2, column exposure holds “a year”"),
        ({"inception": "2026-13-01"}, "row 2, column inception holds “2026-13-01”"),
        ({"inception": "2020-01-01"}, "row 2, column market and inception: No rating table of JP"),
        ({"valuation": "2026-01-01"}, "row 2, column valuation 2026-01-01 lies before the inception"),
        ({"market": "FR"}, "row 2, column market and inception: No rating table exists for the country “FR”"),
        ({"revenue": 0}, "row 2, column revenue is 0"),
        ({"sector": "piracy"}, "row 2, column sector “piracy” is not in the JP table"),
        ({"claims_email": -1}, "row 2, column claims_email is -1, not a number of claims"),
        ({"claims_email": 0.5}, "row 2, column claims_email holds “0.5”"),
        ({"loss_email": 5}, "row 2, column loss_email is above 0 although there is no claim"),
        ({"rdp_exposed": 2}, "row 2, column rdp_exposed is 2, not 0, 0.5, 1 or blank"),
    ],
)
def test_a_bad_value_is_named_by_row_and_column(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(PostureError, match=said) as caught:
        one(tmp_path, **changes)
    assert "nothing was written" in caught.value.remedy


def test_columns_are_complete(tmp_path: Path) -> None:
    less = {name: value for name, value in ROW.items() if name != "rdp_exposed"}
    with pytest.raises(PostureError, match="lacks the column rdp_exposed"):
        experience.read(write(tmp_path / "less.csv", less))
    with pytest.raises(PostureError, match="has a column nobody knows: colour"):
        experience.read(write(tmp_path / "more.csv", {**ROW, "colour": "red"}))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (",".join(ROW).encode(), "holds no policy"),
        (b"\xff\xfe\x00", "is not a CSV file in UTF-8"),
        (",".join(ROW).encode() + b"\nP-1,1", "row 2 has not as many fields as the header"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "experience.csv"
    path.write_bytes(content)
    with pytest.raises(PostureError, match=said):
        experience.read(path)


def test_a_missing_file_and_a_repeated_policy_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match=r"none\.csv cannot be read"):
        experience.read(tmp_path / "none.csv")
    with pytest.raises(PostureError, match="holds policy P-1 with inception 2026-04-01 twice"):
        experience.read(write(tmp_path / "twice.csv", ROW, ROW))


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> learn.Learnt:
    path = tmp_path_factory.mktemp("experience") / "synthetic.csv"
    path.write_text(synthetic.csv_text(4000, seed=3), encoding="utf-8")
    return learn.fit(experience.read(path), name="synthetic")


def test_a_fitted_model_prices_like_the_shipped_one(learnt: learn.Learnt, tmp_path: Path) -> None:
    build.write(learnt.content, tmp_path / "fitted.json")
    fitted = artefact.load(tmp_path / "fitted.json")
    result = assess(findings(), application(), on=date(2026, 12, 1), model=fitted)
    assert result.model_digest == learnt.content["digest"] != artefact.shipped().digest
    assert result.decision.premium.total


def test_prior_exact_and_deployed_are_all_kept(learnt: learn.Learnt) -> None:
    shipped = {feature.name: feature.relativity for feature in artefact.shipped().features}
    for change in learnt.changes:
        assert change.prior == pytest.approx(shipped[change.feature], rel=1e-9)
        assert change.deployed >= 1.0
        assert (change.deployed == 1.0) == (change.feature in learnt.fixed)
        assert change.sd > 0
    assert any(change.exact != pytest.approx(change.prior, rel=1e-3) for change in learnt.changes)


def test_levels_and_credibility_are_said(learnt: learn.Learnt) -> None:
    assert [level.peril for level in learnt.levels] == [peril.value for peril in LEARNT]
    for level in learnt.levels:
        assert level.credibility == pytest.approx(level.expected / (level.expected + 6.25))
    assert learnt.content["expected_claims"] == pytest.approx(sum(level.expected for level in learnt.levels))


def test_rebalancing_changes_no_predicted_frequency(learnt: learn.Learnt) -> None:
    """What the mean factor of the book gains, the level loses: level / N is that of the fit."""
    shape = build.shipped_design()
    for place, peril in enumerate(shape.perils[:3]):
        assert peril in LEARNT
        (level,) = [item.level for item in learnt.levels if item.peril == peril]
        fitted = learnt.content["levels"][peril] / learnt.content["off_balance"][peril]
        assert fitted == pytest.approx(level / math.exp(shape.off_balance[place]), rel=1e-10)


def test_the_book_of_a_fitted_model_is_balanced(learnt: learn.Learnt, tmp_path: Path) -> None:
    build.write(learnt.content, tmp_path / "fitted.json")
    relative = batch.relativities(artefact.load(tmp_path / "fitted.json"))
    factors = np.exp(relative.log_factors(build.reference_book(priors.table().active())))
    assert np.allclose(factors.mean(axis=0), 1.0, atol=1e-9)


def test_policies_without_claims_lower_the_price(tmp_path: Path) -> None:
    quiet = [{**ROW, "policy": f"P-{index}", "exposure": 200} for index in range(40)]
    policies = experience.read(write(tmp_path / "quiet.csv", *quiet))
    content = learn.fit(policies, name="quiet").content
    build.write(content, tmp_path / "quiet.json")
    fitted = artefact.load(tmp_path / "quiet.json")
    today = date(2026, 12, 1)
    now = assess(findings(), application(), on=today, model=fitted).decision.premium.total
    before = assess(findings(), application(), on=today).decision.premium.total
    assert now is not None
    assert before is not None
    assert now < before
    assert fitted.levels[Peril.INTRUSION] < 1


def test_zero_exposure_leaves_the_prior(tmp_path: Path) -> None:
    policies = experience.read(write(tmp_path / "none.csv", {**ROW, "exposure": 0}))
    content = learn.fit(policies, name="prior").content
    shipped = json.loads(artefact.SHIPPED.read_text(encoding="utf-8"))
    assert content["features"] == shipped["features"]
    assert content["digest"] == shipped["digest"]


def test_a_model_of_another_feature_schema_is_refused(learnt: learn.Learnt, tmp_path: Path) -> None:
    content = json.loads(json.dumps(learnt.content))
    del content["features"]["ftp_exposed"], content["features"]["rdp_exposed"]["from"]
    content["features_schema"] = features.schema(content["features"])
    content["digest"] = artefact.digest(content)
    build.write(content, tmp_path / "other.json")
    other = artefact.load(tmp_path / "other.json")
    with pytest.raises(
        PostureError, match=r"reads posture\.features/1\+\w+, which this release does not know"
    ):
        assess(findings(), application(), on=date(2026, 12, 1), model=other)


def test_synthetic_experience_is_reproducible_and_named_so() -> None:
    text = synthetic.csv_text(50, seed=9)
    assert text == synthetic.csv_text(50, seed=9)
    assert text != synthetic.csv_text(50, seed=10)
    assert all(line.startswith("synthetic-") for line in text.splitlines()[1:])


def test_the_broken_world_hides_what_is_bad() -> None:
    rows = list(csv.DictReader(StringIO(synthetic.csv_text(3000, seed=4, broken=True))))
    names = features.names()
    blanks = sum(row[name] == "" for row in rows for name in names)
    plain = list(csv.DictReader(StringIO(synthetic.csv_text(3000, seed=4))))
    assert blanks > 1.2 * sum(row[name] == "" for row in plain for name in names)
