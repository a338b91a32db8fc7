"""A progress bar for a person, lines for a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from posture.app.cli.common import is_terminal, say

#: Areas of a survey, in the words of the bar.
STEPS = ("dns", "mail", "ports", "tls", "web", "services")


@contextmanager
def progress_of(title: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that is told of each finished area."""
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
        waiting = list(STEPS)

        def advance(step: str) -> None:
            if step in waiting:
                waiting.remove(step)
            bar.update(task, advance=1, description=f"{title}: {', '.join(waiting) or 'judging'}")

        yield advance


def _lines(title: str) -> Callable[[str], None]:
    done: list[str] = []

    def advance(step: str) -> None:
        done.append(step)
        say(f"{title}: {step} done ({len(done)}/{len(STEPS)})")

    return advance
