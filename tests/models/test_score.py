"""Steps 1 to 7: what a score is made of."""

import itertools
import math
from dataclasses import replace

import pytest

from models import artefact, score
from models.artefact import Artefact, Cell, Feature
from models.perils import Group, Peril
from models.score import Unseen
from models.shares import Shares
from models.statements import Rule

MODEL = artefact.shipped()
CLEAN = {feature.name: 0.0 for feature in MODEL.features}
PERIL = Peril.INTRUSION


def small(
    *features: Feature, caps: dict[Group, float] | None = None, order: tuple[str, ...] = ()
) -> Artefact:
    """A model of these features alone, without off-balance."""
    return replace(
        MODEL,
        features=features,
        perils=(PERIL,),
        group_caps=caps or {},
        overlap_order=order,
        off_balance={PERIL: 1.0},
    )


def feature(name: str, found: float, group: Group = Group.FOOTPRINT, prevalence: float = 0.1) -> Feature:
    cell = Cell(found=found, unseen=1 + prevalence * (found - 1), sd=0.3)
    return Feature(
        name=name,
        group=group,
        shares=Shares(prevalence),
        relativity=found,
        cells={PERIL: cell},
        prior={PERIL: math.log(found)},
    )


def factor(model: Artefact, unseen: Unseen = Unseen.MEAN, **values: float | None) -> float:
    return math.exp(score.peril_factors(model, values, unseen=unseen)[PERIL].log())


def test_findings_multiply() -> None:
    model = small(feature("a", 2.0), feature("b", 1.5))
    assert factor(model, a=1.0, b=1.0) == pytest.approx(3.0)
    assert factor(model, a=1.0, b=0.0) == pytest.approx(2.0)
    assert factor(model, a=0.5, b=0.0) == pytest.approx(math.sqrt(2))


def test_an_unseen_feature_takes_the_mean_of_the_factor() -> None:
    """The arithmetic mean, 1 + p (f - 1) = 1.5, not exp of the mean of the logs, 2.0 ** .5 = 1.41."""
    model = small(feature("a", 2.0, prevalence=0.5))
    assert factor(model, a=None) == pytest.approx(1.5)
    assert factor(model, Unseen.FOUND, a=None) == pytest.approx(2.0)
    assert factor(model, Unseen.CLEAN, a=None) == pytest.approx(1.0)


def test_overlapping_findings_count_the_strongest_in_full() -> None:
    model = small(feature("a", 2.0), feature("b", 4.0), order=("a", "b"))
    assert factor(model, a=1.0, b=1.0) == pytest.approx(4 * math.sqrt(2))
    assert factor(model, a=1.0, b=0.0) == pytest.approx(2.0)
    assert factor(model, a=0.0, b=1.0) == pytest.approx(4.0)
    assert factor(model, a=None, b=1.0) == pytest.approx(4 * 1.1)


def test_a_group_is_capped_in_each_peril() -> None:
    remote = [feature(name, 2.0, Group.REMOTE_ACCESS) for name in "abc"]
    model = small(*remote, feature("d", 1.2), caps={Group.REMOTE_ACCESS: 2.5})
    assert factor(model, a=1.0, b=1.0, c=1.0, d=1.0) == pytest.approx(2.5 * 1.2)
    assert factor(model, a=1.0, b=0.0, c=0.0, d=1.0) == pytest.approx(2.0 * 1.2)


@pytest.mark.parametrize(
    "found", [(), ("rdp_exposed",), ("rdp_exposed", "smb_exposed", "tls_weak", "certificate_invalid")]
)
@pytest.mark.parametrize("unknown", [(), ("spf_missing", "telnet_exposed")])
def test_contributions_multiply_to_the_blend(found: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    values = {name: None if name in unknown else 1.0 if name in found else 0.0 for name in CLEAN}
    factors = score.peril_factors(MODEL, values)
    for balance, cover in itertools.product(MODEL.balance.values(), ("standard", "A", "B", "C", "it")):
        weights = balance.standard if cover == "standard" else balance.cover[cover]  # type: ignore[index]
        made = score.contributions(weights, factors)
        blended = score.blend(weights, {peril: math.exp(f.log()) for peril, f in factors.items()})
        assert math.prod(made.values()) == pytest.approx(blended, rel=1e-12)


def test_a_contribution_is_against_the_average_applicant() -> None:
    values = CLEAN | {"rdp_exposed": 1.0, "spf_missing": None}
    made = score.contributions(MODEL.balance["JP/2026-01-01"].standard, score.peril_factors(MODEL, values))
    assert made["rdp_exposed"] > 1.3
    assert made["spf_missing"] == 1.0
    assert made["dmarc_not_enforced"] < 1.0
    assert set(made) - set(CLEAN) <= {rule.value for rule in Rule}


def test_a_cap_is_a_contribution_of_its_own() -> None:
    remote = [feature(name, 2.0, Group.REMOTE_ACCESS) for name in "ab"]
    model = small(*remote, caps={Group.REMOTE_ACCESS: 2.5})
    factors = score.peril_factors(model, {"a": 1.0, "b": 1.0})
    assert score.contributions({PERIL: 1.0}, factors)["cap_remote_access"] == pytest.approx(2.5 / 4)


def test_coverage_is_the_share_of_the_variance_seen() -> None:
    model = small(feature("a", 2.0), feature("b", math.exp(math.log(2) / 2)))
    assert score.coverage(model, {"a": 1.0, "b": None}, PERIL) == pytest.approx(0.8)
    assert score.coverage(model, {"a": None, "b": 0.0}, PERIL) == pytest.approx(0.2)
    assert score.coverage(model, {"a": 0.0, "b": 0.0}, PERIL) == 1.0


def test_percentiles_interpolate_and_end() -> None:
    grid = ((0.8, 10.0), (1.0, 50.0), (2.0, 90.0))
    assert score.percentile(grid, 0.5) == 10.0
    assert score.percentile(grid, 0.9) == pytest.approx(30.0)
    assert score.percentile(grid, 1.5) == pytest.approx(70.0)
    assert score.percentile(grid, 3.0) == 100.0


def test_uncertainty_is_zero_for_the_average_and_grows_with_what_is_found() -> None:
    model = small(feature("a", 2.0))
    assert score.peril_factors(model, {"a": None})[PERIL].sd == 0.0
    assert score.peril_factors(model, {"a": 0.0})[PERIL].sd == pytest.approx(0.03)
    assert score.peril_factors(model, {"a": 1.0})[PERIL].sd == pytest.approx(0.27)
