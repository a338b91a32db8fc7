"""One host with every daemon that Debian has for us, each at its proper port as the scanners see it."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanners.context import Options
from tests.support import daemons
from tests.support.daemons import ADDRESS, Place, folder_of, routed, running
from tests.support.net_servers import NAME, OPTIONS, unused
from tests.support.postfix import postfix
from tests.support.tools import require_tool

_SAMBA: Final = """
[global]
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
server role = standalone server
load printers = no
disable spoolss = yes
private dir = {folder}
lock directory = {folder}
state directory = {folder}
cache directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/rpc
"""
_NGINX: Final = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{ listen {place[0]}:{place[1]}; root {folder}; }}
}}
"""


@contextlib.contextmanager
def samba() -> Iterator[tuple[Place, Path]]:
    """Samba's file server and its log, which has a line for every message that a client sent.

    It listens on addresses of interfaces only, and loopback has one.
    """
    program, place = require_tool("smbd"), unused("127.0.0.1")
    with folder_of(None) as folder:
        conf = folder / "conf"
        conf.write_text(_SAMBA.format(folder=folder, port=place[1]))
        words = ["--foreground", "--debug-stdout", "--debuglevel=3"]
        with running([program, *words, f"--configfile={conf}"], place, folder):
            yield place, folder / "talk"


@contextlib.contextmanager
def nginx() -> Iterator[Place]:
    """nginx with its banner as delivered, and one page."""
    program, place = require_tool("nginx"), unused(ADDRESS)
    with folder_of(None) as folder:
        folder.chmod(0o755)
        (folder / "index.html").write_text("<title>nginx here</title>")
        conf = folder / "conf"
        conf.write_text(_NGINX.format(folder=folder, place=place))
        with running([program, "-e", "stderr", "-p", str(folder), "-c", str(conf)], place, folder):
            yield place


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Where each port's daemon is, and what Samba wrote down."""

    places: Mapping[int, Place]
    samba_log: Path

    def options(self, options: Options = OPTIONS) -> Options:
        """Options in which `NAME` has every daemon at its proper port."""
        for port, place in self.places.items():
            options = routed(place, port, options=options)
        return options


_PLAIN: Final[Mapping[int, Callable[[], AbstractContextManager[Place]]]] = {
    21: daemons.vsftpd,
    22: daemons.sshd,
    80: daemons.apache,
    110: lambda: daemons.dovecot("pop3"),
    143: daemons.dovecot,
    3306: daemons.mariadb,
    5432: daemons.postgresql,
    6379: daemons.redis,
    8080: nginx,
    11211: daemons.memcached,
}


@contextlib.contextmanager
def street(pem: Path) -> Iterator[Street]:
    """All of them until the block ends. `pem` is key and chain for the mail server."""
    with ExitStack() as stack:
        places = {port: stack.enter_context(server()) for port, server in _PLAIN.items()}
        places[445], log = stack.enter_context(samba())
        places[25] = ("127.0.0.1", stack.enter_context(postfix(NAME, pem)))
        yield Street(places=dict(sorted(places.items())), samba_log=log)


def installed(tool: str, *words: str) -> str:
    """What a program says of itself, wherever it says it (vsftpd: on its standard input)."""
    command = ["sh", "-c", 'exec "$0" "$@" 0>&1 2>&1', require_tool(tool), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
