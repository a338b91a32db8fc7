"""A model fitted to (synthetic) own claims prices what is new; what is stored keeps its own."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models import artefact, build, experience, learn, synthetic
from models.artefact import Artefact
from posture.app import papers
from posture.app.assess import conclude, replay
from posture.app.cli import cli
from posture.app.pricing import Models
from posture.app.request import Request, open_context
from posture.app.settings import Settings
from posture.core.assessment import Assessment
from posture.core.document import assessment as to_document
from posture.core.document import read_assessment
from posture.core.errors import PostureError
from scanners.context import Options
from tests.support.desk import clean, exposed


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "own.csv").write_text(synthetic.csv_text(1500, seed=3), encoding="utf-8")
    path = folder / "own.json"
    build.write(learn.fit(experience.read(folder / "own.csv"), name="own").content, path)
    return path


def assessed(model: Artefact | None) -> Assessment:
    """What a scan that brought the stored observations would have become."""
    item = exposed()
    request = Request(
        domain=item.domain,
        consent=item.consent,
        application=item.application,
        options=Options(),
        settings=Settings(),
        clock=lambda: item.started_at,
        model=model,
    )
    context = open_context(request)
    context.gateway.close()
    return conclude(request, context, item.started_at, item.observations)


def written(folder: Path, item: Assessment) -> str:
    path = folder / "assessment.json"
    path.write_text(json.dumps(to_document(item)), encoding="utf-8")
    return str(path)


def run(*words: str, settings: Path | None = None) -> Result:
    return CliRunner().invoke(cli, list(words), env={"POSTURE_SETTINGS": str(settings) if settings else None})


def refused(*words: str, settings: Path | None = None) -> PostureError:
    failure = run(*words, settings=settings).exception
    assert isinstance(failure, PostureError), failure
    assert failure.exit_code == 1
    assert "\n" not in failure.message
    return failure


def test_each_model_has_its_price_and_its_digest_and_replays_to_the_same_bytes(fitted: Path) -> None:
    own = artefact.load(fitted)
    by_prior, by_own = assessed(None), assessed(own)
    assert by_prior.digests.model == artefact.shipped().digest
    assert by_own.digests.model == own.digest != by_prior.digests.model
    prices = [one.decision.premium.total for one in (by_prior, by_own)]
    assert None not in prices
    assert prices[0] != prices[1]
    for item, model in ((by_prior, artefact.shipped()), (by_own, own)):
        stored = read_assessment(json.loads(json.dumps(to_document(item))))
        assert json.dumps(to_document(replay(stored, model))) == json.dumps(to_document(item))


def test_option_and_settings_give_the_same_and_nothing_else_prices_it(fitted: Path, tmp_path: Path) -> None:
    item = assessed(artefact.load(fitted))
    path = written(tmp_path, item)
    settings = tmp_path / "settings.toml"
    settings.write_text(f"[rating]\nmodel = {json.dumps(str(fitted))}\n", encoding="utf-8")
    replayed = run("assessments", "replay", path, "--model", str(fitted), "--json")
    assert json.loads(replayed.stdout) == to_document(item)
    assert "The same findings and the same decision." in replayed.stderr
    given = run("whatif", path, "--model", str(fitted), "--json")
    assert given.stdout == run("whatif", path, "--json", settings=settings).stdout
    assert json.loads(given.stdout)["before"]["premium"]["total"] == item.decision.premium.total
    for words in (("whatif", path), ("assessments", "replay", path)):
        failure = refused(*words)
        assert failure.code == "no-model"
        assert item.digests.model in failure.message
        assert "--model FILE" in failure.remedy


def test_a_fitted_model_at_hand_does_not_price_what_the_prior_priced(fitted: Path, tmp_path: Path) -> None:
    item = assessed(None)
    done = run("whatif", written(tmp_path, item), "--model", str(fitted), "--json")
    assert json.loads(done.stdout)["before"]["premium"]["total"] == item.decision.premium.total


def test_a_quote_keeps_the_model_of_its_assessment(fitted: Path, tmp_path: Path) -> None:
    from posture.store import assessments
    from posture.store.database import open_database

    url = f"sqlite:///{tmp_path / 'posture.db'}"
    own = artefact.load(fitted)
    item = replay(clean(), own)
    store = open_database(url)
    assessments.save(store, item)
    store.close()
    at_hand = ("--model", str(fitted), "--database", url, "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("posture.app.clock.utc_now", lambda: item.finished_at)
        made = json.loads(run("quote", item.id, "--by", "x", *at_hand).stdout)
        again = json.loads(run("quotes", "replay", item.id, *at_hand).stdout)
        missing = refused("quotes", "replay", item.id, "--database", url)
        unpriced = refused("quote", item.id, "--by", "x", "--database", url)
    assert made["versions"][0]["model"] == own.digest
    assert again["same"]
    assert (missing.code, unpriced.code) == ("no-model", "no-model")


def test_paper_terminal_and_steps_say_which_model(fitted: Path, tmp_path: Path) -> None:
    own = artefact.load(fitted)
    assert own.valued_on is not None
    told = {
        "en": ("the published prior, without claims", "fitted to the insurer’s own claims as valued on"),
        "ja": ("公表資料に基づく標準モデル", "自社の事故実績（"),
    }
    for place, model in enumerate((artefact.shipped(), own)):
        item = replace(assessed(model), id=f"model-{place}")
        folder = tmp_path / str(place)
        papers.write(item, folder, Settings(), papers.Surroundings(), models=Models(given=own))
        for language, words in told.items():
            printed = run("assessments", "show", written(tmp_path, item), "--lang", language).stdout
            pages = [
                (folder / f"{audience}.{language}.html").read_text(encoding="utf-8")
                for audience in ("underwriter", "applicant")
            ]
            for text in (printed, *pages):
                assert words[place] in re.sub(r"\s+", " ", text)
                assert words[1 - place] not in text
                assert model.digest[:12] in text
        steps = run("rating", "explain", written(tmp_path, item), "--model", str(fitted)).stdout
        assert told["en"][place] in steps
        assert " 0  pure premium a year" in steps


def test_without_its_model_the_steps_have_no_beginning_and_say_so(fitted: Path, tmp_path: Path) -> None:
    item = assessed(artefact.load(fitted))
    done = run("rating", "explain", written(tmp_path, item))
    assert done.exception is None
    assert item.digests.model in done.stderr
    assert "pure premium" not in done.stdout
    assert papers.study(item, Models()) is None


def spoilt(content: dict[str, object], change: str) -> str:
    """The artefact's text with one thing wrong; its digest is right where that is not the point."""
    if change == "schema":
        content["schema"] = "posture.model/2"
    elif change == "digest":
        content["name"] = "another"
    elif change == "features":
        features = content["features"]
        assert isinstance(features, dict)
        features.pop("rdp_exposed")
        from models.features import schema

        content["features_schema"] = schema(features)
    elif change == "infinite":
        content["coverage_floor"] = float("nan")
    if change in {"schema", "features"}:
        content["digest"] = artefact.digest(content)
    return {"text": "PK", "nested": "[" * 100_000}.get(change) or json.dumps(content)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("schema", "bad-model"),
        ("digest", "bad-model"),
        ("features", "model-stale"),
        ("infinite", "bad-model"),
        ("text", "bad-model"),
        ("nested", "bad-model"),
        ("missing", "bad-model"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_before_anything(
    fitted: Path, tmp_path: Path, change: str, code: str
) -> None:
    path = tmp_path / "model.json"
    if change != "missing":
        path.write_text(spoilt(json.loads(fitted.read_text(encoding="utf-8")), change), encoding="utf-8")
    (tmp_path / "none.toml").write_text(f"[rating]\nmodel = {json.dumps(str(path))}\n", encoding="utf-8")
    item = written(tmp_path, exposed())
    database = f"sqlite:///{tmp_path / 'posture.db'}"
    for words in (
        ("whatif", item),
        ("renewals", "run", "--database", database),
        ("quote", "x", "--database", database),
        ("rating", "explain", item),
    ):
        assert refused(*words, "--model", str(path)).code == code
        assert refused(*words, settings=tmp_path / "none.toml").code == code


def test_a_word_nobody_knows_in_the_settings_is_refused(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[rating]\nmodell = "x"\n', encoding="utf-8")
    assert refused("whatif", written(tmp_path, exposed()), settings=settings).code == "bad-settings"
