"""The dated list of companies whose addresses many customers share: `posture/data/providers.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from posture.core.scope import Provider
from posture.core.targets import host_name, network

_FILE = Path(__file__).parents[1] / "data" / "providers.toml"


@cache
def load_providers() -> tuple[Provider, ...]:
    """Every provider of the list, in its order: of two with one network the first decides."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["provider"]
    return tuple(
        Provider(
            name=entry["name"],
            kind=entry["kind"],
            networks=tuple(network(text) for text in entry["networks"]),
            names=tuple(host_name(text) for text in entry["names"]),
        )
        for entry in entries
    )
