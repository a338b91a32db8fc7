"""Real servers from Debian, each on a free port of loopback and in a folder of its own."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from scanners.context import Options
from scanners.net.routes import Route, Routes
from tests.support.net_servers import NAME, OPTIONS, unused
from tests.support.tools import require_tool

Place = tuple[str, int]
ADDRESS = "127.0.0.6"


def routed(place: Place, port: int, *, options: Options = OPTIONS) -> Options:
    """Options in which `NAME:port` is at the place: what is asked depends on a service's own port."""
    route = Route(name=NAME, port=port, to_address=place[0], to_port=place[1])
    return replace(options, routes=Routes(routes=(*options.routes.routes, route)))


@contextlib.contextmanager
def running(
    command: Sequence[str], place: Place, folder: Path, *, user: str | None = None
) -> Iterator[Place]:
    """The program until the block ends; it is there once it accepts connections."""
    with (folder / "talk").open("wb") as talk:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=talk, stderr=talk, cwd=folder, user=user
        )
        try:
            _wait(process, place, folder)
            yield place
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", place: Place, folder: Path) -> None:
    for _ in range(1200):
        with contextlib.suppress(OSError), socket.create_connection(place, 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError((folder / "talk").read_text(errors="replace")[-2000:])


@contextlib.contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """A folder that the account may write to; pytest's own are for their owner alone."""
    path = Path(tempfile.mkdtemp(prefix="daemon-"))
    try:
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(path, account.pw_uid, account.pw_gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def other(user: str) -> str | None:
    """The account a server wants instead of root; an ordinary user runs it as themselves."""
    return user if os.geteuid() == 0 else None


@contextlib.contextmanager
def sshd(*settings: str, key: Sequence[str] = ("-t", "ed25519")) -> Iterator[Place]:
    """OpenSSH with one host key, made by `ssh-keygen` with these words."""
    program, place = require_tool("sshd"), unused(ADDRESS)
    with folder_of(None) as folder:
        path = folder / "key"
        subprocess.run(["ssh-keygen", "-q", *key, "-N", "", "-f", str(path)], check=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants it, and its service would have made it
        options = [
            f"ListenAddress={place[0]}:{place[1]}",
            f"HostKey={path}",
            "UsePAM=no",
            f"PidFile={folder}/p",
        ]
        words = [word for one in (*options, *settings) for word in ("-o", one)]
        with running([program, "-D", "-e", "-f", "/dev/null", *words], place, folder):
            yield place


@contextlib.contextmanager
def redis(*settings: str) -> Iterator[Place]:
    """Redis without a disk. `settings` are words of its command line."""
    program, place = require_tool("redis-server"), unused(ADDRESS)
    with folder_of(None) as folder:
        words = ["--bind", place[0], "--port", str(place[1]), "--save", "", "--dir", str(folder)]
        with running([program, *words, *settings], place, folder):
            yield place


@contextlib.contextmanager
def memcached() -> Iterator[Place]:
    """memcached as delivered: no log-in."""
    program, place = require_tool("memcached"), unused(ADDRESS)
    words = ["-l", place[0], "-p", str(place[1]), "-U", "0", "-m", "8"]
    words += ["-u", "nobody"] if os.geteuid() == 0 else []
    with folder_of(None) as folder, running([program, *words], place, folder):
        yield place


@contextlib.contextmanager
def mariadb() -> Iterator[Place]:
    """MariaDB without any table, so without accounts: nobody logs in here."""
    program, place = require_tool("mariadbd"), unused(ADDRESS)
    user = other("nobody")
    with folder_of(user) as folder:
        words = [f"--datadir={folder}", f"--bind-address={place[0]}", f"--port={place[1]}"]
        words += [f"--socket={folder}/s", f"--pid-file={folder}/pid", "--skip-log-bin", "--skip-grant-tables"]
        with running([program, "--no-defaults", *words], place, folder, user=user):
            yield place


@contextlib.contextmanager
def postgresql(pem: Path | None = None) -> Iterator[Place]:
    """PostgreSQL on TCP, which trusts nobody. With key and chain in `pem` it speaks TLS."""
    program, initdb, place = require_tool("postgres"), require_tool("initdb"), unused(ADDRESS)
    user = other("postgres")
    with folder_of(user) as folder:
        data = f"{folder}/data"
        setup = [initdb, "-D", data, "-U", "posture", "--auth=reject", "--no-sync", "-E", "UTF8"]
        subprocess.run(
            setup, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user, cwd="/"
        )
        words = [
            "-c",
            f"listen_addresses={place[0]}",
            "-p",
            str(place[1]),
            "-k",
            str(folder),
            "-c",
            "fsync=off",
        ]
        if pem is not None:
            own = own_key(pem, folder, user)
            words += ["-c", "ssl=on", "-c", f"ssl_cert_file={own}", "-c", f"ssl_key_file={own}"]
        with running([program, "-D", data, *words], place, folder, user=user):
            yield place


def own_key(pem: Path, folder: Path, user: str | None) -> Path:
    """A copy that is the account's alone: PostgreSQL takes no key that others may read."""
    own = folder / "pair.pem"
    own.touch(mode=0o600)
    own.write_bytes(pem.read_bytes())
    if user is not None:
        shutil.chown(own, user)
    return own


@contextlib.contextmanager
def vsftpd() -> Iterator[Place]:
    """vsftpd with its own greeting."""
    program, place = require_tool("vsftpd"), unused(ADDRESS)
    with folder_of(None) as folder:
        conf = folder / "conf"
        conf.write_text(
            f"listen=YES\nlisten_address={place[0]}\nlisten_port={place[1]}\nbackground=NO\n"
            f"secure_chroot_dir={folder}\nrun_as_launching_user={'NO' if os.geteuid() == 0 else 'YES'}\n"
        )
        with running([program, str(conf)], place, folder):
            yield place


_DOVECOT = """
protocols = {protocol}
base_dir = {folder}/run
log_path = {folder}/log
{tls}
listen = {place[0]}
passdb {{
  driver = static
  args = password=x
}}
service {protocol}-login {{
  chroot =
  inet_listener {protocol} {{
    port = {place[1]}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
"""


@contextlib.contextmanager
def dovecot(protocol: str = "imap", pem: Path | None = None) -> Iterator[Place]:
    """Dovecot, with TLS if there is a key and a chain in `pem`."""
    program, place = require_tool("dovecot"), unused(ADDRESS)
    if protocol == "pop3":
        require_tool("/usr/lib/dovecot/pop3")  # a package of its own
    with folder_of(None) as folder:
        folder.chmod(0o755)
        me = pwd.getpwuid(os.geteuid()).pw_name
        limits = "" if os.geteuid() == 0 else f"default_login_user = {me}\ndefault_internal_user = {me}\n"
        conf = folder / "dovecot.conf"
        tls = "ssl = no" if pem is None else f"ssl = yes\nssl_cert = <{pem}\nssl_key = <{pem}"
        conf.write_text(_DOVECOT.format(protocol=protocol, folder=folder, place=place, tls=tls) + limits)
        with running([program, "-F", "-c", str(conf)], place, folder):
            yield place


@contextlib.contextmanager
def apache() -> Iterator[Place]:
    """Apache httpd with its banner as delivered."""
    program, place = require_tool("apache2"), unused(ADDRESS)
    with folder_of(None) as folder:
        folder.chmod(0o755)
        (folder / "index.html").write_text("<title>It works</title>")
        modules = "".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
            for name in ("mpm_event", "authz_core", "dir", "mime")
        )
        user = "User nobody\nGroup nogroup\n" if os.geteuid() == 0 else ""
        (folder / "conf").write_text(
            f"{modules}{user}ServerRoot {folder}\nServerName {NAME}\nListen {place[0]}:{place[1]}\n"
            f"PidFile {folder}/pid\nErrorLog {folder}/log\nDocumentRoot {folder}\nTypesConfig /dev/null\n"
            f"DirectoryIndex index.html\nServerTokens OS\nMutex file:{folder}\n"
        )
        with running([program, "-D", "FOREGROUND", "-f", str(folder / "conf")], place, folder):
            yield place
