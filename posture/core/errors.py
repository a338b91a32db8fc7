"""Errors a person can mend. The network's behaviour is never an error: see `observations`."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller (DESIGN §5)."""

    DONE = 0
    SETUP = 1
    USAGE = 2
    INCOMPLETE = 3
    REFUSED = 4
    REFER_OR_DECLINE = 5
    INTERRUPTED = 130


class PostureError(Exception):
    """Something outside the program must be mended: one sentence, one remedy, no traceback.

    `code` is a stable word for programs (it appears in `posture.error/1`).
    """

    exit_code: ExitCode = ExitCode.SETUP

    def __init__(self, message: str, *, remedy: str, code: str = "setup") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code


class RefusedError(PostureError):
    """The consent does not allow what was asked; nothing was sent."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, *, remedy: str, code: str = "refused") -> None:
        super().__init__(message, remedy=remedy, code=code)


class UsageFault(PostureError):
    """The command line itself is wrong in a way the option parser cannot see."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, remedy: str, code: str = "usage") -> None:
        super().__init__(message, remedy=remedy, code=code)
