"""A PostgreSQL of a test's own, on a socket in a folder of its own."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.tools import require_tool


@contextlib.contextmanager
def postgres_url(_tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; the server ends with the block.

    PostgreSQL refuses to run as root, so root hands the folder to the package's own user.
    """
    initdb, server_control = require_tool("initdb"), require_tool("pg_ctl")
    # A socket's path may hold 107 bytes: pytest's folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    _run([initdb, "-D", str(data), "-U", "posture", "--auth=trust", "--no-sync", "-E", "UTF8"], user)
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    control = [server_control, "-D", str(data), "-w", "-l", str(folder / "log")]
    _run([*control, "-o", options, "start"], user)
    try:
        yield f"postgresql://posture@/postgres?host={folder}"
    finally:
        _run([*control, "-m", "immediate", "stop"], user)
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
