"""The private network: for root and for ordinary users, and without side effects where it is not allowed."""

import json
import subprocess
import sys

import pytest

from tests.support.ordinary_user import as_ordinary_user
from tests.support.tools import missing, require_tool

# Says what happened and what the network looks like; in a namespace, also what nmap sees of the demo.
_ENTER = """
import json, os, pathlib, re, socket, subprocess, sys, tempfile, threading
from posture.demo import namespace

if "thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
before = os.geteuid(), os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/user")
entered = namespace.enter()
after = os.geteuid(), os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/user")
seen = {"entered": entered, "changed": before != after}
seen["interfaces"] = [name for _, name in socket.if_nameindex()]
if entered:
    from posture.demo.stage import Stage

    with tempfile.TemporaryDirectory() as folder, Stage(pathlib.Path(folder), low_ports=True) as scene:
        seen["routes"] = scene.routes
        seen["resolvers"] = scene.resolvers
        for how in ("-sS", "-sT"):
            command = [sys.argv[1], "-n", "-Pn", how, "-oG", "-", "-p", "1-9999", "127.0.103.1"]
            ran = subprocess.run(command, capture_output=True, text=True, timeout=90)
            seen[how] = [int(port) for port in re.findall(r"([0-9]+)/open/", ran.stdout)]
print(json.dumps(seen))
"""
_OPEN = [22, 23, 25, 80, 443, 445, 3306, 3389, 6379]


def _may_enter() -> None:
    """Skips where this machine gives nobody a namespace."""
    probe = as_ordinary_user(
        ["-c", "import sys; from posture.demo import namespace; sys.exit(not namespace.enter())"]
    )
    if probe.returncode != 0:
        missing(f"this machine gives ordinary users no network namespace {probe.stderr}")


@pytest.mark.parametrize("who", ["me", "somebody"])
def test_low_ports_and_syn_scans_work_for_everybody(who: str) -> None:
    nmap = require_tool("nmap")
    _may_enter()
    arguments = ["-W", "error", "-c", _ENTER, nmap]
    if who == "me":
        ran = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=100
        )
    else:
        ran = as_ordinary_user(arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == {
        "entered": True,
        "changed": True,
        "interfaces": ["lo"],
        "routes": [],
        "resolvers": [["127.0.100.5", 53]],
        "-sS": _OPEN,
        "-sT": _OPEN,
    }


def test_a_process_with_threads_stays_where_it_is() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _ENTER, "nmap", "thread"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    seen = json.loads(ran.stdout)
    assert (seen["entered"], seen["changed"]) == (False, False)


def test_where_it_is_not_allowed_nothing_changes() -> None:
    """The limits of a user namespace hold for whatever runs inside it (namespaces(7))."""
    _may_enter()
    script = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]
    command += [sys.executable, "-c", _ENTER, "nmap"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stderr == ""
    seen = json.loads(ran.stdout)
    assert (seen["entered"], seen["changed"]) == (False, False)


def test_no_child_is_left() -> None:
    script = "import os; from posture.demo import namespace; namespace.enter(); os.waitpid(-1, 0)"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stderr.splitlines()[-1].startswith("ChildProcessError")
