"""The challenger: exact, monotone, and promoted only when it is better out of time."""

from datetime import date

import numpy as np
import pytest

from models import artefact, build, challenger, features, learn, priors
from models.batch import Floats
from models.experience import Policy
from models.perils import LEARNT, Peril
from posture.core.errors import PostureError

NAMES = features.names()
CUT = date(2026, 7, 1)


def policies(count: int, years: float, *, strange: float = 0.0, seed: int = 1) -> list[Policy]:
    """The prior is true, but for `strange`: an extra log effect of open ports on e-mail alone."""
    shape = build.shipped_design()
    rng = np.random.default_rng(seed)
    values: Floats = build.reference_book(priors.table().active())[:count]
    logs = shape.relativities(shape.mean).log_factors(values)
    logs[:, shape.perils.index(Peril.EMAIL)] += strange * values[:, NAMES.index("many_open_ports")]
    base = {Peril.INTRUSION: 0.004 * years, Peril.EMAIL: 0.005 * years, Peril.DATA: 0.003 * years}
    mean = {p: base[p] * np.exp(logs[:, shape.perils.index(p)]) for p in LEARNT}
    claims = {p: rng.poisson(mean[p]) for p in LEARNT}
    return [
        Policy(
            policy=f"synthetic-{index}",
            exposure=years,
            inception=date(2026, 1 + index % 12, 1),
            valuation=date(2027, 12, 31),
            market="JP",
            revenue=5e8,
            sector="retail",
            claims={p: int(claims[p][index]) for p in LEARNT},
            losses=dict.fromkeys(LEARNT),
            values=dict(zip(NAMES, map(float, values[index]), strict=True)),
            base=base,
        )
        for index in range(count)
    ]


def test_the_trees_are_exactly_the_tables_read_off_them() -> None:
    shape, known = build.shipped_design(), policies(4000, 20.0)
    values, ratios, base = learn.arrays(shape, known)
    grown = challenger._grow(values, ratios[:, 0], base[:, 0])
    found, clean = challenger.read_off(grown, len(NAMES))
    every = np.random.default_rng(4).integers(0, 2, size=(500, len(NAMES))).astype(float)
    assert np.allclose(np.log(grown.predict(every)), clean + every @ found, atol=1e-12)
    assert np.all(found >= 0)
    assert np.any(found > 0.01)


def test_a_challenger_becomes_an_artefact_like_any_other() -> None:
    made = challenger.trees(build.shipped_design(), policies(3000, 20.0))
    content = build.export(made, priors.table(), name="challenger")
    assert content["digest"] == artefact.digest(content)
    cells = [cell for entry in content["features"].values() for cell in entry["perils"].values()]
    assert all(cell["found"] >= 1 for cell in cells)
    book = build.reference_book(priors.table().active())
    fair = made.balanced_on(book)
    assert np.allclose(np.exp(fair.relative.log_factors(book)).mean(axis=0), 1.0)
    sample = book[:100]
    assert np.allclose(
        np.exp(made.relative.log_factors(sample)) * made.levels,
        np.exp(fair.relative.log_factors(sample)) * fair.levels,
    )


def test_little_experience_does_not_promote() -> None:
    found = challenger.contest(policies(1500, 1.0), CUT)
    assert found.learnt_from + found.tested_on == 1500
    assert not found.promoted


def test_a_truth_the_prior_cannot_express_promotes() -> None:
    """Open ports multiply e-mail claims by six and nothing else: one shared coefficient cannot say that."""
    found = challenger.contest(policies(6000, 30.0, strange=1.8), CUT)
    assert found.promoted
    assert found.deviance_challenger < found.deviance_map
    assert found.difference.high < 0


@pytest.mark.parametrize("cut", [date(2020, 1, 1), date(2030, 1, 1)])
def test_nothing_out_of_time_is_a_sentence(cut: date) -> None:
    with pytest.raises(PostureError, match="All policies lie on one side"):
        challenger.contest(policies(50, 1.0), cut)
