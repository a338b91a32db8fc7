"""However a command is stopped, its nmap is gone, and who started it is told."""

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

import pytest

from posture.app.cli.stopping import stopping
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
#: A sweep that would take two minutes.
_ASK = ("probe", "ports", "127.0.0.9", "--ports", "1-60000", "--resolver", "127.0.0.1")


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
        for number in listed.read_text(encoding="ascii").split():
            if Path("/proc", number, "comm").read_text(encoding="ascii").strip() == "nmap":
                return int(number)
        threading.Event().wait(0.02)
    raise AssertionError(command.communicate())


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


def test_another_thread_sets_no_handlers() -> None:
    found = []

    def look() -> None:
        with stopping():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]
