"""Finds processes that a program under test has left behind, wherever it put them."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Put before a command: whoever runs the tests in the background ignores signals, and children inherit that.
DEFAULT_SIGNALS = ("env", "--default-signal")

_PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def adopting() -> Iterator[None]:
    """Orphans become children of this process meanwhile (prctl(2)), so that `children` shows them."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children() -> dict[int, str]:
    """Process ids and names of this process's children, zombies too."""
    found = {}
    for listed in Path("/proc/self/task").glob("*/children"):
        for number in listed.read_text(encoding="ascii").split():
            found[int(number)] = Path("/proc", number, "comm").read_text(encoding="utf-8").strip()
    return found
