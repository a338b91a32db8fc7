"""The nmap program: what it may be told, and that it is always ended and reaped."""

import asyncio
import gc
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posture.core.consent import Technique
from posture.core.errors import PostureError
from posture.core.observations import Reason
from posture.core.scope import Permit
from posture.core.targets import Target, network, port_ranges
from scanners.context import Options
from scanners.net import nmap
from scanners.net.failure import NetFailure
from scanners.net.gateway import Gateway
from scanners.net.nmap import NmapError, checked, find_nmap, nmap_version, run
from scanners.net.routes import Route, Routes
from tests.support.net_servers import NAME, NOW, OPTIONS, Server, alive, children, close, door, witnessed
from tests.support.ordinary_user import as_ordinary_user
from tests.support.tools import require_tool


@pytest.fixture
def real() -> str:
    return require_tool("nmap")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Options]:
    """Options with an nmap that is a shell script."""

    def make(script: str) -> Options:
        path = tmp_path / "nmap"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return replace(OPTIONS, nmap=str(path))

    return make


def leave(gateway: Gateway, *addresses: str, name: str | None = None) -> list[Permit]:
    return [
        gateway.permit(Target(name=name, address=one), Technique.PORTS) for one in addresses or ("127.0.0.1",)
    ]


def sweep(gateway: Gateway, permits: list[Permit], *words: str, seconds: float = 20) -> bytes:
    return asyncio.run(gateway.nmap(permits, words, seconds=seconds))


# -- found or not --------------------------------------------------------------------------------------------


def test_the_real_one_is_found_and_says_its_version(real: str) -> None:
    assert find_nmap(OPTIONS) == real
    major, minor = nmap_version(real).split(".")[:2]
    assert (int(major), int(minor[:2])) >= (7, 0)


def test_it_is_found_outside_an_ordinary_users_path(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_nmap(OPTIONS) == real


@pytest.mark.parametrize("named", [None, "/nonexistent/nmap", "no-such-nmap"])
def test_a_missing_nmap_is_a_setup_error(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(nmap, "_FOLDERS", ())
    with pytest.raises(PostureError) as caught:
        find_nmap(replace(OPTIONS, nmap=named))
    assert caught.value.code == "nmap-missing"
    assert "apt-get install nmap" in caught.value.remedy


@pytest.mark.parametrize("script", ["echo Hello", "exit 1", "printf 'Nmap \\377version'", "sleep 100"])
def test_something_else_called_nmap(
    script: str, fake: Callable[[str], Options], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nmap, "_TO_START", 0.5)
    with pytest.raises(PostureError) as caught:
        nmap_version(find_nmap(fake(f"exec {script}")))
    assert caught.value.code == "nmap-missing"


# -- what it is told -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["-p", "80 -oN file"],
        ["-p", "-oN"],
        ["-p", "-"],
        ["-p"],
        ["-p", "80", "-oN"],
        ["-oN", "file"],
        ["-badopt"],
        ["--script", "vuln"],
        ["-sC"],
        ["-iL", "/etc/passwd"],
        ["127.0.0.2"],
        [""],
    ],
)
def test_only_listed_arguments_reach_nmap(words: list[str]) -> None:
    with pytest.raises(ValueError, match="nmap"):
        checked(words)
    gateway = door()
    with witnessed() as events, pytest.raises(ValueError, match="nmap"):
        sweep(gateway, leave(gateway), *words)
    assert events == []


@pytest.mark.parametrize("ports", ["0", "70000", "80-22", "T:", "80,,90", "T:1-99999"])
def test_a_bad_range_of_ports_is_refused_before_nmap_could_misread_it(ports: str) -> None:
    gateway = door()
    with witnessed() as events, pytest.raises((PostureError, ValueError)):
        sweep(gateway, leave(gateway), "-sS", "-p", ports)
    assert events == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1 -oN file", "localhost", "-oN", "no.such.name.invalid", "127.0.0.1/8"]
)
def test_a_host_is_an_address_and_nothing_else(address: str) -> None:
    """An unresolvable name gave an empty result without an error: here it cannot even be asked for."""
    gateway = door()
    with pytest.raises(PostureError):
        leave(gateway, address)


def test_the_command_is_literal_and_complete(fake: Callable[[str], Options], tmp_path: Path) -> None:
    said = tmp_path / "said"
    gateway = door(fake(f'printf "%s\\n" "$@" > {shlex.quote(str(said))}'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 0)
        sweep(gateway, leave(gateway, "127.0.0.1", "127.0.0.2"), "-sS", "-p", "T:22,80", seconds=7)
    assert said.read_text(encoding="utf-8").split("\n")[:-1] == [
        *("-n", "-Pn", "-oX", "-", "--reason"),
        *("--min-rate", "5000", "--max-rate", "5000", "--max-retries", "2", "--host-timeout", "7000ms"),
        *("-sS", "-p", "T:22,80", "127.0.0.1", "127.0.0.2"),
    ]


# -- leave and ledger ----------------------------------------------------------------------------------------


def test_the_ledger_is_written_before_nmap_starts(fake: Callable[[str], Options]) -> None:
    gateway = door(fake("exit 3"))
    with pytest.raises(NmapError):
        sweep(gateway, leave(gateway), "-sT", "-p", "T:22-24,80")
    (contact,) = gateway.ledger.contacts()
    assert (contact.address, contact.ports, contact.connections) == ("127.0.0.1", (22, 23, 24, 80), 4)
    assert (contact.technique, contact.why, contact.first) == ("ports", "in-networks", NOW)


@pytest.mark.parametrize(
    ("ports", "asked", "allowed"),
    [
        ("22,80-90", "T:22,85", True),
        ("22,80-90", "T:22,91", False),
        ("22,U:161", "T:161", False),
        ("default", "T:9", True),
    ],
)
def test_ports_outside_the_consent_are_not_swept(
    ports: str,
    asked: str,
    allowed: bool,  # noqa: FBT001
    fake: Callable[[str], Options],
) -> None:
    gateway = door(fake("echo swept"), ports=ports)
    if allowed:
        assert sweep(gateway, leave(gateway), "-sT", "-p", asked) == b"swept\n"
        return
    with witnessed() as events, pytest.raises(NetFailure) as caught:
        sweep(gateway, leave(gateway), "-sT", "-p", asked)
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert events == []
    assert gateway.ledger.contacts() == ()


def test_a_routed_port_counts_as_the_logical_one(fake: Callable[[str], Options]) -> None:
    routes = Routes(routes=(Route(name=NAME, port=22, to_address="127.0.0.1", to_port=2222),))
    gateway = door(replace(fake("echo swept"), routes=routes), ports="22")
    assert sweep(gateway, leave(gateway, name=NAME), "-sT", "-p", "T:2222") == b"swept\n"
    with pytest.raises(NetFailure):
        sweep(gateway, leave(gateway), "-sT", "-p", "T:2222")


def _other_technique(gateway: Gateway) -> Permit:
    return gateway.permit(Target(address="127.0.0.1"), Technique.TLS)


def _hosted(gateway: Gateway) -> Permit:
    return gateway.permit_contact(
        Target(name="www.example.org", address="127.0.0.1"), Technique.WEB, why="redirect"
    )


@pytest.mark.parametrize("other", [_other_technique, _hosted])
def test_leave_for_something_less_is_not_leave_to_sweep(
    other: Callable[[Gateway], Permit], fake: Callable[[str], Options]
) -> None:
    gateway = door(fake("echo swept"))
    with witnessed() as events, pytest.raises(NetFailure) as caught:
        sweep(gateway, [other(gateway)], "-sT", "-p", "T:22")
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert events == []


def test_a_permit_whose_time_is_over(fake: Callable[[str], Options]) -> None:
    now = [NOW]
    gateway = door(fake("echo swept"), clock=lambda: now[0])
    permits = leave(gateway)
    now[0] = gateway.scope.consent.valid_until
    with witnessed() as events, pytest.raises(NetFailure) as caught:
        sweep(gateway, permits, "-sT", "-p", "T:22")
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert events == []


def test_a_sweep_is_told_to_end_with_the_consent(fake: Callable[[str], Options], tmp_path: Path) -> None:
    said = tmp_path / "said"
    options = fake(f'printf "%s\\n" "$@" > {shlex.quote(str(said))}')
    gateway = door(options, valid_until=NOW + timedelta(seconds=9))
    sweep(gateway, leave(gateway), "-sT", "-p", "T:22", seconds=60)
    assert "8500ms" in said.read_text(encoding="utf-8").split("\n")


def test_too_little_time_is_no_time(fake: Callable[[str], Options]) -> None:
    gateway = door(fake("echo swept"), valid_until=NOW + timedelta(seconds=0.4))
    with witnessed() as events, pytest.raises(NetFailure) as caught:
        sweep(gateway, leave(gateway), "-sT", "-p", "T:22")
    assert caught.value.reason is Reason.NOT_PERMITTED
    assert events == []
    assert gateway.ledger.contacts() == ()


def test_one_version_of_addresses_at_a_time(fake: Callable[[str], Options]) -> None:
    gateway = door(fake("echo swept"))
    for permits, words in (
        (leave(gateway, "127.0.0.1", "::1"), ("-sT", "-p", "T:22")),
        (leave(gateway), ("-sT",)),
        ([], ("-sT", "-p", "T:22")),
    ):
        with pytest.raises(ValueError, match="a sweep names"):
            sweep(gateway, permits, *words)


# -- privileges ----------------------------------------------------------------------------------------------

_ASK = """
import asyncio, sys
from posture.core.consent import Technique
from posture.core.targets import Target
from tests.support.net_servers import door
gateway = door()
permit = gateway.permit(Target(address="127.0.0.1"), Technique.PORTS)
print(asyncio.run(gateway.nmap([permit], sys.argv[1:], seconds=20)).decode())
"""


def test_an_ordinary_user_sweeps_with_connections(real: str) -> None:
    with Server(close) as server:
        ran = as_ordinary_user(["-c", _ASK, "-sS", "-p", f"T:{server.port}"])
    assert 'type="connect" protocol="tcp"' in ran.stdout, ran.stderr
    assert f'portid="{server.port}"><state state="open"' in ran.stdout


def test_root_without_raw_sockets_falls_back_too(real: str) -> None:
    """A container's root: nmap believes it may, and finds out that it may not."""
    with Server(close) as server:
        believing = f"import os; os.environ['NMAP_PRIVILEGED'] = '1'\n{_ASK}"
        ran = as_ordinary_user(["-c", believing, "-sS", "-p", f"T:{server.port}"])
    assert 'type="connect" protocol="tcp"' in ran.stdout, ran.stderr
    assert f'portid="{server.port}"><state state="open"' in ran.stdout


def test_nmap_never_asks_udp_ports() -> None:
    """Its own questions hold a community string (nmap-payloads, port 161)."""
    for words in (("-sU", "-p", "U:161"), ("-sS", "-p", "U:161"), ("-sS", "-p", "T:1,U:161")):
        with pytest.raises(ValueError, match="nmap"):
            checked(words)


# -- ended and reaped ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo no such >&2; exit 1", "no such"),
        ("printf 'g\\377rbage' >&2; exit 1", "g\N{REPLACEMENT CHARACTER}rbage"),
    ],
)
def test_a_failing_nmap_is_our_own_fault(script: str, says: str, fake: Callable[[str], Options]) -> None:
    gateway = door(fake(script))
    with pytest.raises(NmapError, match=says):
        sweep(gateway, leave(gateway), "-sT", "-p", "T:22")


def test_no_way_to_the_host_is_the_networks(fake: Callable[[str], Options]) -> None:
    gateway = door(fake("echo 'nexthost: failed to determine route to ::1' >&2; exit 1"))
    with pytest.raises(NetFailure) as caught:
        sweep(gateway, leave(gateway, "::1"), "-sT", "-p", "T:22")
    assert caught.value.reason is Reason.UNREACHABLE


def test_output_is_bounded(fake: Callable[[str], Options], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nmap, "_MOST_OUTPUT", 100_000)
    before = children()
    with pytest.raises(NmapError, match="more than any"):
        asyncio.run(run(str(fake("exec yes").nmap), [], seconds=30))
    assert children() == before


def test_talk_is_bounded_and_its_end_kept(fake: Callable[[str], Options]) -> None:
    options = fake("yes x | head -c 1000000 >&2; echo END >&2; echo done")
    output = asyncio.run(run(str(options.nmap), [], seconds=30))
    assert (output.xml, output.status) == (b"done\n", 0)
    assert len(output.talk) <= 64 * 1024
    assert output.talk.endswith("END\n")


_FAMILY = 'echo $$ > "{0}"; sleep 300 & echo $! >> "{0}"; wait'


def _family(path: Path) -> list[int]:
    while not path.exists() or path.read_text(encoding="ascii").count("\n") < 2:
        time.sleep(0.01)
    return [int(line) for line in path.read_text(encoding="ascii").split()]


def _gone(pids: list[int]) -> None:
    while any(alive(pid) for pid in pids):  # a killed grandchild is reaped by init, a moment later
        time.sleep(0.01)


def test_a_run_that_takes_too_long_is_killed_with_its_children(
    fake: Callable[[str], Options], tmp_path: Path
) -> None:
    options = fake(_FAMILY.format(tmp_path / "pids"))
    before = children()
    with pytest.raises(NetFailure) as caught:
        asyncio.run(run(str(options.nmap), [], seconds=0.5))
    assert caught.value.reason is Reason.BUDGET
    assert children() == before
    _gone(_family(tmp_path / "pids"))


def test_cancelling_leaves_no_process(fake: Callable[[str], Options], tmp_path: Path) -> None:
    options = fake(_FAMILY.format(tmp_path / "pids"))
    before = children()

    async def cancel() -> None:
        task = asyncio.create_task(run(str(options.nmap), [], seconds=300))
        pids = await asyncio.to_thread(_family, tmp_path / "pids")
        assert all(alive(pid) for pid in pids)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert children() == before
    _gone(_family(tmp_path / "pids"))


@pytest.mark.parametrize("steps", range(6))
def test_cancelling_while_it_starts(steps: int, fake: Callable[[str], Options]) -> None:
    options = fake("sleep 300 & wait")
    before = children()

    async def cancel() -> None:
        task = asyncio.create_task(run(str(options.nmap), [], seconds=300))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert children() == before


def test_cancelling_again_and_again(fake: Callable[[str], Options], tmp_path: Path) -> None:
    """As at the end of a program, when everybody cancels everybody."""
    options = fake(_FAMILY.format(tmp_path / "pids"))
    before = children()

    async def cancel() -> None:
        task = asyncio.create_task(run(str(options.nmap), [], seconds=300))
        await asyncio.to_thread(_family, tmp_path / "pids")
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
        assert children() == before

    asyncio.run(cancel())
    _gone(_family(tmp_path / "pids"))


@pytest.mark.parametrize("steps", range(8))
def test_the_end_of_the_loop_leaves_no_process(steps: int, fake: Callable[[str], Options]) -> None:
    """A gather that fails does not wait for its other parts: the end of the loop cancels every task left."""
    options = fake("sleep 300 & wait")
    before = children()

    async def abandon() -> None:
        task = asyncio.create_task(run(str(options.nmap), [], seconds=300))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(abandon())
    gc.collect()  # what was left open would say so now
    assert children() == before


def test_cancelling_a_real_sweep_leaves_no_process(real: str) -> None:
    gateway = door(replace(OPTIONS, sweep_rate=1))
    before = children()

    async def cancel() -> None:
        task = asyncio.create_task(gateway.nmap(leave(gateway), ("-sS", "-p", "T:1-1000")))
        await asyncio.to_thread(_one_more, before)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert children() == before


def _one_more(before: set[int]) -> None:
    while children() == before:
        time.sleep(0.01)


# -- the usual ports -----------------------------------------------------------------------------------------


def test_the_usual_ports_are_nmaps_own(real: str) -> None:
    gateway = door()
    with witnessed() as events:
        ranges = port_ranges(asyncio.run(gateway.usual_ports(1000)))
    assert sum(one.last - one.first + 1 for one in ranges) == 1000
    assert {event for event, _ in events} == {"subprocess.Popen"}
    assert gateway.ledger.contacts() == ()


def test_a_list_nmap_does_not_give(fake: Callable[[str], Options]) -> None:
    with pytest.raises(NmapError):
        asyncio.run(door(fake("echo '<nmaprun/>'")).usual_ports(1000))


def test_networks_decide_for_addresses_without_names() -> None:
    gateway = door(networks=(network("127.0.0.0/30"),))
    assert leave(gateway, "127.0.0.3")
    with pytest.raises(NetFailure):
        leave(gateway, "127.0.0.4")
