"""The shipped artefact: rebuilt, verified, and scored without numpy."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import artefact, batch, build, priors, score, tables
from models.perils import Peril
from posture.core.decisions import Cover
from posture.core.errors import PostureError


def close(one: Any, other: Any) -> None:
    """Equal structures with numbers to 1e-9."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            close(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            close(left, right)
    elif isinstance(one, float):
        assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    else:
        assert one == other


@pytest.fixture(scope="module")
def rebuilt() -> dict[str, Any]:
    return build.build()


def test_the_shipped_artefact_is_what_the_script_builds(rebuilt: dict[str, Any]) -> None:
    shipped = json.loads(artefact.SHIPPED.read_text(encoding="utf-8"))
    close(
        {k: v for k, v in rebuilt.items() if k != "digest"},
        {k: v for k, v in shipped.items() if k != "digest"},
    )


def test_plain_scoring_equals_the_estimator() -> None:
    shape = build.shipped_design()
    model = build.prior_model(shape)
    shipped = artefact.shipped()
    rng = np.random.default_rng(7)
    values = rng.choice([0.0, 0.5, 1.0, np.nan], size=(300, len(shape.names)), p=[0.5, 0.1, 0.2, 0.2])
    predicted = model.predict(values)
    for row, expected in zip(values, predicted, strict=True):
        named = {n: None if math.isnan(v) else float(v) for n, v in zip(shape.names, row, strict=True)}
        factors = score.peril_factors(shipped, named)
        for peril, number in zip(shape.perils, expected, strict=True):
            assert math.exp(factors[peril].log()) == pytest.approx(number, rel=1e-9)


def test_the_vectorised_path_equals_the_estimator() -> None:
    shape = build.shipped_design()
    values = build.reference_book(priors.table().active())[:2000]
    one = np.exp(batch.relativities(artefact.shipped()).log_factors(values))
    assert np.allclose(one, build.prior_model(shape).predict(values), rtol=1e-9)


def test_the_mean_factor_of_the_book_is_one() -> None:
    book = build.reference_book(priors.table().active())
    factors = np.exp(batch.relativities(artefact.shipped()).log_factors(book))
    assert np.allclose(factors.mean(axis=0), 1.0, atol=1e-9)


def test_the_off_balance_holds_on_another_sample_of_the_book() -> None:
    from models import simulate

    book = simulate.findings(
        [row.shares for row in priors.table().active()], 400_000, np.random.default_rng(1)
    )
    factors = np.exp(batch.relativities(artefact.shipped()).log_factors(book))
    assert np.abs(factors.mean(axis=0) - 1.0).max() < 0.005


@pytest.mark.parametrize("market", tables.everything(), ids=lambda table: table.key)
def test_the_clip_keeps_the_mean_at_one(market: tables.Tables) -> None:
    book = build.reference_book(priors.table().active())
    shipped = artefact.shipped()
    relative = batch.relativities(shipped)
    factors = dict(zip(relative.perils, np.exp(relative.log_factors(book)).T, strict=True))
    balance = shipped.balanced(market)
    for cover, weights in balance.cover.items():
        blended = sum(weight * factors[peril] for peril, weight in weights.items())
        clipped = np.clip(balance.scale[cover] * blended, market.clip.low, market.clip.high)
        assert clipped.mean() == pytest.approx(1.0, abs=1e-9)
        charged = np.clip(clipped, market.charged.low, market.charged.high)
        assert charged.mean() == pytest.approx(balance.capped[cover], abs=1e-9)
    assert Cover.CRIME not in balance.cover
    assert set(balance.standard) == {Peril.INTRUSION, Peril.EMAIL, Peril.DATA}


def test_scoring_loads_neither_numpy_nor_sklearn() -> None:
    program = (
        "import sys\nfrom datetime import date\nfrom models import assess\n"
        "from tests.support import applicants\n"
        "result = assess(applicants.findings(), applicants.application(), on=date(2026, 12, 1))\n"
        "assert result.decision.premium.total\n"
        "heavy = {'numpy', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, cwd=root, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    text = artefact.SHIPPED.read_text(encoding="utf-8").replace('"kappa": 0.72', '"kappa": 0.71')
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PostureError, match=r"model.json does not match its digest"):
        artefact.load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "posture.model/9"}, "is not a posture.model/1 document"),
        ({"features_schema": "posture.features/1+00000000"}, "is malformed: ValueError features_schema"),
        ({"off_balance": {"intrusion": 0.0}}, "is malformed: ValueError 0.0 is not a positive number"),
        ({"balance": None}, "is malformed: AttributeError"),
        ({"letters": {}, "levels": {"nowhere": 1.0}}, "is malformed: ValueError"),
    ],
)
def test_a_malformed_artefact_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    content = json.loads(artefact.SHIPPED.read_text(encoding="utf-8")) | change
    content["digest"] = artefact.digest(content)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(PostureError, match=said):
        artefact.load(path)


@pytest.mark.parametrize(
    ("text", "said"), [("", "is not JSON"), ("[1]", "is not a posture.model/1 document")]
)
def test_what_is_no_artefact_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PostureError, match=said):
        artefact.load(path)
    with pytest.raises(PostureError, match="cannot be read"):
        artefact.load(tmp_path / "none.json")


def test_an_artefact_balanced_on_other_tables_is_refused() -> None:
    from dataclasses import replace

    market = replace(tables.everything()[0], digest="0" * 64)
    with pytest.raises(PostureError, match="not balanced on the tables JP/2026-01-01"):
        artefact.shipped().balanced(market)
