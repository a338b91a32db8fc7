"""Our TLS prober and every installed peer on the same servers in the same run (`make bench-tls`).

As root the servers stand behind a link of 50 ms (tls_link.py) and connections and bytes are counted on it;
otherwise they are on loopback and only time is measured. Columns: seconds of the whole process (of ours less
`posture --version`), median of the runs; connections; kilobytes in both directions; how many times our
seconds and our connections a peer takes. Peers are those on the PATH: sslscan, nmap, sslyze, testssl.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from consents import consent
from tls_link import SERVER, Link, link

NAME = "www.example.com"
#: sslyze ends with 1 when a server does not follow Mozilla's guideline; it has looked all the same.
_DONE = frozenset({0, 1, 5})
POSTURE = str(Path(sys.executable).with_name("posture"))
PORT = 4433


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where servers and scanners run; `link` is None on loopback."""

    link: Link | None
    address: str
    folder: Path

    def near(self, command: Sequence[str]) -> list[str]:
        return self.link.near(command) if self.link else list(command)

    def far(self, command: Sequence[str]) -> list[str]:
        return self.link.far(command) if self.link else list(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    seconds: float
    connections: int | None
    octets: int | None


def papers(folder: Path) -> None:
    """An RSA-2048 certificate that signs itself, and the consent for the probe."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", "key.pem", "-out", "leaf.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    parameters = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    subprocess.run([*parameters, "-out", "dh.pem"], cwd=folder, check=True, capture_output=True)


NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;
  uwsgi_temp_path u; scgi_temp_path s;
  server {{
    listen {address}:{port} ssl; server_name www.example.com;
    ssl_certificate leaf.pem; ssl_certificate_key key.pem;
    ssl_prefer_server_ciphers on; ssl_ecdh_curve X25519;
    {more}
    location / {{ return 204; }}
  }}
}}
"""


def nginx(place: Place, more: str = "ssl_protocols TLSv1.2 TLSv1.3;") -> list[str]:
    """Debian's nginx with stock suites, TLS 1.2 and 1.3, RSA-2048 and X25519: the reference."""
    conf = NGINX.format(address=place.address, port=PORT, more=more)
    (place.folder / "nginx.conf").write_text(conf)
    return ["nginx", "-p", str(place.folder), "-c", "nginx.conf", "-e", "error.log"]


def old(place: Place) -> list[str]:
    """nginx with more than fifty suites over TLS 1.0 to 1.2."""
    return nginx(
        place, "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0; ssl_dhparam dh.pem;"
    )


SERVERS: dict[str, Callable[[Place], list[str]]] = {"nginx 1.2+1.3": nginx, "50+ suites 1.0-1.2": old}


def peers(place: Place) -> dict[str, list[str]]:
    """Commands by name, of those that are installed."""
    where = f"{place.address}:{PORT}"
    paper = place.folder / "consent.toml"
    paper.write_text(consent((f"{place.address}/32",), ("tls",), str(PORT)))
    ours = [POSTURE, "probe", "tls", f"{NAME}:{PORT}", "--consent", str(paper)]
    ours += ["--address", place.address, "--trust-store", str(place.folder / "leaf.pem"), "--json"]
    others = {
        "sslscan": ["sslscan", "--no-colour", f"--sni-name={NAME}", where],
        "nmap": ["nmap", "-Pn", "-n", "-p", str(PORT), "--script", "ssl-enum-ciphers", place.address],
        "sslyze": ["sslyze", f"--sni={NAME}", where],
        "testssl": ["testssl", "--quiet", "--color", "0", where],
    }
    return {"posture": ours} | {name: each for name, each in others.items() if shutil.which(each[0])}


@contextlib.contextmanager
def serving(place: Place, command: Sequence[str]) -> Iterator[None]:
    process = subprocess.Popen(
        place.far(command),
        cwd=place.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(place)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _wait(place: Place) -> None:
    probe = f"import socket; socket.create_connection(({place.address!r}, {PORT}), 1).close()"
    for _ in range(100):
        if (
            subprocess.run(
                place.near([sys.executable, "-c", probe]), stderr=subprocess.DEVNULL, check=False
            ).returncode
            == 0
        ):
            return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def measure(place: Place, command: Sequence[str], runs: int, limit: float) -> Measured | None:
    """Median of the runs; None when the command fails or takes longer than the limit."""
    seconds, connections, octets = [], [], []
    for _ in range(runs):
        if place.link:
            place.link.reset()
        begin = time.monotonic()
        try:
            ran = subprocess.run(
                place.near(command), cwd=place.folder, capture_output=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        seconds.append(time.monotonic() - begin)
        if ran.returncode not in _DONE:
            sys.stderr.write(ran.stderr.decode(errors="replace")[-2000:])
            return None
        if place.link:
            connections.append(place.link.counts().connections)
            octets.append(place.link.counts().octets)
    if not place.link:
        return Measured(seconds=statistics.median(seconds), connections=None, octets=None)
    return Measured(
        seconds=statistics.median(seconds),
        connections=int(statistics.median(connections)),
        octets=int(statistics.median(octets)),
    )


def complete(place: Place, command: Sequence[str]) -> str:
    """What of our own answer is null or unknown: on the reference server nothing may be."""
    ran = subprocess.run(place.near(command), cwd=place.folder, capture_output=True, check=False)
    (seen,) = json.loads(ran.stdout)["observations"]
    if not seen["seen"]:
        return f"unseen: {seen['reason']}"
    value = seen["value"]
    open_ends = [name for name, state in value["vulnerabilities"].items() if state == "unknown"]
    open_ends += [name for name, state in value["protocols"].items() if state is None]
    open_ends += [name for name, state in value["behaviour"].items() if state is None]
    open_ends += [gap["path"] for gap in seen["gaps"]]
    return ", ".join(open_ends) or "nothing null, nothing unknown"


def table(place: Place, runs: int, limit: float) -> None:
    version = measure(place, [POSTURE, "--version"], runs, limit)
    start = version.seconds if version else 0.0
    print(f"{'server':20} {'scanner':9} {'seconds':>8} {'connections':>12} {'kB':>7} {'times ours':>16}")
    for server, command in SERVERS.items():
        with serving(place, command(place)):
            own: Measured | None = None
            for name, scanner in peers(place).items():
                found = measure(place, scanner, runs if name == "posture" else 1, limit)
                if name == "posture":
                    found = own = found and replace(found, seconds=found.seconds - start)
                times = "" if name == "posture" else ratio(found, own)
                print(f"{server:20} {name:9} {row(found)}{times}", flush=True)
            print(f"{'':20} posture: {complete(place, peers(place)['posture'])}")


def ratio(found: Measured | None, own: Measured | None) -> str:
    """How many times our seconds, and our connections if counted; empty where one did not finish."""
    if found is None or own is None:
        return ""
    seconds = f"{found.seconds / own.seconds:.1f} s"
    if found.connections is None or not own.connections:
        return f" {seconds:>8}"
    return f" {seconds:>8} {found.connections / own.connections:5.1f} c"


def row(found: Measured | None) -> str:
    if found is None:
        return "failed, or over the limit"
    connections = "-" if found.connections is None else str(found.connections)
    octets = "-" if found.octets is None else f"{found.octets / 1000:.0f}"
    return f"{found.seconds:8.2f} {connections:>12} {octets:>7}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rtt", type=float, default=50.0, help="round trip in milliseconds")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one scan")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        papers(folder)
        if os.geteuid() == 0 and Path("/dev/net/tun").exists():
            print(f"link of {options.rtt:g} ms")
            with link(options.rtt) as way:
                table(Place(link=way, address=SERVER, folder=folder), options.runs, options.limit)
        else:
            print("loopback: no link without root")
            table(Place(link=None, address="127.0.0.1", folder=folder), options.runs, options.limit)


if __name__ == "__main__":
    socket.setdefaulttimeout(10)
    main()
