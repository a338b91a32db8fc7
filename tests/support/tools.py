"""Programs that tests start: found, or the test is skipped; where the gate runs, failed."""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
SERVER_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def require_tool(name: str) -> str:
    """The path of a program. Without it the test is skipped, and fails where every tool has to be there."""
    found = shutil.which(name, path=os.pathsep.join(_folders()))
    if found is None:
        missing(f"{name} is not installed; make test installs it, or: apt-get install {_package(name)}")
    return found


def missing(what: str) -> NoReturn:
    """Something the machine lacks: a failure with CI=true or POSTURE_REQUIRE_TOOLS=1, a skip elsewhere."""
    if os.environ.get("CI") == "true" or os.environ.get("POSTURE_REQUIRE_TOOLS") == "1":
        pytest.fail(what)
    pytest.skip(what)


def _folders() -> list[str]:
    """PATH, then where servers live, which an ordinary user's PATH does not name."""
    clusters = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return [os.environ.get("PATH", os.defpath), *SERVER_FOLDERS, *clusters]


def _package(name: str) -> str:
    return _packages().get(name, name)


@cache
def _packages() -> dict[str, str]:
    lines = (ROOT / "scripts" / "apt-tools.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
