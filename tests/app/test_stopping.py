"""However a command is stopped, its nmap is gone, and who started it is told."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posture.app.cli.stopping import run_until_stopped, stopping
from tests.support.leftovers import adopting, children
from tests.support.net_servers import alive
from tests.support.tools import ROOT, require_tool

_CONSENT = """
schema = "posture.consent/1"
applicant = "Example K.K."
domains = ["example.jp"]
networks = ["127.0.0.0/8"]
exclude = []
techniques = ["ports"]
ports = "1-65535"
valid_from = {begin}
valid_until = {end}
granted_by = {{ name = "T", title = "CEO", email = "t@example.jp" }}
document = {{ sha256 = "{digest}" }}
proof = {{ method = "document" }}
authority = [{{ covers = ["example.jp", "127.0.0.0/8"], basis = "own" }}]
"""
_USUAL: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
#: A sweep that would take two minutes.
_ASK = ("probe", "ports", "127.0.0.9", "--ports", "1-60000", "--resolver", "127.0.0.1")


@pytest.fixture(autouse=True)
def _nothing_is_ignored() -> Iterator[None]:
    """Whoever runs the tests in the background ignores signals; children inherit that."""
    found = {number: signal.signal(number, usual) for number, usual in _USUAL.items()}
    yield
    for number, before in found.items():
        signal.signal(number, before)


@contextmanager
def sweeping(folder: Path, *prefix: str, json_too: bool) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The command line in the middle of a sweep, and its nmap's process id."""
    require_tool("nmap")
    now = datetime.now(UTC).replace(microsecond=0)
    text = _CONSENT.format(
        begin=(now - timedelta(days=1)).isoformat(),
        end=(now + timedelta(days=1)).isoformat(),
        digest="0" * 64,
    )
    consent = folder / "consent.toml"
    consent.write_text(text, encoding="utf-8")
    words = [*_ASK, "--consent", str(consent), *(["--json"] if json_too else [])]
    with subprocess.Popen(
        [*prefix, sys.executable, "-m", "posture.app.cli", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            yield command, _nmap_of(command)
        finally:
            command.kill()


def _nmap_of(command: "subprocess.Popen[str]") -> int:
    listed = Path(f"/proc/{command.pid}/task/{command.pid}/children")
    while command.poll() is None:
        for number in _read(listed).split():
            if _read(Path("/proc", number, "cmdline")).split("\0")[0].endswith("nmap"):
                return int(number)
        threading.Event().wait(0.02)
    raise AssertionError(command.communicate())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
        return ""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("json_too", [True, False])
def test_a_signal_ends_the_sweep(number: int, code: int, json_too: bool, tmp_path: Path) -> None:  # noqa: FBT001
    before = children()
    with adopting(), sweeping(tmp_path, json_too=json_too) as (command, nmap):
        command.send_signal(number)
        out, talk = command.communicate(timeout=60)
        assert not alive(nmap)
        assert set(children()) - set(before) == set()
    assert command.returncode == code
    message = f"Stopped ({signal.Signals(number).name})."
    assert talk.splitlines()[-1].startswith(message)
    assert "Traceback" not in talk
    if not json_too:
        assert out == ""
        return
    document = json.loads(out)
    assert (document["exit"], document["code"], document["message"]) == (code, "interrupted", message)


def test_even_a_kill_ends_nmap(tmp_path: Path) -> None:
    with sweeping(tmp_path, json_too=True) as (command, nmap):
        command.kill()
        command.wait(60)
        while alive(nmap):
            threading.Event().wait(0.02)
    assert command.returncode == -signal.SIGKILL


def test_in_the_background_of_a_shell_too(tmp_path: Path) -> None:
    """There SIGINT is ignored, so that asyncio does not listen for it."""
    ignoring = ("env", "--ignore-signal=INT")
    with sweeping(tmp_path, *ignoring, json_too=True) as (command, nmap):
        command.terminate()
        out, talk = command.communicate(timeout=60)
        assert not alive(nmap)
    assert command.returncode == 143, talk
    assert json.loads(out)["code"] == "interrupted"


def test_under_nohup_a_closing_terminal_stops_nothing(tmp_path: Path) -> None:
    with sweeping(tmp_path, "nohup", json_too=False) as (command, nmap):
        command.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(1)
        assert alive(nmap)
        command.terminate()
        command.communicate(timeout=60)
        assert not alive(nmap)
    assert command.returncode == 143


def test_only_the_first_signal_interrupts() -> None:
    """A second one must not break off the tidying up."""
    tidied = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(5)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            tidied.append(True)

    with stopping() as stop, pytest.raises(KeyboardInterrupt):
        work()
    assert tidied == [True]
    assert (stop.name, stop.exit_code) == ("SIGTERM", 143)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("background", [True, False])
def test_inside_the_loop_a_signal_breaks_off_no_statement(
    number: signal.Signals, *, background: bool
) -> None:
    """An exception between the start of a program and the `try` that ends it would leave it behind."""
    done: list[object] = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        done.extend(range(1000))  # here the interpreter calls the handler
        try:
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
            done.append("tidied")

    usual = signal.getsignal(signal.SIGINT)
    if background and number is not signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stopping() as stop, pytest.raises(KeyboardInterrupt):
            run_until_stopped(work())
    finally:
        signal.signal(signal.SIGINT, usual)
    assert done == [*range(1000), "tidied"]
    assert stop.name == number.name


def test_work_that_ends_by_itself_is_returned() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    with stopping():
        assert run_until_stopped(work()) == "done"
    assert run_until_stopped(work()) == "done"


def test_a_signal_at_the_very_end_is_not_lost() -> None:
    async def work() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "done"

    with stopping() as stop, pytest.raises(KeyboardInterrupt):
        run_until_stopped(work())
    assert stop.exit_code == 143


def test_another_thread_sets_no_handlers() -> None:
    found = []

    def look() -> None:
        with stopping():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]
