"""The sweep against hosts that only exist on the wire: filters, bans, tarpits. Packets are counted."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from posture.core.observations import Reason
from posture.core.targets import port_ranges
from tests.support.tools import ROOT, require_tool

HOST = "10.9.0.5"


@pytest.fixture(scope="module", autouse=True)
def _allowed() -> None:
    """Root, a TUN device and namespaces: where one of them is missing, hosts on loopback have to do."""
    for tool in ("nmap", "unshare", "ip"):
        require_tool(tool)
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("no TUN device here")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespaces here")


def sweep(
    policy: str, ports: str = "1-300,443", rate: int = 1000, beat: float = 5, first: int = 0
) -> dict[str, Any]:
    words = (policy, ports, str(rate), str(beat), str(first))
    command = [sys.executable, "-m", "tests.support.tun_host", *words]
    ran = subprocess.run(
        ["unshare", "--net", *command], capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    told: dict[str, Any] = json.loads(ran.stdout)
    assert told["faults"] == []
    _compare(told, ports)
    return told


def _compare(told: dict[str, Any], ports: str) -> None:
    """Every SYN that arrived went to a port in the ledger, and only to ports that were asked for."""
    asked = {number for one in port_ranges(ports) for number in range(one.first, one.last + 1)}
    assert {address for address, _, _ in told["ledger"]} == {HOST}
    written = [port for _, ports, _ in told["ledger"] for port in ports]
    connections = sum(line[2] for line in told["ledger"])
    assert {int(port) for port in told["syns"]} <= set(written) == asked
    assert (
        sum(told["syns"].values()) <= 3 * connections
    )  # a silent port is asked again, by nmap and by the kernel


def test_behind_a_filter_the_rest_is_not_reachable() -> None:
    told = sweep("firewall")
    assert (told["open"], told["reason"]) == ([80, 443], None)
    assert len(told["syns"]) == 301


def test_a_plain_host() -> None:
    told = sweep("plain")
    assert told["open"] == [80, 443]
    assert all(
        count == 1 for port, count in told["syns"].items() if port not in {"80", "443", "25", "22", "53", "1"}
    )


def test_a_silent_host_is_not_a_clean_one() -> None:
    told = sweep("silent")
    assert (told["open"], told["reason"]) == (None, Reason.TIMEOUT)
    assert told["detail"].startswith("nothing on the host answered")


def test_a_host_that_accepts_everything_is_not_believed() -> None:
    told = sweep("everything")
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)
    assert told["detail"].startswith("all-open: 301 of 301")


def test_a_ban_in_the_middle() -> None:
    told = sweep("bans")
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)


def test_a_ban_that_is_over_before_the_end() -> None:
    """Before and after the sweep the host answers as if nothing had been: only the look in between tells."""
    told = sweep("bans-for-a-while", "1-200,443", rate=20, beat=0.3)
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)
    assert "during the sweep" in told["detail"]


@pytest.mark.parametrize("first", [443, 80])
def test_a_ban_by_rst_before_the_sweep(first: int) -> None:
    """The TLS scanner saw the port answer; to the sweep every port says that it is closed."""
    told = sweep("bans-by-rst", first=first)
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)
    assert f"port {first} accepted a connection of this scan, but the sweep found it closed" in told["detail"]


def test_a_ban_by_rst_after_the_controls_first_look() -> None:
    told = sweep("bans-by-rst")
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)


def test_a_host_that_was_never_seen_open_is_closed() -> None:
    told = sweep("closed")
    assert (told["open"], told["reason"]) == ([], None)


def test_a_server_that_resets_every_connection_is_open() -> None:
    told = sweep("resets", first=443)
    assert (told["open"], told["reason"]) == ([80, 443], None)


# -- a SYN and a connection that disagree --------------------------------------------------------------------


def test_answers_to_a_syn_alone_are_no_services() -> None:
    told = sweep("proxy")
    assert (told["open"], told["reason"]) == (None, Reason.BLOCKED)
    assert told["detail"].startswith("syn-proxy: 20 ports answer a SYN and take no connection")


def test_one_port_that_never_agrees_is_neither_open_nor_closed() -> None:
    told = sweep("lies")
    assert (told["open"], told["reason"]) == ([80, 443], None)
    assert told["disagreements"] == [[81, "open", "closed", None]]
    assert told["syns"]["81"] == 4  # each way was asked twice


def test_a_sweep_that_missed_an_open_port_is_asked_again() -> None:
    told = sweep("misses-one", first=81)
    assert (told["open"], told["reason"]) == ([80, 81, 443], None)
    assert told["disagreements"] == [[81, "closed", "open", "open"]]


def test_a_port_that_shut_meanwhile_is_closed() -> None:
    told = sweep("closes-one")
    assert (told["open"], told["reason"]) == ([80, 443], None)
    assert told["disagreements"] == [[81, "open", "closed", "closed"]]
