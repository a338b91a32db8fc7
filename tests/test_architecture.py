"""The rules of the house hold, and each of them is able to fail.

Every import contract of setup.cfg is proved twice on a copy of the packages: with violations planted it is
reported as broken, naming each of them, and with the same imports planted where they belong it is kept.
"""

import ast
import configparser
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import permutations
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("posture", "scanners", "models", "reports")
# One room of every kind; a violation is planted in each of them that may not have it.
ROOMS = (
    "posture.core",
    "posture.checks",
    "posture.store",
    "posture.jobs",
    "posture.outbound",
    "posture.demo",
    "posture.app",
    "posture.app.cli",
    "scanners",
    "models",
    "reports",
)
STAGES = tuple(room for room in ROOMS if room not in {"posture.core", "posture.app", "posture.app.cli"})
Imports = Iterable[tuple[str, str]]


def _contracts() -> dict[str, dict[str, str]]:
    """Every import contract of setup.cfg by its id."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    prefix = "importlinter:contract:"
    return {
        name.removeprefix(prefix): dict(config[name]) for name in config.sections() if name.startswith(prefix)
    }


CONTRACTS = _contracts()


def _reserved(contract: dict[str, str], *, allowed: bool) -> Imports:
    """Every reserved module, imported in every room that may have it, or in every room that may not."""
    owners = contract["importers"].split()
    reserved = contract["modules"].split()
    rooms = owners if allowed else [room for room in ROOMS if not _below(room, [*owners, *reserved])]
    return [(room, module) for room in rooms for module in reserved]


def _closed(contract: dict[str, str], *, allowed: bool) -> Imports:
    package = contract["package"]
    if allowed:
        return [(package, module) for module in ("dataclasses", "ipaddress", *contract["others"].split())]
    return [(package, module) for module in ("cryptography", "requests", *contract["but_not"].split())]


def _directions(*, allowed: bool) -> Imports:
    if allowed:
        return [("posture.app", stage) for stage in STAGES] + [(stage, "posture.core") for stage in STAGES]
    upwards = [("posture.core", room) for room in (*STAGES, "posture.app")]
    return [*permutations(STAGES, 2), *((stage, "posture.app") for stage in STAGES), *upwards]


def _below(module: str, packages: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def _imports(name: str, *, allowed: bool) -> Imports:
    contract = CONTRACTS[name]
    if contract["type"] == "reserved":
        return _reserved(contract, allowed=allowed)
    if contract["type"] == "closed":
        return _closed(contract, allowed=allowed)
    if name == "layers":
        return _directions(allowed=allowed)
    return [("posture.app" if allowed else "posture.attic", "dataclasses")]  # a room that nobody has placed


def _plant(house: Path, imports: Imports) -> None:
    """Adds each import to its package: to the file, or to a new module `planted` in the folder."""
    for importer, imported in imports:
        if _below(imported, PACKAGES):
            _module(house, imported)
        with _module(house, importer).open("a", encoding="utf-8") as text:
            text.write(f"\nimport {imported}\n")


def _module(house: Path, package: str) -> Path:
    """Where code of this package can be added; the package is made where the house has no such room yet."""
    folder = house / package.replace(".", "/")
    if folder.with_suffix(".py").exists():
        return folder.with_suffix(".py")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    return folder / "planted.py"


def _lint(house: Path, *contracts: str) -> str:
    script = Path(sys.executable).with_name("lint-imports")
    options = [option for contract in contracts for option in ("--contract", contract)]
    ran = subprocess.run(
        [sys.executable, script, "--no-logo", "--no-cache", *options],
        cwd=house,
        env={"COLUMNS": "250", "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of what import-linter reads: the code of the packages, the settings, the contracts."""
    for package in (*PACKAGES, "scripts"):
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def test_the_packages_keep_every_contract(house: Path) -> None:
    report = _lint(house)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report, report


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_planted_violation_breaks_its_contract(house: Path, name: str) -> None:
    imports = list(_imports(name, allowed=False))
    _plant(house, imports)
    report = _lint(house, name)
    assert f"{CONTRACTS[name]['name']} BROKEN" in report, report
    unseen = [pair for pair in imports if name != "rooms" and not _reported(report, *pair)]
    assert not unseen, report


def _reported(report: str, importer: str, imported: str) -> bool:
    return (
        re.search(rf"^{importer}(\.planted)? is not allowed to import {imported}\b", report, re.MULTILINE)
        is not None
    )


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_a_contract_allows_is_kept(house: Path, name: str) -> None:
    _plant(house, _imports(name, allowed=True))
    report = _lint(house, name)
    assert f"{CONTRACTS[name]['name']} KEPT" in report, report


def _sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _function_lengths() -> Iterator[int]:
    for source in _sources():
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_and_files_stay_short() -> None:
    lengths = sorted(_function_lengths())
    assert statistics.median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.9)] <= 35
    tests = (ROOT / "tests").rglob("*.py")
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (*_sources(), *tests)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert not long


def _locked(name: str) -> dict[str, set[str]]:
    """Package names of a lock file with the versions in it (one for each Python, where they differ)."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if pinned := re.match(r"([a-z0-9-]+)==([^ ;]+)", line):
            versions.setdefault(pinned[1], set()).add(pinned[2])
    return versions


def _wanted(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    names = (re.match(r"[A-Za-z][A-Za-z0-9-]*", line) for line in lines)
    return {name[0].lower() for name in names if name}


@pytest.mark.parametrize("name", ["requirements-build", "requirements", "requirements-dev"])
def test_a_lock_covers_its_list_and_names_no_index(name: str) -> None:
    assert _wanted(f"{name}.in") <= set(_locked(f"{name}.txt"))
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert not re.search(r"(^|\s)/", text, re.MULTILINE), "a path of the machine that made the lock"


def test_both_locks_agree() -> None:
    program, tests = _locked("requirements.txt"), _locked("requirements-dev.txt")
    assert {name: tests.get(name) for name in program} == program


def test_every_tool_that_a_test_asks_for_is_installed_by_make() -> None:
    listed = (ROOT / "scripts" / "apt-tools.txt").read_text(encoding="utf-8")
    names = {line.split()[0] for line in listed.splitlines() if line and not line.startswith("#")}
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    asked = {name for text in texts for name in re.findall(r'require_tool\(\s*"([^"]+)"', text)}
    assert asked <= names
