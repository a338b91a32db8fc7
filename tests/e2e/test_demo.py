"""`posture demo` from outside: for root and for ordinary users, with and without a network of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from posture.app.cli.demo import synthetic
from posture.demo.stage import Scene
from reports import schema
from tests.support.json_schema import problems
from tests.support.leftovers import DEFAULT_SIGNALS, adopting, children
from tests.support.ordinary_user import ordinary_python
from tests.support.rehearsal import assessed, request_of
from tests.support.tools import missing, require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(400)]

WAYS = ("me", "ordinary", "shared-network")
# Runs the command line, and says at the end what it has written.
_RUN = """
import json, pathlib, sys
from posture.app.cli import main
try:
    main(["demo", "--json", "--out", "papers"])
finally:
    out = pathlib.Path("papers")
    written = {str(p.relative_to(out)): p.stat().st_size for p in sorted(out.rglob("*")) if p.is_file()}
    print(json.dumps(written), file=sys.stderr)
"""
_FILES = {
    "assessment.json",
    "findings.csv",
    *(
        f"{audience}.{language}.{kind}"
        for audience in ("underwriter", "applicant")
        for language in ("en", "ja")
        for kind in ("html", "pdf")
    ),
}


def _command(way: str) -> list[str]:
    """The start of a command line that ends in Python's arguments."""
    require_tool("nmap")
    if way == "ordinary":
        return ordinary_python()
    if way == "me":
        return [sys.executable]
    probe = ["unshare", "--user", "--map-root-user", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        missing("this machine gives no user namespace, so nothing can be forbidden in one")
    forbid = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    return ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh", sys.executable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a run of the demo gave: exit code, document, talk, sizes of its files, and processes left."""

    code: int
    document: Any
    talk: str
    written: dict[str, int]
    left: dict[int, str]


def _play(way: str, folder: Path) -> Played:
    before = children()
    with adopting():
        ran = subprocess.run(
            [*_command(way), "-c", _RUN],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=380,
            check=False,
        )
        left = {pid: name for pid, name in children().items() if pid not in before}
    *talk, written = ran.stderr.splitlines()
    return Played(
        code=ran.returncode,
        document=json.loads(ran.stdout),
        talk="\n".join(talk),
        written=json.loads(written),
        left=left,
    )


#: Outside a private network the server of another test may listen there on every address for a moment: on a
#: port such as these, or where nobody of the demo is, so that the network seems to hold a nameless host.
EPHEMERAL = range(32768, 61000)


@pytest.fixture(scope="module")
def expected(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[tuple[str, str, str, str]]]:
    """What each applicant's findings are, found out without the command line."""
    found = {}
    for applicant in scene.applicants:
        folder = tmp_path_factory.mktemp(applicant.key)
        item = assessed(replace(request_of(scene, applicant.key, folder), feeds=synthetic))
        found[applicant.domain] = {
            (f.id, f.check, f.outcome.value, f.message)
            for f in item.findings
            if f.target.name is not None and f.target.port not in EPHEMERAL
        }
    return found


@pytest.mark.parametrize("way", WAYS)
def test_the_demo(way: str, expected: dict[str, set[tuple[str, str, str, str]]], tmp_path: Path) -> None:
    played = _play(way, tmp_path)
    assert played.code == 0, played.talk
    assert played.left == {}
    found = played.document["assessments"]
    assert all(item["complete"] for item in found), played.talk
    for item in found:
        assert problems(schema.load("assessment"), item) == []
        findings = {
            (f["id"], f["check"], f["outcome"], f["message"])
            for f in item["findings"]
            if f["target"]["name"] is not None and f["target"]["port"] not in EPHEMERAL
        }
        assert findings ^ expected[item["domain"]] == set()
    _three_tiers(found)
    _traceable(found[-1])
    _synthetic(found[-1])
    for key in ("akatsuki", "minato", "hayate"):
        assert {name.partition("/")[2] for name in played.written if name.startswith(f"{key}/")} == _FILES
    assert all(size > 500 for size in played.written.values())


def _three_tiers(found: list[Any]) -> None:
    """Three applicants, each worse than the one before in tier and loading."""
    tiers = [item["decision"]["tier"] for item in found]
    loadings = [item["decision"]["loading"]["total"]["charged"] for item in found]
    assert len(tiers) == 3
    assert tiers == sorted(set(tiers))
    assert loadings == sorted(set(loadings))


def _synthetic(exposed: Any) -> None:
    """Every kind of finding about flaws can be seen, and says itself that it is made up."""
    failed = {
        f["check"]: f
        for f in exposed["findings"]
        if f["check"].startswith("products/") and f["outcome"] == "fail"
    }
    assert set(failed) == {
        "products/no_known_exploited",
        "products/no_likely_exploited",
        "products/no_overdue_mending",
        "products/still_supported",
    }
    named = [f["arguments"]["cves"] for f in failed.values() if "cves" in f["arguments"]]
    assert [cves for cves in named if "SYNTHETIC" not in str(cves)] == []
    assert [label for label in exposed["digests"]["feeds"] if not label.startswith("synthetic:")] == []
    assert exposed["coverage"]["overall"] == 1.0


def _traceable(exposed: Any) -> None:
    """What raises the price of the exposed applicant are findings on what the demo exposes."""
    findings = {item["id"]: item for item in exposed["findings"]}
    raising = [item for item in exposed["score"]["contributions"] if item["factor"] > 1]
    traced = {findings[number]["check"] for item in raising for number in item["findings"]}
    assert {"ports/remote_desktop", "ports/database", "ports/file_sharing", "mail/dmarc"} <= traced


@pytest.mark.parametrize(
    ("way", "number"),
    [*((way, signal.SIGINT) for way in WAYS), ("me", signal.SIGTERM), ("me", signal.SIGHUP)],
)
def test_an_interrupt_ends_everything(way: str, number: int, tmp_path: Path) -> None:
    before = children()
    folders = set(Path(tempfile.gettempdir()).glob("posture-demo-*"))
    with adopting():
        with subprocess.Popen(
            [*DEFAULT_SIGNALS, *_command(way), "-c", _RUN],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as play:
            assert play.stderr is not None
            for line in play.stderr:
                if "dns done" in line:  # in the middle of the first assessment, while nmap runs
                    break
            os.killpg(play.pid, number)
            out, talk = play.communicate(timeout=100)
        left = {pid: name for pid, name in children().items() if pid not in before}
    assert play.returncode == 128 + number, talk
    assert left == {}
    assert set(Path(tempfile.gettempdir()).glob("posture-demo-*")) - folders == set()
    assert json.loads(out)["code"] == "interrupted"
    assert "Traceback" not in talk
    written = json.loads(talk.splitlines()[-1])
    assert [name for name in written if not name.startswith("demo.db")] == []
    with socket.socket() as client:
        client.settimeout(5)
        assert client.connect_ex(("127.0.101.1", 443)) != 0
