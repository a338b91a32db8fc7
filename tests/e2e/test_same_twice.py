"""The same servers, looked at twice, get the same findings, score and decision."""

from pathlib import Path

import pytest

from posture.app.assess import replay
from posture.demo.stage import Scene
from tests.support.rehearsal import assessed, plain, request_of
from tests.support.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("key", ["akatsuki", "minato", "hayate"])
def test_twice_the_same(scene: Scene, key: str, tmp_path: Path) -> None:
    require_tool("nmap")
    first, second = (assessed(request_of(scene, key, tmp_path)) for _ in range(2))
    assert first.complete
    assert second.complete
    assert list(map(plain, first.findings)) == list(map(plain, second.findings))
    assert first.features.values == second.features.values
    assert first.coverage == second.coverage
    assert first.score == second.score
    assert first.decision == second.decision
    assert first.digests == second.digests


def test_a_stored_assessment_is_judged_and_priced_the_same_again(scene: Scene, tmp_path: Path) -> None:
    require_tool("nmap")
    first = assessed(request_of(scene, "hayate", tmp_path))
    again = replay(first)
    assert (again.findings, again.score, again.decision) == (first.findings, first.score, first.decision)


def test_better_servers_get_better_tiers(scene: Scene, tmp_path: Path) -> None:
    require_tool("nmap")
    found = {key: assessed(request_of(scene, key, tmp_path)) for key in ("akatsuki", "minato", "hayate")}
    tiers = [item.decision.tier.value for item in found.values()]
    assert tiers == sorted(set(tiers))
    scores = [item.score.value for item in found.values()]
    assert scores == sorted(set(scores))
