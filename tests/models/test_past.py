"""What older releases shipped comes along by digest, and what was stored with them is read and replays."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from models import appetite, artefact, assess, past, tables
from posture.app.assess import Then, replay
from posture.app.cli import cli
from posture.app.pricing import Models
from posture.app.settings import Settings
from posture.core import codec, document
from posture.core.assessment import Assessment
from posture.core.errors import PostureError
from tests.support.desk import ordinary

#: A real assessment of the demo, as the version of that day wrote it.
KEPT = Path(__file__).parents[1] / "data" / "assessment-2026-11-25.json"
APPETITE = "93eab04595e4ddd301ca0d4e2ea51a0f4a95d3cdc1c2bc8fc4b4bf9e80de570c"
OLD = "bcecf2ac3d5d75ebf9a32c2063709b07ac49ccb6a6e05bb5f01d9173f628f2cb"


@pytest.fixture(scope="module")
def kept() -> Assessment:
    return document.read_assessment(json.loads(KEPT.read_text(encoding="utf-8")))


def old_model() -> artefact.Artefact:
    found = past.model(OLD)
    assert found is not None
    return found


def then(item: Assessment) -> Assessment:
    """The assessment as the release of that day would have decided it: its model, appetite and checks."""
    told = Then(
        checks=tuple(check for check in Then.of(item).checks or () if check.card.check != "ports/footprint"),
        profile=past.profile(APPETITE),
    )
    return replay(item, old_model(), told)


def run(folder: Path, item: Assessment, *words: str) -> Any:
    path = folder / "assessment.json"
    path.write_text(json.dumps(document.assessment(item)), encoding="utf-8")
    done = CliRunner().invoke(cli, [*words, str(path), "--json"], env={"POSTURE_SETTINGS": None})
    assert done.exception is None, done.exception
    return json.loads(done.stdout), done.stderr


def test_a_document_of_an_older_version_is_read(kept: Assessment) -> None:
    """Fields of facts that came later need a default; this says so before an insurer's store does."""
    assert kept.domain == "hayate.example"
    assert len(kept.findings) > 150
    written = document.assessment(kept)
    assert document.read_assessment(written) == kept
    before = json.loads(KEPT.read_text(encoding="utf-8"))
    assert written["decision"] == before["decision"]
    assert written["score"] == before["score"]


def test_what_was_stored_with_an_older_model_is_priced_as_it_was(kept: Assessment) -> None:
    """From the stored findings, whatever checks have learnt since: the same features, score and decision."""
    assert kept.digests.model == OLD != artefact.shipped().digest
    market, profile = past.market(kept.digests.tables), past.profile(kept.digests.appetite)
    assert market is not None
    assert profile is not None
    again = assess(
        kept.findings,
        kept.application,
        on=kept.started_at.date(),
        model=past.model(kept.digests.model),
        market=market,
        profile=profile,
    )
    assert again.features == kept.features
    assert codec.encode(again.score) == codec.encode(kept.score)
    assert codec.encode(again.decision) == codec.encode(kept.decision)
    assert (again.model_digest, again.appetite_digest) == (kept.digests.model, kept.digests.appetite)


def test_it_replays_bit_for_bit_without_being_told_where_its_model_is(tmp_path: Path) -> None:
    item = then(ordinary())
    assert item.digests.model == OLD
    assert item.decision != ordinary().decision
    replayed, said = run(tmp_path, item, "assessments", "replay")
    assert replayed == json.loads(json.dumps(document.assessment(item)))
    assert "The same findings and the same decision." in said
    assert "Changed since" not in said


def test_what_if_and_the_steps_find_the_model_too(tmp_path: Path, kept: Assessment) -> None:
    study, _ = run(tmp_path, kept, "whatif")
    assert study["before"]["premium"]["total"] == kept.decision.premium.total
    assert study["before"]["score"] == kept.score.value
    steps, said = run(tmp_path, kept, "rating", "explain")
    assert steps["before"]
    assert "left out" not in said


def test_an_older_model_prices_nothing_new(tmp_path: Path) -> None:
    content = json.loads((artefact.PAST / f"model-{OLD}.json").read_text(encoding="utf-8"))
    path = tmp_path / "old.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    models = Models.read(path, Settings())
    assert models.find(OLD) is not None
    with pytest.raises(
        PostureError, match=r"reads posture\.features/1\+dcfb43e5, this release makes"
    ) as failure:
        _ = models.first
    assert failure.value.code == "model-stale"


def test_a_digest_is_never_a_way_to_a_file() -> None:
    for odd in ("../model", "", "..", "x" * 64, OLD.upper()):
        assert (past.model(odd), past.profile(odd), past.market(odd)) == (None, None, None)


def test_every_kept_file_is_the_one_of_its_name() -> None:
    models = sorted(artefact.PAST.glob("model-*.json"))
    assert models
    for path in models:
        found = artefact.load(path)
        assert path.name == f"model-{found.digest}.json"
        found.check_readings()
        assert past.knows(found.features_schema)
    for path in artefact.PAST.glob("appetite-*.toml"):
        assert path.name == f"appetite-{appetite.read(path).digest}.toml"


def test_what_a_release_prices_with_is_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, and found again once today's model, appetite and tables are others."""
    market, model, taken = tables.everything()[0], artefact.shipped(), appetite.profile()
    other = replace(old_model()), past.profile(APPETITE)
    monkeypatch.setattr(past, "PAST", tmp_path / "past")
    assert len(list(past.keep())) == 2 + len(tables.everything())
    monkeypatch.setattr(tables, "everything", tuple)
    monkeypatch.setattr(artefact, "shipped", lambda: other[0])
    monkeypatch.setattr(appetite, "profile", lambda: other[1])
    again, found = past.market(market.digest), past.model(model.digest)
    assert again is not None
    assert (again.key, again.digest, found) == (market.key, market.digest, model)
    assert past.profile(taken.digest) == taken
