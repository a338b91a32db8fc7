"""Writes docs/cli.md from the commands' help and docs/checks.md from the check cards: `make docs`.

With --check it writes nothing and fails when a document is not what it would write.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from posture.app.cli import cli
from posture.checks.registry import catalogue
from posture.core.catalogue import Card, Language

DOCS = Path(__file__).parents[1] / "docs"
_NOTE = "<!-- Written by `make docs`; a test compares. -->\n"


def command_line() -> str:
    """Help of every command, in the order `posture --help` lists them."""
    pages = [f"# The command line\n\n{_NOTE}"]
    pages += [f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(cli, "posture")]
    return "\n".join(pages)


def _helps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    settings = {**cli.context_settings, "max_content_width": 100}
    context = click.Context(command, info_name=name, terminal_width=100, **settings)
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _helps(found, f"{name} {child}")


def checks() -> str:
    """Every check with its statement, why it matters, its messages and references."""
    cards = catalogue().cards.values()
    count = f"{len(cards)} checks. `pass` is always the good state the title names."
    head = f"# What is judged\n\n{_NOTE}\n{count}\n"
    return "\n".join([head, *map(_check, cards)])


def _check(card: Card) -> str:
    words, japanese = card.wordings[Language.EN], card.wordings[Language.JA]
    lines = [f"## {card.check}", "", f"{words.title} · {japanese.title}", "", words.why.strip(), ""]
    lines += [
        f"- `{name}` ({card.severities[name].value}): {text.replace(':,}', '}')}"
        for name, text in words.messages.items()
    ]
    sources = (f"[{one.title}]({one.url})" if one.url else one.title for one in card.references)
    lines += ["", f"Source: {'; '.join(sources)}", ""]
    return "\n".join(lines)


def main() -> int:
    """Write, or with --check compare."""
    wanted = {DOCS / "cli.md": command_line(), DOCS / "checks.md": checks()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.name} is not current: run make docs")
        return bool(stale)
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
