"""A private network for the demo: low ports and raw sockets for everybody, and nothing else in sight.

Linux user and network namespaces, unshare(2), user_namespaces(7), network_namespaces(7).
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
# <linux/sockios.h> and <linux/if.h>
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_IFREQ = struct.Struct("16sh14x")


def enter() -> bool:
    """Move this process into a network namespace of its own, with nothing but loopback in it.

    Call it before any thread starts: only a process of one thread can enter a user namespace, and other
    threads would stay in the old network. False, and nothing has changed, where the system does not allow it.
    """
    if sys.platform != "linux" or len(list(Path("/proc/self/task").iterdir())) > 1:
        return False
    for flags in _ways():
        if _rehearse(flags):
            _move(flags)
            return True
    return False


def _ways() -> tuple[int, ...]:
    """Root needs no user namespace, but may be a root without the capability (in a container)."""
    both = _CLONE_NEWUSER | _CLONE_NEWNET
    return (_CLONE_NEWNET, both) if os.geteuid() == 0 else (both,)


def _rehearse(flags: int) -> bool:
    """Whether `_move` works, tried in a child.

    Some systems allow unshare(2) and then forbid the mapping of users; that cannot be taken back.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _move(flags)
            _bind_low_port()
            status = 0
        except OSError:
            pass
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _move(flags: int) -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if flags & _CLONE_NEWUSER:
        # A group may be mapped without privilege only after setgroups(2) has been given up.
        _write("setgroups", "deny")
        _write("uid_map", f"0 {user} 1")
        _write("gid_map", f"0 {group} 1")
    _raise_loopback()


def _write(name: str, text: str) -> None:
    Path("/proc/self", name).write_text(text, encoding="ascii")


def _raise_loopback() -> None:
    """Set `lo` up; the kernel gives it 127.0.0.0/8 by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        entry = fcntl.ioctl(handle, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0))
        _, flags = _IFREQ.unpack(entry)
        fcntl.ioctl(handle, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", flags | _IFF_UP))


def _bind_low_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as handle:
        handle.bind(("127.0.0.1", 1))
