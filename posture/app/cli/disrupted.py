"""What a change of tables does to the book, for programs and for people."""

from typing import Any

from rich.text import Text

from models.disrupt import Bin, Disruption
from posture.app.cli.summary import Terminal
from posture.checks.registry import catalogue
from posture.core import codec
from posture.core.catalogue import Language
from reports import convention
from reports.plain import visible

#: Longest bar of the histogram, in characters.
_WIDTH = 40


def document(found: Disruption) -> dict[str, Any]:
    """JSON value, `posture.disruption/1`."""
    return {"schema": "posture.disruption/1", **codec.encode(found)}


def show(found: Disruption, language: Language, most: int) -> None:
    """Totals, histogram, what became of tiers and actions, and the largest changes."""
    terminal = Terminal.open(catalogue(), language)
    for line in _lines(found, terminal, most):
        terminal.console.print(Text(visible(line)))


def _lines(found: Disruption, terminal: Terminal, most: int) -> list[str]:
    word, money = terminal.word, terminal.say.money
    lines = [word("disrupt_title", old=found.old, new=found.new, count=len(found.changes), model=found.model)]
    if found.mean is None or found.median is None:
        lines.append(word("disrupt_empty"))
    else:
        before, after = found.totals
        lines.append(
            word(
                "disrupt_totals",
                old=money(before, found.currency),
                new=money(after, found.currency),
                change=convention.loading(after / before - 1),
                mean=convention.loading(found.mean),
                median=convention.loading(found.median),
            )
        )
        largest = max(item.count for item in found.histogram)
        lines += [_bar(item, largest, terminal) for item in found.histogram]
    for key, counted in (("disrupt_tiers", found.tiers), ("disrupt_actions", found.actions)):
        if counted:
            lines.append(f"{word(key)}: " + ", ".join(f"{name} {count}" for name, count in counted.items()))
    if found.left_out:
        told = (f"{word(f'disrupt_{name}')} {count}" for name, count in found.left_out.items())
        lines.append(f"{word('disrupt_left_out')}: " + ", ".join(told))
    return lines + _extremes(found, terminal, most)


def _bar(item: Bin, largest: int, terminal: Terminal) -> str:
    low, high = (None if end is None else convention.loading(end) for end in (item.low, item.high))
    key = "below" if low is None else "above" if high is None else "between"
    name = terminal.word(f"disrupt_{key}", low=low, high=high)
    bar = "█" * round(_WIDTH * item.count / largest)
    return f"  {name:>20}  {item.count:>6}  {bar}".rstrip()


def _extremes(found: Disruption, terminal: Terminal, most: int) -> list[str]:
    largest = sorted(found.changes, key=lambda item: (-abs(item.change), item.name))[:most]
    if not largest:
        return []
    money = terminal.say.money
    return [terminal.word("disrupt_extremes")] + [
        f"  {item.name}  {money(item.old, found.currency)} → {money(item.new, found.currency)}"
        f"  {convention.loading(item.change)}"
        for item in largest
    ]
