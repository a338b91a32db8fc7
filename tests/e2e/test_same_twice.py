"""The same servers, looked at twice, get the same findings, score and decision."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from models.artefact import shipped
from posture.app.assess import replay
from posture.app.feeds import import_file, named_product, rows_of
from posture.core import document
from posture.core.assessment import Assessment
from posture.demo.stage import Scene
from posture.store.database import open_database
from tests.support import feeds
from tests.support.feeds import LIKELY
from tests.support.intelligence import NOW
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
    again = replay(first, shipped())
    assert (again.findings, again.score, again.decision) == (first.findings, first.score, first.decision)


def test_what_feeds_say_of_real_servers_is_judged_kept_and_replayed(scene: Scene, tmp_path: Path) -> None:
    """From stored feeds (synthetic) through a whole scan to the price; the replay needs no feed."""
    require_tool("nmap")
    store = open_database(f"sqlite:///{tmp_path / 'posture.db'}")
    listed = feeds.kev(feeds.kev_line(LIKELY, knownRansomwareCampaignUse="Known"))
    for name, body in (("kev", listed), ("epss", feeds.epss()), ("nvd", feeds.nvd())):
        (tmp_path / name).write_bytes(body)
        import_file(store, tmp_path / name, named_product("Apache HTTP Server"), NOW)
    without = request_of(scene, "hayate", tmp_path)
    item = assessed(replace(without, feeds=partial(rows_of, store)))
    store.close()
    assert set(item.digests.feeds) == {"kev", "epss", "nvd:apache:http_server"}
    said = {(f.check, f.message) for f in item.findings if "Apache" in str(f.arguments.get("software"))}
    assert {
        ("products/no_known_exploited", "ransomware"),
        ("products/no_overdue_mending", "overdue"),
    } <= said
    assert (item.features.values["kev_exposed"], item.features.values["patching_poor"]) == (0.5, 0.5)
    assert plain_document(replay(item, shipped())) == plain_document(item)
    assert assessed(without).features.values["kev_exposed"] is None


def plain_document(item: Assessment) -> str:
    return json.dumps(document.assessment(item))


def test_better_servers_get_better_tiers(scene: Scene, tmp_path: Path) -> None:
    require_tool("nmap")
    found = {key: assessed(request_of(scene, key, tmp_path)) for key in ("akatsuki", "minato", "hayate")}
    tiers = [item.decision.tier.value for item in found.values()]
    assert tiers == sorted(set(tiers))
    scores = [item.score.value for item in found.values()]
    assert scores == sorted(set(scores))
