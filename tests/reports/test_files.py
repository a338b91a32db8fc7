"""Nothing is half-written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from posture.core.errors import PostureError
from reports import files

TWO = {"a.txt": b"a", "b.txt": b"b"}


def test_files_appear_with_their_content_for_their_owner_alone(tmp_path: Path) -> None:
    written = files.save(tmp_path / "new" / "folder", TWO)
    assert {path.name: path.read_bytes() for path in written} == TWO
    assert sorted(path.name for path in written[0].parent.iterdir()) == ["a.txt", "b.txt"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}


def test_a_file_where_the_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(PostureError, match="cannot be written") as error:
        files.save(tmp_path / "out", TWO)
    assert (error.value.code, (tmp_path / "out").read_text()) == ("cannot-write", "mine")


def test_a_name_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt" / "occupied").mkdir(parents=True)
    with pytest.raises(PostureError):
        files.save(tmp_path, TWO)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


FULL = """
import resource, signal, sys
from pathlib import Path
from posture.core.errors import PostureError
from reports import files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    files.save(Path(sys.argv[1]), {"small.txt": b"s", "large.txt": b"l" * 4096})
except PostureError as error:
    print(error.code)
"""


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on file size stands for the full disk: write(2) fails half-way through the second file."""
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ran.stdout.strip() == "cannot-write"
    assert list(tmp_path.iterdir()) == []
