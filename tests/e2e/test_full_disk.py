"""A disk that is really full: what can be kept is kept, nothing is half-written, one sentence says which."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from posture.demo.stage import Applicant, Scene
from tests.support.tools import missing, require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# In a mount namespace of its own: a small disk with an empty database on it, and room to open it, no more.
_SCRIPT = """
set -e
disk=$1; shift
mkdir "$disk"
mount -t tmpfs -o size=1m tmpfs "$disk"
"$1" -m posture.app.cli assessments list --database "sqlite:///$disk/posture.db" >/dev/null
dd if=/dev/zero of="$disk/everything-else" bs=1k 2>/dev/null || true
truncate --size=-80K "$disk/everything-else"
code=0
"$@" || code=$?
"$1" - "$disk" "$code" <<'END'
import json, pathlib, sys
disk = pathlib.Path(sys.argv[1])
files = sorted(str(p.relative_to(disk)) for p in disk.rglob("*") if p.is_file())
print(json.dumps({"code": int(sys.argv[2]), "files": [name for name in files if "posture.db" not in name]}))
END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command gave, and the files on the small disk after it, its database aside."""

    code: int
    document: Any
    talk: str
    files: list[str]


def _assess(scene: Scene, folder: Path, *, out: Path, database: Path) -> Ran:
    item: Applicant = next(one for one in scene.applicants if one.key == "akatsuki")
    (folder / "consent.toml").write_text(_dns_alone(item.consent), encoding="utf-8")
    (folder / "application.toml").write_text(item.application, encoding="utf-8")
    words = ["assess", item.domain, "--json", "--out", str(out), "--database", f"sqlite:///{database}"]
    words += ["--consent", str(folder / "consent.toml"), "--application", str(folder / "application.toml")]
    for host, port in scene.resolvers:
        words += ["--resolver", f"{host}:{port}"]
    for route in scene.routes:
        words += ["--connect-to", route]
    words += ["--trust-anchor", str(scene.trust_anchor)]
    done = subprocess.run(
        [*_private_mounts(), str(folder / "disk"), sys.executable, "-m", "posture.app.cli", *words],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document, _, end = done.stdout.rstrip().rpartition("\n")
    told = json.loads(end)
    return Ran(code=told["code"], document=json.loads(document), talk=done.stderr, files=told["files"])


def _dns_alone(consent: str) -> str:
    """The same consent for DNS alone, proved by paper: the proof in the zone is another consent's digest."""
    lines = [
        line for line in consent.splitlines() if not line.startswith(("techniques", "proof", "document"))
    ]
    at = next(number for number, line in enumerate(lines) if line.startswith("domains"))
    paper = [
        'techniques = ["dns"]',
        f'document = {{ sha256 = "{"a" * 64}" }}',
        'proof = { method = "document" }',
    ]
    return "\n".join([*lines[:at], *paper, *lines[at:]])


def _private_mounts() -> list[str]:
    """The start of a command line that ends in the disk's place and a command."""
    unshare = require_tool("unshare")
    for way in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        if subprocess.run([unshare, *way, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, *way, "sh", "-c", _SCRIPT, "sh"]
    return missing("this machine gives no mount namespace, so no disk can be filled")


def test_no_room_for_the_reports(scene: Scene, tmp_path: Path) -> None:
    ran = _assess(scene, tmp_path, out=tmp_path / "disk" / "out", database=tmp_path / "kept.db")
    assert (ran.code, ran.document["code"]) == (1, "cannot-write")
    assert "No space left on device" in ran.document["message"]
    assert ran.document["message"].endswith("The assessment itself is stored.")
    assert "posture assessments show" in ran.document["remedy"]
    assert ran.files == ["everything-else"]
    assert "Traceback" not in ran.talk
    assert (tmp_path / "kept.db").stat().st_size > 0


def test_no_room_for_the_database(scene: Scene, tmp_path: Path) -> None:
    ran = _assess(scene, tmp_path, out=tmp_path / "out", database=tmp_path / "disk" / "posture.db")
    assert (ran.code, ran.document["code"]) == (1, "database")
    assert ran.document["message"].endswith(
        f"The assessment is not stored; its reports are in {tmp_path / 'out'}."
    )
    assert "Traceback" not in ran.talk
    assert (tmp_path / "out" / "underwriter.ja.pdf").stat().st_size > 0
    assert json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))["findings"]
