"""A line for the reader's own shell that shows what we saw; a target stays an argument, whatever its name."""

import shlex
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from posture.core.catalogue import Card
from posture.core.targets import Target

_FILE = Path(__file__).parent / "text" / "verify.toml"


def command(card: Card, target: Target) -> str:
    """The command for a finding of this check on this target; none for a check that no longer exists."""
    table = _table()
    template = table["checks"].get(card.check) or table["kinds"].get(card.reads, "")
    if target.port is None and "{port}" in template:
        template = "nmap -Pn {address}"
    return str(template.format_map(_quoted(target)))


def _quoted(target: Target) -> dict[str, str]:
    name = (target.name or target.address or "").lstrip("-")
    parts = {
        "name": name,
        "address": target.address or name,
        "url": target.url or f"https://{name}/",
        "port": str(target.port),
    }
    return {key: shlex.quote(value) for key, value in parts.items()}


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
