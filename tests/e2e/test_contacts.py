"""Everything that leaves the machine during a whole assessment stands in the ledger."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from tests.support.tools import missing, require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@cache
def seen() -> Any:
    require_tool("nmap")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.audited", "hayate"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    if not document["namespace"]:
        missing("this system allows no private network namespace")
    assert document["complete"], done.stderr
    return document


def admitted() -> set[tuple[str, int]]:
    return {(entry["address"], port) for entry in seen()["contacted"] for port in entry["ports"]}


def test_every_connection_and_datagram_of_ours_is_in_the_ledger() -> None:
    connected = {(host, port) for host, port in seen()["connected"]}
    assert len(connected) > 10
    assert connected <= admitted()


def test_every_first_packet_on_the_wire_is_in_the_ledger_nmaps_too() -> None:
    opened = {(host, port) for host, port in seen()["opened"]}
    assert len(opened) > 1000  # the sweep is among them
    assert opened <= admitted()


def test_every_udp_request_on_the_wire_is_in_the_ledger() -> None:
    asked = {(host, port) for host, port in seen()["datagrams"]}
    assert asked
    assert asked <= admitted()


def test_the_ledger_admits_nothing_that_did_not_happen() -> None:
    opened = {tuple(item) for item in seen()["opened"]} | {tuple(item) for item in seen()["datagrams"]}
    assert admitted() <= opened


def test_the_only_program_is_nmap_on_admitted_addresses() -> None:
    addresses = {entry["address"] for entry in seen()["contacted"] if entry["technique"] == "ports"}
    swept = set()
    for words in seen()["programs"]:
        assert words[0].endswith("nmap")
        targets = {word for word in words[1:] if word.count(".") == 3 and word[0].isdigit()}
        assert targets <= addresses
        swept |= targets
    assert swept == addresses


def test_nobody_is_contacted_without_a_technique_and_a_reason() -> None:
    for entry in seen()["contacted"]:
        assert entry["technique"] in {"dns", "mail", "tls", "web", "ports", "services"}
        assert entry["why"]
        assert entry["first"] <= entry["last"]
        assert entry["connections"] > 0
