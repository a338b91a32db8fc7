"""The documents other programs rely on: written, read back, and refused when they do not fit."""

import json
from dataclasses import replace
from typing import Any

import pytest

from posture.core import document
from posture.core.assessment import Assessment
from posture.core.facts.dns_caa import DnsCaa
from posture.core.findings import Outcome
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen, reason_at
from posture.core.targets import Target
from tests.support.sample_assessment import sample
from tests.support.web import NOW

TARGET = Target(name="example.jp")
FACT = DnsCaa(issue=("ca.example",), issuewild=(), found_at="example.jp")
SEEN = Observation(
    kind="dns.caa",
    target=TARGET,
    at=NOW,
    result=Seen(value=FACT, gaps=(Gap(path="issuewild", reason=Reason.TIMEOUT),)),
    evidence=("ab",),
)
UNSEEN: Observation[Any] = Observation(
    kind="dns.caa", target=TARGET, at=NOW, result=Unseen(reason=Reason.REFUSED, detail="no"), evidence=("cd",)
)


def through_json(value: dict[str, Any]) -> dict[str, Any]:
    read = json.loads(json.dumps(value))
    assert isinstance(read, dict)
    return read


def written() -> dict[str, Any]:
    return through_json(document.assessment(sample()))


def test_a_seen_observation_has_the_agreed_form() -> None:
    told = document.observation(SEEN)
    value = told.pop("value")
    assert (value["issue"], value["issuewild"], value["found_at"]) == (["ca.example"], [], "example.jp")
    assert told == {
        "kind": "dns.caa",
        "target": {"name": "example.jp", "address": None, "port": None, "url": None},
        "at": "2026-12-24T12:00:00Z",
        "seen": True,
        "gaps": [{"path": "issuewild", "reason": "timeout"}],
        "evidence": ["ab"],
    }


def test_an_unseen_observation_has_no_value_at_all() -> None:
    told = document.observation(UNSEEN)
    assert told["seen"] is False
    assert (told["reason"], told["detail"]) == ("refused", "no")
    assert not {"value", "gaps"} & set(told)


@pytest.mark.parametrize("obs", [SEEN, UNSEEN], ids=["seen", "unseen"])
def test_observations_survive_json(obs: Observation[Any]) -> None:
    assert document.read_observation(through_json(document.observation(obs))) == obs


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "dns.weather"}, r"\$\.kind"),
        ({"kind": None}, r"\$\.kind"),
        ({"seen": "false"}, r"\$\.seen"),
        ({"seen": None}, r"\$\.seen"),
        ({"value": None}, r"\$\.value"),
        ({"value": {"issue": []}}, r"\$\.value\.issuewild"),
        ({"gaps": [{"path": "x", "reason": "mood"}]}, r"\$\.gaps\[0\]\.reason"),
        ({"at": "2026-12-24T12:00:00"}, r"\$\.at"),
        ({"target": None}, r"\$\.target"),
        ({"seen": False}, r"\$\.reason"),
        ({"seen": False, "reason": "mood"}, r"\$\.reason"),
    ],
)
def test_what_is_no_observation_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        document.read_observation(through_json(document.observation(SEEN)) | change)


def test_an_observation_carries_its_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        replace(SEEN, at=NOW.replace(tzinfo=None))


def test_an_assessment_survives_json_whole() -> None:
    again = document.read_assessment(written())
    assert again == sample()
    assert through_json(document.assessment(again)) == written()


def test_an_assessment_has_the_agreed_form() -> None:
    told = written()
    assert told["schema"] == "posture.assessment/1"
    assert set(told) >= {
        "id",
        "domain",
        "started_at",
        "finished_at",
        "versions",
        "consent",
        "observations",
        "findings",
        "coverage",
        "features",
        "score",
        "decision",
        "scanner",
        "contacted",
        "digests",
    }
    assert told["consent"]["digest"] == sample().consent.digest
    assert set(told["decision"]["premium"]) == {"currency", "A", "B", "C", "crime", "it", "total"}
    assert all(value is None or isinstance(value, int | float) for value in told["features"].values())
    assert {entry["outcome"] for entry in told["findings"]} <= {outcome.value for outcome in Outcome}


@pytest.mark.parametrize(
    "field",
    ["id", "observations", "consent", "decision", "feature_vector", "findings", "started_at", "schema"],
)
def test_an_assessment_with_a_part_missing_is_refused(field: str) -> None:
    told = written()
    del told[field]
    with pytest.raises(ValueError, match=r"^\$"):
        document.read_assessment(told)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "posture.assessment/2"),
        ("observations", {}),
        ("observations", [1]),
        ("decision", []),
        ("decision", {}),
        ("consent", "yes"),
    ],
)
def test_an_assessment_with_a_wrong_part_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^\$"):
        document.read_assessment(written() | {field: value})


def test_a_consent_that_is_not_the_one_of_its_digest_is_refused() -> None:
    told = written()
    told["consent"]["applicant"] = "somebody else"
    with pytest.raises(ValueError, match=r"consent\.digest"):
        document.read_assessment(told)


def test_the_sample_is_not_empty() -> None:
    item: Assessment = sample()
    assert item.observations
    assert item.findings
    assert any(isinstance(obs.result, Unseen) for obs in item.observations)


# The reason of a gap


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a", Reason.TIMEOUT),
        ("a.b", Reason.RESET),
        ("a.b.c", Reason.RESET),
        ("a.bc", Reason.TIMEOUT),
        ("ab", Reason.NO_DATA),
        ("", Reason.NO_DATA),
    ],
)
def test_the_nearest_gap_above_gives_the_reason(path: str, reason: Reason) -> None:
    gaps = (Gap(path="a.b", reason=Reason.RESET), Gap(path="a", reason=Reason.TIMEOUT))
    assert reason_at(gaps, path) is reason
    assert reason_at(gaps[::-1], path) is reason
