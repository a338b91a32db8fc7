"""Without a valid consent not one connection is attempted, not one datagram sent, no program started."""

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.papers import APPLICATION, consent_text

pytestmark = pytest.mark.e2e

NOW = datetime.now(UTC).replace(microsecond=0)

#: Runs command lines one after the other in one process, whose audit events cannot be switched off.
WATCHED = """
import contextlib, io, json, sys
seen = []
watched = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "subprocess.Popen"}
sys.addaudithook(lambda event, arguments: event in watched and seen.append(event))
from posture.app.cli import main
results = []
for words in json.load(sys.stdin):
    seen.clear()
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            main(words)
    except SystemExit as end:
        results.append({"exit": end.code, "code": json.loads(out.getvalue()).get("code"), "seen": list(seen)})
json.dump(results, sys.stdout)
"""

CONSENTS = {
    "expired": consent_text(since=NOW - timedelta(days=20), until=NOW - timedelta(days=10)),
    "not-yet-valid": consent_text(since=NOW + timedelta(days=1), until=NOW + timedelta(days=10)),
    "not-consented": consent_text(domains='["somebody-else.example"]', networks="[]"),
    "excluded": consent_text(exclude='["example.co.jp"]'),
    "consent-unproved": consent_text(proof=""),
}
QUESTIONS = (
    ("assess", "example.co.jp", "--application", "application.toml"),
    ("probe", "dns", "example.co.jp"),
    ("probe", "mail", "example.co.jp"),
    ("probe", "tls", "example.co.jp:443"),
    ("probe", "web", "https://example.co.jp/"),
    ("probe", "ports", "example.co.jp"),
)


def watch(folder: Path, lines: Iterable[tuple[str, ...]]) -> list[dict[str, Any]]:
    # A resolver that would be asked is offered: whoever asks it is found out.
    common = ("--consent", "consent.toml", "--json", "--resolver", "127.0.0.1:53535")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        input=json.dumps([[*words, *common] for words in lines]),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("code", CONSENTS)
def test_a_consent_that_does_not_allow_it_sends_nothing(tmp_path: Path, code: str) -> None:
    (tmp_path / "consent.toml").write_text(CONSENTS[code], encoding="utf-8")
    (tmp_path / "application.toml").write_text(APPLICATION, encoding="utf-8")
    assert watch(tmp_path, QUESTIONS) == [{"exit": 4, "code": code, "seen": []}] * len(QUESTIONS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["application.toml", "consent.toml"]


@pytest.mark.parametrize("technique", ["dns", "mail", "tls", "web", "ports"])
def test_a_technique_that_is_not_granted_sends_nothing(tmp_path: Path, technique: str) -> None:
    granted = ", ".join(f'"{name}"' for name in ("dns", "mail", "tls", "web", "ports") if name != technique)
    (tmp_path / "consent.toml").write_text(consent_text(techniques=f"[{granted}]"), encoding="utf-8")
    question = next(words for words in QUESTIONS if words[:2] == ("probe", technique))
    assert watch(tmp_path, [question]) == [{"exit": 4, "code": "technique-not-granted", "seen": []}]


def test_an_address_outside_the_consented_networks_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "consent.toml").write_text(consent_text(networks='["127.0.0.1/32"]'), encoding="utf-8")
    targets = (
        "10.0.0.1:443",
        "169.254.169.254",
        "192.168.1.1",
        "[::ffff:10.0.0.1]:443",
        "[::1]",
        "127.0.0.2",
    )
    sites = ("http://10.0.0.1/", "http://[::ffff:10.0.0.1]:8080/", "https://169.254.169.254/latest")
    asked = [*(("probe", "tls", target) for target in targets), *(("probe", "web", site) for site in sites)]
    for result in watch(tmp_path, asked):
        assert result["exit"] == 4
        assert result["seen"] == []
