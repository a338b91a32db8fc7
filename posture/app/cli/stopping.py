"""Ctrl-C, SIGTERM and SIGHUP end a command alike: tasks are cancelled, programs ended, folders removed."""

import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from posture.core.errors import ExitCode

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

#: What a terminal, a service manager, a terminal that closes or a time limit sends to have a program end,
#: and what it means here to leave it alone.
_SIGNALS: Final[Mapping[signal.Signals, Callable[[int, FrameType | None], Any] | signal.Handlers]] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}


class Stop:
    """Which signal, if any, has asked the command to end; only the first one counts.

    Where no event loop runs it raises KeyboardInterrupt, as Ctrl-C does. Inside one it cancels the main task
    and raises nothing: an exception between the start of a program and the `try` that ends it would leave the
    program behind.
    """

    def __init__(self) -> None:
        self.number: signal.Signals | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells say it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP."""
        return ExitCode.INTERRUPTED if self.number is None else 128 + self.number

    @property
    def name(self) -> str:
        """The signal's name."""
        return (self.number or signal.SIGINT).name

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals. Raises KeyboardInterrupt where no event loop runs."""
        del frame
        if self.number is not None:
            return  # a second one must not break off the tidying that the first one began
        self.number = signal.Signals(number)
        if self._loop is None:
            raise KeyboardInterrupt
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the work in an event loop of its own. Raises KeyboardInterrupt when a signal came meanwhile."""
        import asyncio  # short commands need none of it

        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                result = runner.run(self._main(work))
        except asyncio.CancelledError:
            if self.number is not None:
                raise KeyboardInterrupt from None
            raise
        finally:
            self._loop = None
        if self.number is not None:
            raise KeyboardInterrupt
        return result

    async def _main(self, work: Coroutine[Any, Any, T]) -> T:
        import asyncio

        self._task = asyncio.current_task()
        try:
            if self.number is not None:  # it came before there was a task to cancel
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self._task = None


_CURRENT: ContextVar[Stop] = ContextVar("stop")


@contextmanager
def stopping() -> Iterator[Stop]:
    """Meanwhile the signals end us in good order; one that our caller ignores (nohup) stays ignored."""
    stop = Stop()
    ours = threading.current_thread() is threading.main_thread()  # others may not set handlers
    taken = [number for number, usual in _SIGNALS.items() if ours and signal.getsignal(number) is usual]
    for number in taken:
        signal.signal(number, stop)
    token = _CURRENT.set(stop)
    try:
        yield stop
    finally:
        _CURRENT.reset(token)
        for number in taken:
            signal.signal(number, _SIGNALS[number])


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Do the command's asynchronous work so that a signal ends it in good order (`Stop.run`)."""
    return _CURRENT.get(Stop()).run(work)
