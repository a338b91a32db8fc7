"""What is said on stderr while a scan runs: areas, and the hosts of a long sweep."""

import asyncio
from dataclasses import replace

import pytest

from posture.app.cli import progress
from posture.app.cli.progress import STEPS, progress_of
from posture.core.targets import Target
from scanners import ports
from scanners.context import Context
from tests.support.net_servers import OPTIONS, Server, context, silent
from tests.support.tools import require_tool

TITLE = "example.jp"


def said(capsys: pytest.CaptureFixture[str], *steps: str) -> list[str]:
    with progress_of(TITLE) as advance:
        for step in steps:
            advance(step)
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_a_log_hears_of_every_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, *STEPS) == [
        f"{TITLE}: {step} done ({number}/{len(STEPS)})" for number, step in enumerate(STEPS, 1)
    ]


def test_a_short_sweep_is_not_counted_host_by_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "ports 1/2", "ports 2/2", "ports") == [f"{TITLE}: ports done (1/{len(STEPS)})"]


def test_a_long_sweep_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LONG", 0.0)
    assert said(capsys, "dns", "ports 1/2", "ports 2/2", "ports") == [
        f"{TITLE}: dns done (1/{len(STEPS)})",
        f"{TITLE}: ports: 1/2 hosts done",
        f"{TITLE}: ports: 2/2 hosts done",
        f"{TITLE}: ports done (2/{len(STEPS)})",
    ]


def test_a_person_sees_the_hosts_in_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "is_terminal", lambda: True)
    seen: list[tuple[int, str]] = []

    def update(_bar: object, _task: object, *, advance: int, description: str) -> None:
        seen.append((advance, description))

    monkeypatch.setattr("rich.progress.Progress.update", update)
    with progress_of(TITLE) as advance:
        for step in ("dns", "mail", "tls", "web", "ports 1/2", "ports", "services"):
            advance(step)
    assert seen == [
        (1, f"{TITLE}: mail, ports, tls, web, services"),
        (1, f"{TITLE}: ports, tls, web, services"),
        (1, f"{TITLE}: ports, web, services"),
        (1, f"{TITLE}: ports, services"),
        (0, f"{TITLE}: ports 1/2, services"),
        (1, f"{TITLE}: services"),
        (1, f"{TITLE}: judging"),
    ]


def test_the_sweep_tells_of_every_host() -> None:
    require_tool("nmap")
    told: list[str] = []
    with Server(silent, address="127.0.0.8") as server:
        made = context(replace(OPTIONS, ports=str(server.port)))
        ctx: Context = replace(made, progress=told.append)
        hosts = [Target(address=f"127.0.0.{number}") for number in (8, 9, 10)]
        asyncio.run(ports.scan(ctx, hosts))
    assert told == ["ports 1/3", "ports 2/3", "ports 3/3"]
