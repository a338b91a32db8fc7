"""Dated tables that judges read. The catalogue's digest covers them, so that a judgement can be replayed."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "data"

#: Every table by name; the file is `posture/data/NAME.toml`.
TABLES = ("end_of_life", "fingerprints", "observatory", "products")


@cache
def table(name: str) -> dict[str, Any]:
    """A table as it stands in its file."""
    return tomllib.loads(_path(name).read_text(encoding="utf-8"))


def digest() -> bytes:
    """SHA-256 over all tables."""
    hasher = hashlib.sha256()
    for name in TABLES:
        hasher.update(_path(name).read_bytes())
    return hasher.digest()


def _path(name: str) -> Path:
    return _FOLDER / f"{name}.toml"
