"""Runs this Python as a user without privileges, whoever runs the tests and wherever things lie."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.tools import ROOT, missing, require_tool

# In a mount namespace of its own Python and the clone appear where everybody may go, with a home to write to.
_SCRIPT = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/python /mnt/clone /mnt/home
mount --rbind "$1" /mnt/python
mount --rbind "$2" /mnt/clone
chown nobody /mnt/home
export HOME=/mnt/home TMPDIR=/mnt/home PYTHONPATH="$3" PYTHONDONTWRITEBYTECODE=1
# A Python with a shared library names the folder it was installed to.
export LD_LIBRARY_PATH=/mnt/python/lib
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME MPLCONFIGDIR
program="/mnt/python/$4"
shift 4
cd /mnt/home
exec setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps -all --bounding-set -all "$program" "$@"
"""


def as_ordinary_user(
    arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, seconds: float = 100
) -> subprocess.CompletedProcess[str]:
    """Run `python arguments…` as an ordinary user with the packages of this clone, whatever its exit code."""
    return subprocess.run(
        [*ordinary_python(), *arguments],
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        timeout=seconds,
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
    packages = _moved(Path(sysconfig.get_path("purelib")).resolve(), base)
    search = os.pathsep.join(["/mnt/clone", packages])
    return [unshare, "--mount", "sh", "-c", _SCRIPT, "sh", str(base), str(ROOT), search, str(program)]


def _moved(path: Path, base: Path) -> str:
    """Where a folder of the clone, or of Python's own, appears to the ordinary user."""
    if path.is_relative_to(ROOT):
        return str(Path("/mnt/clone") / path.relative_to(ROOT))
    if not path.is_relative_to(base):
        missing(f"packages lie in {path}, where an ordinary user would not find them")
    return str(Path("/mnt/python") / path.relative_to(base))
