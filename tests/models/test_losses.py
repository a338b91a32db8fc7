"""Severity from own losses: credibility, development, open and nil claims, and what it does to a price."""

import csv
import math
from datetime import date
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from models import artefact, assess, build, experience, learn, losses, priors, synthetic, tables
from models.development import Development, months
from models.experience import Policy
from models.perils import LEARNT, Peril
from posture.core.decisions import Cover
from tests.support.applicants import application, findings

TODAY = date(2026, 12, 1)
JP = tables.load("JP", TODAY)
EMAIL = JP.severity[Peril.EMAIL]


def policy(number: int, claims: int, loss: float | None, *, valuation: date = date(2032, 1, 1)) -> Policy:
    """A synthetic policy with e-mail claims; by default valued when everything is known."""
    return Policy(
        policy=f"synthetic-{number}",
        exposure=1.0,
        inception=date(2026, 4, 1),
        valuation=valuation,
        market="JP",
        revenue=5e8,
        sector="retail",
        claims={**dict.fromkeys(LEARNT, 0), Peril.EMAIL: claims},
        losses={**dict.fromkeys(LEARNT, 0.0), Peril.EMAIL: loss},
        values=dict.fromkeys(build.shipped_design().names, 0.0),
        base=dict.fromkeys(LEARNT, 0.01),
    )


def email(policies: list[Policy]) -> losses.Scale:
    return next(scale for scale in losses.learn(policies) if scale.peril == "email")


def drawn(count: int, factor: float, seed: int = 1) -> list[Policy]:
    """One claim each, B always and A with chance .03 as in the table, at `factor` times its size."""
    rng = np.random.default_rng(seed)
    b = EMAIL[Cover.B].median * np.exp(EMAIL[Cover.B].sigma * rng.standard_normal(count))
    return [policy(index, 1, factor * float(loss)) for index, loss in enumerate(b)]


def test_without_losses_the_scale_is_exactly_one() -> None:
    for scale in losses.learn([policy(1, 0, 0.0)]):
        assert (scale.scale, scale.credibility, scale.observed) == (1.0, 0.0, None)


def test_open_claims_wait_and_nil_claims_say_nothing_about_size() -> None:
    scale = email([policy(1, 1, None), policy(2, 2, None), policy(3, 1, 0.0)])
    assert (scale.open, scale.nil, scale.paid, scale.scale) == (2, 1, 0, 1.0)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_many_losses_find_the_size(factor: float) -> None:
    scale = email(drawn(3000, factor))
    assert scale.credibility > 0.98
    assert scale.scale == pytest.approx(factor, rel=0.12)


def test_few_losses_move_it_by_their_credibility() -> None:
    """One loss of twice the table's typical size: log 2 with Z = w / (w + 6.25), w = 1 / variance."""
    curves = ((JP.triggers[Peril.EMAIL][Cover.A], EMAIL[Cover.A]), (0.9, EMAIL[Cover.B]))
    mean, variance = losses.expected(curves, 1)
    scale = email([policy(1, 1, 2 * math.exp(mean))])
    weight = 1 / variance
    assert scale.observed == pytest.approx(2.0)
    assert scale.credibility == pytest.approx(weight / (weight + 6.25))
    assert math.log(scale.scale) == pytest.approx(scale.credibility * math.log(2))


def test_several_claims_of_a_policy_are_judged_as_their_sum() -> None:
    rng = np.random.default_rng(4)
    loss = EMAIL[Cover.B]
    many = [
        policy(i, 3, float((loss.median * np.exp(loss.sigma * rng.standard_normal(3))).sum()))
        for i in range(2000)
    ]
    assert email(many).scale == pytest.approx(1.0, abs=0.2)


def test_immature_losses_are_developed() -> None:
    early = date(2027, 4, 1)
    share = JP.development.incurred(months(date(2026, 4, 1), early))
    assert 0.7 < share < 0.9
    mature, young = email([policy(1, 1, 1e7)]), email([policy(1, 1, 1e7, valuation=early)])
    assert mature.observed is not None
    assert young.observed == pytest.approx(mature.observed / share)


def test_development_is_linear_between_its_points() -> None:
    shares = Development(numbers=((12.0, 0.8), (24.0, 1.0)), costs=((12.0, 1.0),))
    assert [shares.reported(at) for at in (0, 6, 12, 18, 24, 60)] == pytest.approx([0.8, 0.8, 0.8, 0.9, 1, 1])


def test_claims_not_yet_reported_are_not_missed(tmp_path: Path) -> None:
    """Six months after inception fewer claims are expected than after three years."""
    text = synthetic.csv_text(20, seed=3)
    rows = list(csv.DictReader(StringIO(text)))
    bases = []
    for valuation in ("2026-10-01", "2029-12-31"):
        path = tmp_path / f"{valuation}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, "valuation": valuation} for row in rows)
        bases.append(sum(item.base[Peril.DATA] for item in experience.read(path)))
    assert bases[0] / bases[1] == pytest.approx(JP.development.reported(6), abs=0.001)


def test_a_fitted_severity_prices(tmp_path: Path) -> None:
    """Losses of half the table's size: the fitted model is cheaper by less than half, for A and B alike."""
    quiet = [
        Policy(**{**{f: getattr(item, f) for f in Policy.__slots__}, "base": dict.fromkeys(LEARNT, 0.0)})
        for item in drawn(2000, 0.5)
    ]
    content = learn.fit(quiet, name="small losses").content
    assert content["severity"]["email"] == pytest.approx(0.5, rel=0.15)
    assert content["severity"]["intrusion"] == 1.0
    build.write(content, tmp_path / "small.json")
    model = artefact.load(tmp_path / "small.json")
    large = application(revenue=20_000_000_000)
    now = assess(findings(), large, on=TODAY, model=model).decision.premium.by_cover
    before = assess(findings(), large, on=TODAY).decision.premium.by_cover
    for cover in (Cover.A, Cover.B):
        assert 0.5 < now[cover] / before[cover] < 1  # type: ignore[operator]  # both are priced


def test_the_prior_artefact_has_learnt_no_severity() -> None:
    assert dict(artefact.shipped().severity) == dict.fromkeys(LEARNT, 1.0)
    assert len(priors.table().active()) == len(build.shipped_design().names)
