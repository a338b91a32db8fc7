"""SIGTERM and SIGHUP end a command as Ctrl-C does: tasks are cancelled, programs ended, folders removed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from posture.core.errors import ExitCode

#: What a service manager, a terminal that closes or a time limit sends to have a program end.
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Which signal, if any, has asked the command to end; only the first one counts."""

    def __init__(self) -> None:
        self.number: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells say it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
        return ExitCode.INTERRUPTED if self.number is None else 128 + self.number

    @property
    def name(self) -> str:
        """The signal's name."""
        return (self.number or signal.SIGINT).name

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Do what Ctrl-C would do at this moment: asyncio cancels its main task, all else is interrupted."""
        if self.number is not None:
            return  # a second one must not break off the tidying that the first one began
        self.number = signal.Signals(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)
        else:  # a shell starts what it puts into the background with SIGINT ignored
            signal.default_int_handler(signal.SIGINT, frame)


@contextmanager
def stopping() -> Iterator[Stop]:
    """Meanwhile the signals end us in good order; one that our caller ignores (nohup) stays ignored."""
    stop = Stop()
    ours = threading.current_thread() is threading.main_thread()  # others may not set handlers
    taken = [number for number in _SIGNALS if ours and signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, stop)
    try:
        yield stop
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
