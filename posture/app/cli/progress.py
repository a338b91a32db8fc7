"""A progress bar for a person, lines for a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from posture.app.cli.common import is_terminal, say

#: Areas of a survey, in the words of the bar.
STEPS = ("dns", "mail", "ports", "tls", "web", "services")
#: Seconds from which on a log hears of hosts that were swept: before, the whole area is soon done.
_LONG: Final = 10.0


@contextmanager
def progress_of(title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told of each finished area, and on the way of hosts swept (“ports 3/12”)."""
    if not is_terminal():
        yield _lines(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=len(STEPS))
        waiting = dict(zip(STEPS, STEPS, strict=True))

        def advance(step: str) -> None:
            area, _, hosts = step.partition(" ")
            if hosts and area in waiting:
                waiting[area] = step
            else:
                waiting.pop(area, None)
            told = ", ".join(waiting.values()) or "judging"
            bar.update(task, advance=0 if hosts else 1, description=f"{title}: {told}")

        yield advance


def _lines(title: str) -> Callable[[str], None]:
    done: list[str] = []
    begun = time.monotonic()

    def advance(step: str) -> None:
        area, _, hosts = step.partition(" ")
        if not hosts:
            done.append(step)
            say(f"{title}: {step} done ({len(done)}/{len(STEPS)})")
        elif time.monotonic() - begun >= _LONG:
            say(f"{title}: {area}: {hosts} hosts done")

    return advance
