"""Runs this Python as a user without privileges, whoever runs the tests and wherever things lie."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from tests.support.tools import ROOT, missing, require_tool

# In a mount namespace of its own: Python, its packages and the clone where everybody may go, and a home.
_SCRIPT = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/python /mnt/clone /mnt/packages /mnt/home
mount --rbind "$1" /mnt/python
mount --rbind "$2" /mnt/clone
mount --rbind "$3" /mnt/packages
chown nobody /mnt/home
export HOME=/mnt/home TMPDIR=/mnt/home PYTHONPATH=/mnt/clone:/mnt/packages PYTHONDONTWRITEBYTECODE=1
# A Python with a shared library names the folder it was installed to.
export LD_LIBRARY_PATH=/mnt/python/lib
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME MPLCONFIGDIR
program="/mnt/python/$4"
shift 4
cd /mnt/home
exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps -all --bounding-set -all "$program" "$@"
"""


def as_ordinary_user(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run `python arguments…` as an ordinary user with the packages of this clone, whatever its exit code."""
    return subprocess.run(
        [*ordinary_python(), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def ordinary_python() -> list[str]:
    """A command that runs this Python as an ordinary user, in the same process and in a home of its own."""
    return [sys.executable] if os.geteuid() != 0 else _disguised()


def _disguised() -> list[str]:
    unshare = require_tool("unshare")
    if subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode != 0:
        missing("this root may not make a mount namespace, so nobody else can be played")
    base = Path(sys.base_prefix).resolve()
    program = Path(sys.executable).resolve().relative_to(base)
    folders = [base, ROOT, Path(sysconfig.get_path("purelib")).resolve()]
    return [unshare, "--mount", "sh", "-c", _SCRIPT, "sh", *map(str, folders), str(program)]
