"""assessment.json and the published schemas."""

import json
from dataclasses import replace
from typing import Any

import pytest

from posture.core import document
from posture.core.targets import Target
from reports import schema
from reports.render import json as render_json
from tests.support.json_schema import problems
from tests.support.sample_assessment import sample


def written() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render_json.render(sample()))
    return loaded


def test_the_assessment_fits_its_schema() -> None:
    assert problems(schema.load("assessment"), written()) == []


def test_findings_and_observations_fit_their_own_schemas() -> None:
    item = written()
    for name in ("finding", "observation"):
        published = schema.load(name)
        assert [problem for entry in item[f"{name}s"] for problem in problems(published, entry)] == []


def test_an_error_fits_its_schema() -> None:
    error = {"schema": "posture.error/1", "exit": 4, "code": "expired", "message": "…", "remedy": "…"}
    assert problems(schema.load("error"), error) == []
    assert problems(schema.load("error"), error | {"exit": 0}) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "posture.assessment/2"),
        (("started_at",), "2026-11-23 01:30"),
        (("score", "letter"), "F"),
        (("score", "value"), 101),
        (("decision", "premium", "total"), 1.5),
        (("findings", 0, "outcome"), "ok"),
        (("findings", 0, "id"), "../../etc/passwd"),
        (("observations", 0, "seen"), "yes"),
        (("coverage", "overall"), -0.1),
    ],
)
def test_the_schema_refuses(path: tuple[Any, ...], value: object) -> None:
    item = written()
    place: Any = item
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert problems(schema.load("assessment"), item) != []


@pytest.mark.parametrize("name", ["id", "findings", "decision", "consent", "complete"])
def test_the_schema_misses_what_is_missing(name: str) -> None:
    item = written()
    del item[name]
    assert problems(schema.load("assessment"), item) == [f"$.{name} is missing"]


def test_what_is_written_reads_back_as_the_same_assessment() -> None:
    item = sample()
    assert document.read_assessment(json.loads(render_json.render(item))) == item


def test_nothing_a_terminal_acts_on_is_written_raw() -> None:
    hostile = "a\x1b[2J\x9b2J\x7f\u2028\u202e\ud800"
    item = sample()
    first = replace(item.observations[0], target=Target(name=hostile))
    raw = render_json.render(replace(item, observations=(first,)))
    assert json.loads(raw)["observations"][0]["target"]["name"] == hostile
    text = raw.decode()
    assert not [letter for letter in hostile if not letter.isprintable() and letter in text]
