import string
import tomllib
from pathlib import Path

import posture.app.cli.words as module

WORDS = tomllib.loads(Path(module.__file__).with_name("words.toml").read_text(encoding="utf-8"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_with_the_same_arguments() -> None:
    assert WORDS["en"].keys() == WORDS["ja"].keys()
    for key, text in WORDS["en"].items():
        assert placeholders(text) == placeholders(WORDS["ja"][key]), key


def test_the_terminal_reproaches_nobody() -> None:
    """What is said of a difference between declared and observed, and of a case."""
    words = ("false", "misrepresent", "虚偽", "違反", "insecure", "negligen", "告知義務違反")
    said = [
        (language, key, word)
        for language, entries in WORDS.items()
        for key, text in entries.items()
        for word in words
        if word in text.lower()
    ]
    assert said == []
