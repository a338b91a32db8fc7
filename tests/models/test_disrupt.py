"""What a change of tables does to a book, on two tables that differ in known ways."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import artefact, assess, build, deployed, experience, learn, priors, synthetic, tables
from models import disrupt as module
from models.disrupt import Risk, disrupt, histogram
from models.tables import Tables
from posture.core.errors import PostureError
from tests.support.applicants import application, findings

TODAY = date(2026, 12, 1)
SHIPPED = tables.MARKETS / "jp" / "2026-01-01.toml"
BAD = ("rdp_exposed", "database_exposed", "telnet_exposed", "certificate_invalid")


def drafted(folder: Path, *pairs: tuple[str, str]) -> Tables:
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / SHIPPED.name
    path.write_text(text, encoding="utf-8")
    return tables.read(path)


def book() -> Sequence[Risk]:
    large = 5_000_000_000
    return [
        Risk(
            name="retail",
            findings=findings(),
            application=application(revenue=large, sector="retail"),
            on=TODAY,
        ),
        Risk(name="maker", findings=findings(), application=application(revenue=large), on=TODAY),
        Risk(name="bad", findings=findings(BAD), application=application(revenue=large), on=TODAY),
        Risk(name="blind", findings=findings((), BAD), application=application(), on=TODAY),
        Risk(name="nothing", findings=findings(), application=None, on=TODAY),
        Risk(name="american", findings=findings(), application=application(country="US"), on=TODAY),
        Risk(name="odd", findings=findings(), application=application(sector="circus"), on=TODAY),
    ]


def test_the_same_table_changes_nothing() -> None:
    found = disrupt(book(), tables.read(SHIPPED), tables.read(SHIPPED))
    assert [(item.name, item.change) for item in found.changes] == [("bad", 0), ("maker", 0), ("retail", 0)]
    assert found.left_out == {
        "no-price": 1,
        "no-application": 1,
        "other-market": 1,
        "bad-application": 1,
    }
    assert (found.tiers, found.actions, found.mean) == ({}, {}, 0)
    assert found.totals[0] == found.totals[1] == sum(item.old for item in found.changes)


def test_a_sectors_relativity_moves_that_sector_alone(tmp_path: Path) -> None:
    new = drafted(tmp_path, ("retail = 1.39", "retail = 1.668"))
    found = disrupt(book(), tables.read(SHIPPED), new)
    moved = {item.name: round(item.change, 3) for item in found.changes}
    assert moved == {"bad": 0, "maker": 0, "retail": 0.2}
    (bin_,) = [item for item in found.histogram if item.count == 1]
    assert (bin_.low, bin_.high) == (0.15, 0.25)
    assert found.changes[-1].name == "retail"


def test_a_table_nobody_balanced_is_balanced_for_the_comparison(tmp_path: Path) -> None:
    """A lower clip: the bad one pays less, and the others more, for the mean over the book stays 1."""
    new = drafted(
        tmp_path, ("charged = { low = 0.80, high = 1.50 }", "charged = { low = 0.80, high = 1.20 }")
    )
    found = disrupt(book(), tables.read(SHIPPED), new)
    moved = {item.name: item.change for item in found.changes}
    assert moved["bad"] < -0.05
    assert moved["maker"] > 0
    balance = module.model_on(new, artefact.shipped()).balanced(new)
    assert balance.tables == new.digest


def test_tables_of_two_markets_are_not_compared() -> None:
    american = tables.load("US", TODAY)
    with pytest.raises(PostureError, match="of JP in JPY"):
        disrupt(book(), tables.read(SHIPPED), american)


def test_an_empty_book_has_no_mean() -> None:
    found = disrupt((), tables.read(SHIPPED), tables.read(SHIPPED))
    assert (found.changes, found.mean, found.median, found.totals) == ((), None, None, (0, 0))


def test_what_moves_a_premium_may_move_an_action(tmp_path: Path) -> None:
    new = drafted(
        tmp_path, ('refer = ["finance", "utilities"]', 'refer = ["finance", "utilities", "retail"]')
    )
    found = disrupt(book(), tables.read(SHIPPED), new)
    assert found.actions == {"quote → refer": 1}


@given(st.lists(st.floats(-1, 5)))
def test_every_change_is_in_one_bin(shares: list[float]) -> None:
    bins = histogram(shares)
    assert sum(item.count for item in bins) == len(shares)
    assert [item.low for item in bins[1:]] == [item.high for item in bins[:-1]] == list(module.EDGES)


def test_a_table_is_named_by_key_or_path(tmp_path: Path) -> None:
    assert tables.named("JP/2026-01-01") == tables.named("jp/2026-01-01") == tables.named(str(SHIPPED))
    for name in ("XX/2026-01-01", "", "../jp/2026-01-01", str(tmp_path)):
        with pytest.raises(PostureError, match="is no rating table") as caught:
            tables.named(name)
        assert "JP/2026-01-01" in caught.value.remedy
    other = replace(tables.named("JP/2026-01-01"), digest="x")
    assert other.key == "JP/2026-01-01"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> artefact.Artefact:
    path = tmp_path_factory.mktemp("model") / "own.csv"
    path.write_text(synthetic.csv_text(1500, seed=3), encoding="utf-8")
    return artefact.parse(learn.fit(experience.read(path), name="own").content, path)


def test_a_named_model_rates_the_book_in_place_of_the_shipped_one(
    fitted: artefact.Artefact, tmp_path: Path
) -> None:
    dearer = drafted(tmp_path, ("minimum = 50_000", "minimum = 60_000"))
    ours, theirs = (disrupt(book(), tables.read(SHIPPED), dearer, model) for model in (None, fitted))
    assert ours.model == f"prior {artefact.shipped().digest[:8]}"
    assert theirs.model == f"own {fitted.digest[:8]}"
    assert [item.name for item in theirs.changes] == [item.name for item in ours.changes]
    assert theirs.totals[0] != ours.totals[0]
    old = {item.name: item.old for item in theirs.changes}
    for risk in book()[:3]:
        priced = assess(risk.findings, risk.application, on=TODAY, model=fitted).decision.premium.total
        assert old[risk.name] == priced


@pytest.mark.parametrize("which", ["prior", "own"])
def test_a_model_taken_apart_and_put_together_prices_the_same(which: str, fitted: artefact.Artefact) -> None:
    model = artefact.shipped() if which == "prior" else fitted
    severity = {peril.value: scale for peril, scale in model.severity.items()}
    again = artefact.read(build.export(deployed.of(model), priors.table(), name=which, severity=severity))
    for bad in ((), BAD, ("vpn_class_a", "kev_exposed")):
        one, other = (assess(findings(bad), application(), on=TODAY, model=each) for each in (model, again))
        assert one.decision.premium == other.decision.premium
        assert one.score.value == pytest.approx(other.score.value, abs=0.01)
        assert one.score.interval.low == pytest.approx(other.score.interval.low, abs=0.01)
        assert one.score.interval.high == pytest.approx(other.score.interval.high, abs=0.01)
