"""Real servers from Debian that begin in the clear and go over to TLS.

Each listens on a free port of loopback, reads key and chain from the file `pem`, and knows no account.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.support.daemons import ADDRESS, Place, folder_of, other, own_key, running
from tests.support.net_servers import unused
from tests.support.tools import require_tool


@contextlib.contextmanager
def mariadb(pem: Path) -> Iterator[tuple[Place, Path]]:
    """MariaDB without any table, so without accounts, and its log of connections that ended unusually."""
    program, place, user = require_tool("mariadbd"), unused(ADDRESS), other("nobody")
    with folder_of(user) as folder:
        own, log = own_key(pem, folder, user), folder / "log.err"
        words = [f"--datadir={folder}", f"--bind-address={place[0]}", f"--port={place[1]}"]
        words += [f"--socket={folder}/s", f"--pid-file={folder}/pid", "--skip-log-bin", "--skip-grant-tables"]
        words += [f"--ssl-cert={own}", f"--ssl-key={own}", "--log-warnings=4", f"--log-error={log}"]
        with running([program, "--no-defaults", *words], place, folder, user=user):
            yield place, log


@contextlib.contextmanager
def vsftpd(pem: Path) -> Iterator[tuple[Place, Path]]:
    """vsftpd with explicit TLS, and its log of every command."""
    program, place = require_tool("vsftpd"), unused(ADDRESS)
    with folder_of(None) as folder:
        log, conf = folder / "log", folder / "conf"
        conf.write_text(
            f"listen=YES\nlisten_address={place[0]}\nlisten_port={place[1]}\nbackground=NO\n"
            f"secure_chroot_dir={folder}\nrun_as_launching_user={'NO' if os.geteuid() == 0 else 'YES'}\n"
            "anonymous_enable=NO\nlocal_enable=YES\nlog_ftp_protocol=YES\nxferlog_std_format=NO\n"
            f"xferlog_enable=YES\nvsftpd_log_file={log}\n"
            f"ssl_enable=YES\nrsa_cert_file={pem}\nrsa_private_key_file={pem}\n"
        )
        with running([program, str(conf)], place, folder):
            yield place, log


@contextlib.contextmanager
def slapd(pem: Path | None) -> Iterator[tuple[Place, Path]]:
    """OpenLDAP (on GnuTLS in Debian) without a directory, and its log of every operation."""
    program, place = require_tool("slapd"), unused(ADDRESS)
    with folder_of(None) as folder:
        tls = "" if pem is None else f"TLSCertificateFile {pem}\nTLSCertificateKeyFile {pem}\n"
        (folder / "conf").write_text(f"pidfile {folder}/pid\nargsfile {folder}/args\n{tls}")
        where = f"ldap://{place[0]}:{place[1]}"
        with running([program, "-d", "stats", "-f", "conf", "-h", where], place, folder):
            yield place, folder / "talk"


_PROSODY = """
run_as_root = true
pidfile = "{folder}/pid"
data_path = "{folder}"
log = {{ debug = "{folder}/log" }}
network_backend = "select"
modules_enabled = {{ "saslauth"; "tls"; "dialback"; }}
modules_disabled = {{ "admin_shell"; "admin_socket"; "http"; {without} }}
interfaces = {{ "{address}" }}
c2s_ports = {{ {client} }}
s2s_ports = {{ {server} }}
c2s_require_encryption = {required}
s2s_require_encryption = {required}
allow_unencrypted_plain_auth = false
{tls}
VirtualHost "{name}"
"""


@contextlib.contextmanager
def prosody(name: str, pem: Path | None) -> Iterator[tuple[Place, Place, Path]]:
    """Prosody for the name: where clients and where servers of others come in, and its log."""
    program, client, server = require_tool("prosody"), unused(ADDRESS), unused(ADDRESS)
    with folder_of(None) as folder:
        tls = "" if pem is None else f'ssl = {{ key = "{pem}"; certificate = "{pem}" }}'
        conf = _PROSODY.format(
            folder=folder,
            address=ADDRESS,
            client=client[1],
            server=server[1],
            name=name,
            tls=tls,
            required="false" if pem is None else "true",
            without='"tls";' if pem is None else "",
        )
        (folder / "conf.lua").write_text(conf)
        with running([program, "-F", "--config", str(folder / "conf.lua")], server, folder):
            yield client, server, folder / "log"


@contextlib.contextmanager
def xrdp(pem: Path | None) -> Iterator[tuple[Place, Path]]:
    """xrdp without a session manager, and its log; without a key it has the protocol's old security alone."""
    program, place = require_tool("xrdp"), unused(ADDRESS)
    with folder_of(None) as folder:
        shutil.copy("/etc/xrdp/rsakeys.ini", folder / "rsakeys.ini")
        layer = "rdp" if pem is None else "tls"
        (folder / "xrdp.ini").write_text(
            f"[Globals]\nini_version=1\nfork=true\nport=tcp://{place[0]}:{place[1]}\nsecurity_layer={layer}\n"
            f"certificate={pem or ''}\nkey_file={pem or ''}\nssl_protocols=TLSv1.2, TLSv1.3\n"
            f"[Logging]\nLogFile={folder}/log\nLogLevel=DEBUG\nEnableSyslog=false\n"
            "[Xorg]\nname=Xorg\nlib=libxup.so\nusername=ask\npassword=ask\nip=127.0.0.1\nport=-1\ncode=20\n"
        )
        with running([program, "--nodaemon", "--config", str(folder / "xrdp.ini")], place, folder):
            yield place, folder / "log"
