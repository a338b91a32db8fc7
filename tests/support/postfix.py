"""A real Postfix on loopback that takes mail over TLS and delivers none; all it needs is in one folder."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.free_ports import free_port
from tests.support.tools import require_tool

MAIN = """
compatibility_level = 3.6
config_directory = {config}
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}
mydestination = {name}
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = {level}
smtpd_tls_chain_files = {pem}
smtpd_peername_lookup = no
local_recipient_maps =
alias_maps =
alias_database =
maillog_file = {log}
maillog_file_prefixes = {folder}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(name: str, pem: Path, *, level: str = "may") -> Iterator[int]:
    """Run Postfix as `name` with key and chain from `pem`; gives its port. `level` is none without TLS.

    Its unprivileged half has to reach the folder, which is therefore not one of pytest's.
    """
    with logging_postfix(name, pem, level=level) as (port, _):
        yield port


@contextmanager
def logging_postfix(name: str, pem: Path, *, level: str = "may") -> Iterator[tuple[int, Path]]:
    """The same; gives its log beside the port."""
    with tempfile.TemporaryDirectory(prefix="posture-postfix-") as made:
        Path(made).chmod(0o755)
        with _running(Path(made), name, pem, level) as port:
            yield port, Path(made) / "mail.log"


@contextmanager
def _running(folder: Path, name: str, pem: Path, level: str) -> Iterator[int]:
    tool = require_tool("postfix")
    port = free_port()
    config, queue, data = (folder / part for part in ("config", "queue", "data"))
    for path in (config, queue, data):
        path.mkdir()
    values = {"config": config, "queue": queue, "data": data, "folder": folder, "log": folder / "mail.log"}
    text = MAIN.format(name=name, level=level, pem=pem, **values)
    (config / "main.cf").write_text(text, encoding="utf-8")
    (config / "master.cf").write_text(MASTER.format(port=port), encoding="utf-8")
    subprocess.run(["chown", "postfix", str(data)], check=True)
    subprocess.run([tool, "-c", str(config), "start"], check=True, capture_output=True, timeout=60)
    try:
        _wait_for(port)
        yield port
    finally:
        subprocess.run([tool, "-c", str(config), "stop"], check=False, capture_output=True, timeout=60)


def _wait_for(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as conn:
                if conn.recv(3) == b"220":
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("postfix did not answer")
