"""A whole assessment over a link of 50 ms, and the chain of peers that are installed (`make bench`).

The applicant has three hosts on two addresses: example.com and www.example.com (nginx), mail.example.com
(postfix); named plays resolver and both name servers. `posture` is timed from the start of its process to the
assessment in the store, which the first run has to make; reports come later and are not in the figure. Every
other port of the hosts refuses (`closed`), or is dropped on the way as a firewall does (`filtered`). Needs
root for the link (tls_link.py).
"""

import argparse
import contextlib
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from consents import consent
from tls_link import SERVER, Link, link

POSTURE = str(Path(sys.executable).with_name("posture"))
WEB, MAIL, FIRST, SECOND = SERVER, "10.77.1.2", "10.77.1.3", "10.77.1.4"
OPEN = {WEB: (80, 443), MAIL: (25,), FIRST: (53,), SECOND: (53,)}
BAR = 6.0

TECHNIQUES = ("dns", "mail", "tls", "web", "ports", "services")
NGINX = f"""
daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
  uwsgi_temp_path u; scgi_temp_path s;
  server {{ listen {WEB}:80; return 301 https://$host$request_uri; }}
  server {{
    listen {WEB}:443 ssl; server_name example.com www.example.com;
    ssl_certificate leaf.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security "max-age=31536000";
    location = / {{ default_type text/html; return 200 "<!doctype html><title>Example</title>"; }}
    location / {{ return 404; }}
  }}
}}
"""
POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = {address}
inet_protocols = ipv4
myhostname = mail.example.com
mydestination =
local_recipient_maps =
smtpd_tls_security_level = may
smtpd_tls_cert_file = {home}/leaf.pem
smtpd_tls_key_file = {home}/key.pem
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtpd_peername_lookup = no
"""
MASTER = """
smtp inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
postlog unix-dgram n - n - 1 postlogd
"""
SOA = "$TTL 300\n@ SOA ns1.example.com. h.example.com. 1 14400 3600 1209600 300\n"
DELEGATION = "{zone} NS ns1.example.com.\n{zone} NS ns2.example.com.\n"
GLUE = f"ns1.example.com. A {FIRST}\nns2.example.com. A {SECOND}\n"
ZONES = {
    ".": SOA + DELEGATION.format(zone="@") + DELEGATION.format(zone="com.") + GLUE,
    "com.": SOA + DELEGATION.format(zone="@") + DELEGATION.format(zone="example.com.") + GLUE,
    "example.com.": SOA
    + DELEGATION.format(zone="@")
    + GLUE
    + f"""
@ A {WEB}
www A {WEB}
mail A {MAIL}
@ MX 10 mail
@ CAA 0 issue "ca.example.net"
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"
""",
}
#: The chain that asks about the same: each its own tool, with the options of its manual for one target.
PEERS: Mapping[str, Sequence[str]] = {
    "nmap -sV": ["nmap", "-Pn", "-n", "-sV", WEB, MAIL],
    "sslyze": ["sslyze", f"example.com{{{WEB}}}:443"],
    "checkdmarc": ["checkdmarc", "example.com", "--nameserver", FIRST],
    "zonemaster": ["zonemaster-cli", "--no-progress", "example.com", "--ns", f"ns1.example.com/{FIRST}"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds from start to store, and what became of the assessment in a line."""

    seconds: float
    outcome: str


def papers(folder: Path) -> None:
    """A certificate that signs itself, the consent, and every server's files."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"]
    names = "DNS:example.com,DNS:www.example.com,DNS:mail.example.com"
    command += ["-subj", "/CN=example.com", "-addext", f"subjectAltName={names}"]
    command += ["-keyout", "key.pem", "-out", "leaf.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "consent.toml").write_text(consent((f"{WEB}/32", f"{MAIL}/32"), TECHNIQUES))
    (folder / "nginx.conf").write_text(NGINX)
    (folder / "settings.toml").write_text('contact = "scans@example.net"\n')
    _postfix(folder)
    _zones(folder)


def _postfix(home: Path) -> None:
    folder = home / "postfix"
    folder.mkdir()
    (folder / "main.cf").write_text(POSTFIX.format(folder=folder, home=home, address=MAIL))
    (folder / "master.cf").write_text(MASTER)
    for part in ("queue", "data"):
        (folder / part).mkdir()
    shutil.chown(folder / "data", "postfix")
    for path in (home, folder):
        path.chmod(0o755)


def _zones(folder: Path) -> None:
    blocks = []
    for origin, text in ZONES.items():
        path = folder / f"zone-{origin.strip('.') or 'root'}"
        path.write_text(text)
        blocks.append(f'zone "{origin}" {{ type primary; file "{path}"; }};')
    listen = f"listen-on {{ {FIRST}; {SECOND}; }}; listen-on-v6 {{ none; }};"
    rest = (
        "recursion no; dnssec-validation no; pid-file none; session-keyfile none; allow-transfer { none; };"
    )
    (folder / "named.conf").write_text(
        f'options {{ directory "{folder}"; {listen} {rest} }};\ncontrols {{ }};\n' + "\n".join(blocks)
    )


def servers(folder: Path) -> list[list[str]]:
    """What runs on the far side, each in the foreground."""
    return [
        ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"],
        ["postfix", "-c", str(folder / "postfix"), "start-fg"],
        [shutil.which("named") or "/usr/sbin/named", "-f", "-c", str(folder / "named.conf")],
    ]


@contextlib.contextmanager
def serving(way: Link, folder: Path) -> Iterator[None]:
    for address in (MAIL, FIRST, SECOND):
        subprocess.run(way.far(["ip", "addr", "add", f"{address}/32", "dev", "wan0"]), check=True)
    started = [
        subprocess.Popen(way.far(command), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in servers(folder)
    ]
    try:
        for address, ports in OPEN.items():
            for port in ports:
                _wait(way, address, port)
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait(20)


def _wait(way: Link, address: str, port: int) -> None:
    probe = f"import socket; socket.create_connection(({address!r}, {port}), 1).close()"
    for _ in range(100):
        tried = subprocess.run(way.far([sys.executable, "-c", probe]), stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on {address}:{port}")


def assess(way: Link, folder: Path, number: int, limit: float) -> Measured:
    """One assessment; the moment it is in the store is looked for every 10 ms."""
    database = folder / "posture.db"
    command = [POSTURE, "assess", "example.com", "--consent", str(folder / "consent.toml")]
    command += ["--resolver", FIRST, "--trust-store", str(folder / "leaf.pem")]
    command += ["--database", f"sqlite:///{database}", "--out", str(folder / f"out-{number}")]
    begin = time.monotonic()
    process = subprocess.Popen(
        way.near(command),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"POSTURE_SETTINGS": str(folder / "settings.toml")},
    )
    stored = None
    while stored is None and time.monotonic() - begin < limit and process.poll() is None:
        time.sleep(0.01)
        stored = _stored(database, number)
    seconds = time.monotonic() - begin
    talk, _ = process.communicate(timeout=limit)
    if stored is None and (stored := _stored(database, number)) is None:
        raise SystemExit(f"the assessment failed:\n{talk.decode(errors='replace')[-3000:]}")
    return Measured(seconds=seconds, outcome=stored)


def _stored(database: Path, number: int) -> str | None:
    """The assessment with this number from 0, in a line; None while there is none."""
    if not database.exists():
        return None
    query = """
        SELECT json_array_length(document, '$.observations'),
               (SELECT count(*) FROM json_each(document, '$.observations')
                WHERE json_extract(value, '$.seen') = 0),
               json_array_length(document, '$.findings'), complete
        FROM assessments ORDER BY rowid LIMIT 1 OFFSET ?
    """
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute(query, (number,)).fetchone()
        except sqlite3.OperationalError:
            return None
    if row is None:
        return None
    return f"{row[0]} observations, {row[1]} unseen, {row[2]} findings" + ("" if row[3] else ", INCOMPLETE")


def peers(way: Link, folder: Path, limit: float) -> None:
    """Every installed peer alone; the sum is the chain one after the other, the longest that in parallel."""
    taken = []
    for name, command in PEERS.items():
        if shutil.which(command[0]) is None:
            print(f"  {name:12} not installed")
            continue
        begin = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                way.near(command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit,
                check=False,
            )
        taken.append(time.monotonic() - begin)
        print(f"  {name:12} {taken[-1]:6.2f} s")
    if taken:
        print(f"  peers here   {max(taken):6.2f} s at the same time, {sum(taken):.2f} s one after the other")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=50.0, help="round trip in milliseconds")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one run")
    parser.add_argument("--no-peers", action="store_true", help="measure ours alone")
    options = parser.parse_args()
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise SystemExit("The benchmark makes network namespaces and a TUN pair: run it as root.")
    print(f"link of {options.rtt:g} ms, {options.runs} runs, {os.cpu_count()} cores")
    for number, (kind, only) in enumerate((("closed", None), ("filtered", OPEN))):
        with tempfile.TemporaryDirectory() as name, link(options.rtt, only=only) as way:
            folder = Path(name)
            papers(folder)
            with serving(way, folder):
                found = [assess(way, folder, run, options.limit) for run in range(options.runs)]
                median = statistics.median(one.seconds for one in found)
                every = ", ".join(f"{one.seconds:.2f}" for one in found)
                print(f"{kind:8} posture {median:6.2f} s (≤ {BAR:g})   [{every}]   {found[-1].outcome}")
                if number == 0 and not options.no_peers:
                    peers(way, folder, options.limit)


if __name__ == "__main__":
    main()
