"""The terminal's words, one file for both languages."""

import tomllib
from collections.abc import Callable
from pathlib import Path

from posture.core.catalogue import Language

_FILE = Path(__file__).with_name("words.toml")


def load(language: Language) -> Callable[..., str]:
    """A function from an id and arguments to a sentence. A missing id is a bug and raises KeyError."""
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))[language.value]

    def word(key: str, **arguments: object) -> str:
        return str(entries[key]).format_map(arguments)

    return word
