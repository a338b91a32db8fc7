"""What holds for every test: nothing of this user's is read or written, and nothing leaves this machine."""

import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A deadline per example would fail on a busy machine, not on a wrong program; --timeout catches what hangs.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings, databases and caches go to a folder of this run; this user's POSTURE_ variables are unset."""
    home: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [
            name for name in os.environ if name.startswith("POSTURE_") and name != "POSTURE_REQUIRE_TOOLS"
        ]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR"):
            patch.setenv(name, str(home / name.lower()))
        yield


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "" or host.rstrip(".").rpartition(".")[2] == "localhost"


def _stay_at_home(event: str, arguments: tuple[object, ...]) -> None:
    """Refuses packets to anything but loopback, whatever opened the socket."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, str) and not _local(host):
        message = f"a test wanted to reach {host}; tests talk to loopback only"
        raise RuntimeError(message)


sys.addaudithook(_stay_at_home)
