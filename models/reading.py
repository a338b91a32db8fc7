"""Reads the dated data files: every section says its unit, date, source and grade, or it is refused."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from posture.core.errors import PostureError

DATA = Path(__file__).parent / "data"
_PROVENANCE = ("unit", "as_of", "source", "grade")
_GRADES = frozenset("ABCD")


@cache
def document(path: Path) -> Mapping[str, Any]:
    """The parsed TOML file. Raises PostureError naming the file, and the line when it is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise bad(path, "the file is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad(path, str(error)) from None


def section(path: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The `values` of a section that states its unit, as_of, source and grade (A to D)."""
    entry = content.get(name)
    if not isinstance(entry, Mapping):
        raise bad(path, f"[{name}] is missing")
    missing = [key for key in (*_PROVENANCE, "values") if key not in entry]
    if missing:
        raise bad(path, f"[{name}] lacks {', '.join(missing)}")
    if entry["grade"] not in _GRADES:
        raise bad(path, f"[{name}] grade {entry['grade']!r} is none of A, B, C, D")
    values: Mapping[str, Any] = entry["values"]
    return values


def number(path: Path, where: str, value: object, *, above: float = float("-inf")) -> float:
    """A finite number greater than `above`; raises PostureError saying where it stands."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad(path, f"{where} is {value!r}, not a number")
    if not above < value < float("inf"):
        raise bad(path, f"{where} is {value}, outside what it may be")
    return float(value)


def bad(path: Path, what: str) -> PostureError:
    """The error for a data file that cannot be used."""
    return PostureError(
        f"{path.name}: {what}.",
        remedy=f"Mend {path.name}; docs/method.md says what each table holds.",
        code="bad-tables",
    )
