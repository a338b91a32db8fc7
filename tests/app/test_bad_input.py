"""What goes wrong outside the program is one sentence, no fault of ours: full outputs, impossible names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from posture.core.errors import PostureError
from scanners.tls.trust import load

WORDS = ["checks", "list"], ["model", "show"], ["rating", "show", "--json"]


def posture(*words: str, out: str | None = None, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line; its standard output goes to the file `out`, where one is named."""
    command = [sys.executable, "-m", "posture.app.cli", *words]
    if out is None:
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    with Path(out).open("w") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_an_output_that_is_full(words: list[str], tmp_path: Path) -> None:
    done = posture(*words, out="/dev/full", cwd=tmp_path)
    *_, last = done.stderr.strip().splitlines()
    assert last == (
        "The output cannot be written: no space left on device. Free some space, or send it elsewhere."
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    done = posture("assessments", "replay", "あ" * 300, "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit"], document["code"]) == (1, 1, "bad-file")
    assert done.stderr.strip() == f"“{'あ' * 60}…” cannot be used: file name too long. Give a shorter name."


def test_an_empty_name_is_no_assessment(tmp_path: Path) -> None:
    """An unset variable in a script must not mean whatever was stored last."""
    done = posture("assessments", "replay", "", "--database", f"sqlite:///{tmp_path}/x.db", cwd=tmp_path)
    assert (done.returncode, done.stderr.partition(".")[0]) == (1, "No assessment is named")


@pytest.mark.parametrize(
    "text", ["http://[::1", "https://[/", "ftp://example.jp/", "https://", "http://a b/"]
)
def test_what_is_no_web_address(text: str, tmp_path: Path) -> None:
    done = posture("probe", "web", text, "--consent", "nowhere.toml", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "it is not UTF-8."),
        ("設定ではありません".encode(), "it is not TOML: Invalid statement (at line 1, column 1)."),
    ],
)
def test_settings_that_are_none(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "posture.app.cli", "assessments", "list"],
        capture_output=True,
        text=True,
        env={**os.environ, "POSTURE_SETTINGS": str(path)},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"The settings file {path} cannot be used: {said} ")


def test_a_trust_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "store.pem").write_bytes(bytes(range(256)))
    with pytest.raises(PostureError) as refused:
        load(tmp_path / "store.pem")
    assert refused.value.message.endswith("store.pem cannot be read: it holds no PEM certificates.")


def test_an_empty_paper_is_no_countersigned_one(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").touch()
    words = ["consent", "new", "--applicant", "例", "--domain", "example.jp", "--granter", "例 太郎"]
    done = posture(*words, "--email", "taro@example.jp", "--document", "paper.pdf", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "--document paper.pdf is empty. Name the countersigned paper itself."
    assert [path.name for path in tmp_path.iterdir()] == ["paper.pdf"]
