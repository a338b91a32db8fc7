"""The nmap program: found, started, bounded, killed, reaped."""

import asyncio
import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from posture.core.errors import PostureError
from posture.core.observations import Reason
from scanners.context import Options
from scanners.net.failure import NetFailure

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_MOST_OUTPUT = 32 * 1024 * 1024
_TO_START = 10.0
_MOST_TALK = 64 * 1024
_VERSION = re.compile(r"^Nmap version (\S+)", re.MULTILINE)
#: Where servers' tools live that an ordinary user's PATH does not name.
_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")

#: Every argument a caller may give, with the form of its value. nmap reads `-badopt` as `-b adopt`, and takes
#: anything with a hyphen in front for an option; so nothing is passed on that is not listed here. -sU is not:
#: what it sends to UDP ports holds a community string and more that is never sent.
_ARGUMENTS = {
    "-sT": None,
    "-sS": None,
    "-p": re.compile(r"[T0-9][T0-9:,-]*"),
}


class NmapError(Exception):
    """nmap itself did not work as it should: our own fault, never the host's behaviour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one run said: its XML, the end of its error output, and its exit status."""

    xml: bytes
    talk: str
    status: int


def find_nmap(options: Options) -> str:
    """The path of the nmap to use. Raises PostureError(nmap-missing)."""
    wanted = options.nmap or "nmap"
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_FOLDERS])
    found = shutil.which(wanted, path=path)
    if found is None:
        raise PostureError(
            f"The program nmap was not found ({wanted})."
            if options.nmap
            else "The program nmap was not found.",
            remedy="Install it, for example with: sudo apt-get install nmap",
            code="nmap-missing",
        )
    return found


def nmap_version(path: str) -> str:
    """The version of the nmap at `path`; sends nothing. Raises PostureError(nmap-missing) if it is none."""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_TO_START, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        found = None
    else:
        found = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    if found is None:
        raise PostureError(
            f"{path} does not answer as nmap does.",
            remedy="Install nmap anew, for example with: sudo apt-get install --reinstall nmap",
            code="nmap-missing",
        )
    return found[1]


def privileged() -> bool:
    """Whether nmap may be expected to send raw packets: as root, or as its user says (NMAP_PRIVILEGED)."""
    return os.geteuid() == 0 or "NMAP_PRIVILEGED" in os.environ


def checked(arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments, if every one of them is on our short list. Raises ValueError."""
    words = iter(arguments)
    for word in words:
        if word not in _ARGUMENTS:
            raise ValueError(f"not an argument nmap is given here: {word!r}")
        form = _ARGUMENTS[word]
        if form is not None and not form.fullmatch(next(words, "")):
            raise ValueError(f"not a value for nmap's {word}")
    return tuple(arguments)


async def run(path: str, arguments: Sequence[str], *, seconds: float) -> Output:
    """Run nmap in a process group of its own, for at most `seconds`; no process is left, whatever happens.

    A thread reads and reaps it: asyncio's own subprocess is looked after by tasks, and the end of the loop
    cancels tasks, so that a program just being started or killed would be left behind.
    Raises NetFailure(budget) when the time is over and NmapError when it says more than it may.
    """
    process = _start(path, arguments)
    attendant = ThreadPoolExecutor(max_workers=1)
    attended = asyncio.get_running_loop().run_in_executor(attendant, _attend, process)
    attendant.shutdown(wait=False)  # takes nothing more; its thread ends with the program
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.wait((attended,), timeout=seconds)
        late = not attended.done()
    finally:
        _kill(process)
        cancelled = await _finished(attended)
    if cancelled is not None:
        raise cancelled
    if late:
        raise NetFailure(Reason.BUDGET, "nmap did not finish in the time set aside")
    return attended.result()


async def _finished(work: "asyncio.Future[Output]") -> asyncio.CancelledError | None:
    """Wait for the work's end, however often we are cancelled meanwhile; the last cancellation, if any."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError as error:
            cancelled = error
    work.exception()  # seen, should nobody ask for it any more
    return cancelled


def _start(path: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [path, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_with_us(),  # noqa: PLW1509 - what is unsafe about it there is dealt with there
        env={**os.environ, "LC_ALL": "C"},
    )


def _with_us() -> Callable[[], None] | None:
    """What nmap does before it becomes nmap: ask the kernel to be killed when we die (prctl(2), Linux).

    This is for SIGKILL; every other end of ours kills nmap itself. Other threads may hold locks while Python
    forks, so the child imports and looks up nothing: it makes two system calls through what is ready here.
    A program with capabilities of its own loses the wish when it starts, as the kernel wants it.
    """
    if sys.platform != "linux":
        return None
    prctl, kill, parent = ctypes.CDLL(None).prctl, int(signal.SIGKILL), os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, kill, 0, 0, 0)
        if os.getppid() != parent:  # we died before it could ask
            os._exit(1)

    return ask


def _attend(process: "subprocess.Popen[bytes]") -> Output:
    """Read all it says, and reap it. Raises NmapError when that is too much."""
    with process:
        try:
            xml, talk = _heard(process)
        except NmapError:
            _kill(process)
            raise
    return Output(xml=xml, talk=talk.decode("utf-8", "replace"), status=process.returncode)


def _heard(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    """All of its output and the end of its error output, read side by side so that neither blocks it."""
    xml, talk = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, heard in ((process.stdout, xml), (process.stderr, talk)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, heard)
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, 65_536)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            del talk[:-_MOST_TALK]
            if len(xml) > _MOST_OUTPUT:
                raise NmapError("nmap said more than any sweep can")
    return bytes(xml), bytes(talk)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End its whole group, if it still runs."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
