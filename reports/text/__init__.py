"""The words of the reports: one file a language, ids in code."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from posture.core.catalogue import Language

_ROOT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language by dotted id (`tiers.T1`), as `str.format` templates."""

    language: Language
    entries: Mapping[str, str]

    def __call__(self, key: str, **arguments: object) -> str:
        """The sentence with its arguments filled in. A missing id is a bug and raises KeyError."""
        return self.entries[key].format_map(arguments)

    def knows(self, key: str) -> bool:
        """Whether there is a sentence of this id."""
        return key in self.entries

    def under(self, prefix: str) -> Mapping[str, str]:
        """The sentences below a dotted prefix, by the rest of their id."""
        start = prefix + "."
        return {key[len(start) :]: text for key, text in self.entries.items() if key.startswith(start)}


@cache
def load(language: Language | str) -> Words:
    """The words of a language. Raises ValueError for a language there is no file of."""
    known = Language(language)
    document = tomllib.loads((_ROOT / f"{known.value}.toml").read_text(encoding="utf-8"))
    return Words(known, MappingProxyType(dict(_flat(document))))


def _flat(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value).strip()
