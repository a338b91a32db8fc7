"""The stage leaves nothing behind, whatever ends it."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from posture.core.errors import PostureError
from posture.demo.berths import Place, bind
from posture.demo.stage import Scene, Stage
from tests.support.demo_clients import Clients, rdata
from tests.support.leftovers import DEFAULT_SIGNALS

# Starts the stage, holds a few conversations open, prints the ports in use, and waits to be ended.
_PLAY = """
import contextlib, pathlib, socket, sys, time
from posture.demo.stage import Stage

with contextlib.ExitStack() as open_ends, Stage(pathlib.Path(sys.argv[1]), low_ports=False) as scene:
    for route in scene.routes:
        if route.startswith(("mail.hayate.example:25=", "hayate.example:443=", "hayate.example:6379=")):
            address, _, port = route.partition("=")[2].rpartition(":")
            open_ends.enter_context(socket.create_connection((address, int(port)), timeout=10))
    print(" ".join(route.partition("=")[2] for route in scene.routes), flush=True)
    time.sleep(100)
"""


def _open_files() -> set[str]:
    """What every descriptor of this process leads to."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except FileNotFoundError:
            continue  # the one that listed the folder
    return found


def _listens(address: str, port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(10)
        return client.connect_ex((address, port)) == 0


def _ends(scene: Scene) -> list[tuple[str, int]]:
    ends = (route.partition("=")[2].rpartition(":") for route in scene.routes)
    return [(address, int(port)) for address, _, port in ends]


def test_nothing_is_left_when_the_stage_is_left(tmp_path: Path) -> None:
    files, threads = _open_files(), threading.enumerate()
    with Stage(tmp_path, low_ports=False) as scene:
        assert any(_listens(*end) for end in _ends(scene))
        assert threading.enumerate() != threads
        open_ends = [Clients(scene=scene).connect("hayate.example", port) for port in (25, 443, 6379)]
    assert not any(_listens(*end) for end in _ends(scene))
    for end in open_ends:
        end.close()
    assert threading.enumerate() == threads
    assert _open_files() <= files
    assert {path.name for path in tmp_path.iterdir()} == {"demo-ca.pem", "demo-root.ds"}


def test_a_stage_can_be_entered_again_and_asynchronously(tmp_path: Path) -> None:
    stage = Stage(tmp_path, low_ports=False)

    async def play() -> list[str]:
        async with stage as scene:
            answer = await asyncio.to_thread(Clients(scene=scene).resolve, "minato.example", "A")
        return rdata(answer, "A")

    with stage as scene:
        first = rdata(Clients(scene=scene).resolve("minato.example", "A"), "A")
    assert first == asyncio.run(play()) == ["127.0.102.1"]


def test_an_error_inside_ends_the_stage(tmp_path: Path) -> None:
    threads = threading.enumerate()
    with pytest.raises(LookupError), Stage(tmp_path, low_ports=False) as scene:
        raise LookupError
    assert threading.enumerate() == threads
    assert not any(_listens(*end) for end in _ends(scene))


def test_a_stage_that_cannot_be_set_up_gives_everything_back(tmp_path: Path) -> None:
    files, threads = _open_files(), threading.enumerate()
    with pytest.raises(FileNotFoundError), Stage(tmp_path / "nowhere", low_ports=False):
        pass
    assert threading.enumerate() == threads
    assert _open_files() <= files


def test_servers_of_this_machine_do_not_appear_on_the_hosts(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as mine, Stage(tmp_path, low_ports=False) as scene:
        port = mine.getsockname()[1]
        assert _listens("127.0.101.1", port)
        clients = Clients(scene=scene)
        for name in ("akatsuki.example", "mail.minato.example", "www.hayate.example"):
            assert clients.where(name, port)[1] != port
            with pytest.raises(ConnectionRefusedError):
                clients.connect(name, port)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as owner:
        owner.bind(("127.0.104.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        with pytest.raises(PostureError, match=f"port {port} of 127.0.104.1"):
            bind(Place(address="127.0.104.1", port=port, names=("x.example",)), low_ports=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*DEFAULT_SIGNALS, sys.executable, "-W", "error", "-X", "dev", "-c", _PLAY, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as play:
        assert play.stdout is not None
        ends = [end.rpartition(":") for end in play.stdout.readline().split()]
        assert any(_listens(address, int(port)) for address, _, port in ends)
        play.send_signal(number)
        _, complaints = play.communicate(timeout=60)
    assert not any(_listens(address, int(port)) for address, _, port in ends)
    if number == signal.SIGINT:
        assert complaints.splitlines()[-1] == "KeyboardInterrupt"
        assert "ResourceWarning" not in complaints
        assert complaints.count("Traceback") == 1
