"""Writing files so that nobody ever sees half of one."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from posture.core.errors import PostureError


def save(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write every file under a temporary name, then rename all. Raises PostureError, leaving none behind.

    The files can be read by their owner alone: a list of weaknesses is dangerous.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _save(folder, contents)
    except OSError as error:
        raise PostureError(
            f"The reports cannot be written to {folder}: {error.strerror or error}.",
            remedy="Give --out a folder on a disk with room that you may write to.",
            code="cannot-write",
        ) from error


def _save(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    with ExitStack() as cleanup:
        waiting: list[tuple[Path, Path]] = []
        for name, content in contents.items():
            temporary = _temporary(folder)
            cleanup.callback(temporary.unlink, missing_ok=True)
            _fill(temporary, content)
            waiting.append((temporary, folder / name))
        for temporary, final in waiting:
            temporary.replace(final)
    return tuple(final for _, final in waiting)


def _temporary(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=".posture-", suffix=".tmp", dir=folder)
    os.close(handle)
    return Path(name)


def _fill(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
