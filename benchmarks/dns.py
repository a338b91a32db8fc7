"""Our DNS and mail probes, and every installed peer, on the same zones in the same run (`make bench-dns`).

As root the servers stand behind a link of 50 ms (tls_link.py); otherwise they are on loopback and the figures
say little. One named plays warm resolver and both name servers: the root, `com` and `example.com` (2 name
servers, 1 MX, SPF with one include, DMARC). Seconds are those of the whole process, median of the runs; ours
also less `posture --version`.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tls_link import SERVER, Link, link

SECOND = "10.77.1.2"
POSTURE = str(Path(sys.executable).with_name("posture"))
PEERS = {
    "checkdmarc": ["checkdmarc", "example.com", "--nameserver", "{address}"],
    "zonemaster-cli": ["zonemaster-cli", "--no-progress", "example.com", "--ns", "ns1.example.com/{address}"],
}
CONSENT = """
schema = "posture.consent/1"
applicant = "Benchmark"
domains = ["example.com"]
networks = ["10.77.0.0/16", "127.0.0.0/8"]
techniques = ["dns", "mail"]
ports = "default"
valid_from = 2020-01-01T00:00:00+00:00
valid_until = 2099-01-01T00:00:00+00:00
granted_by = {{ name = "A", title = "B", email = "a@example.com" }}
document = {{ sha256 = "{digest}" }}
proof = {{ method = "document" }}
"""
SOA = "$TTL 300\n@ SOA ns1.example.com. h.example.com. 1 14400 3600 1209600 300\n"
DELEGATION = "{zone} NS ns1.example.com.\n{zone} NS ns2.example.com.\n"
ZONES = {
    ".": SOA + DELEGATION.format(zone="@") + DELEGATION.format(zone="com."),
    "com.": SOA + DELEGATION.format(zone="@") + DELEGATION.format(zone="example.com."),
    "example.com.": SOA
    + DELEGATION.format(zone="@")
    + """
ns1 A {first}
ns2 A {second}
@ A {first}
@ MX 10 mx
mx A {first}
@ TXT "v=spf1 mx include:_spf.example.com -all"
_spf TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"
""",
}


def zones(folder: Path, first: str, second: str, port: int) -> Path:
    """Zone files and the server's configuration."""
    blocks = []
    for origin, text in ZONES.items():
        path = folder / f"zone-{origin.strip('.') or 'root'}"
        path.write_text(text.format(first=first, second=second))
        blocks.append(f'zone "{origin}" {{ type primary; file "{path}"; }};')
    config = folder / "named.conf"
    listen = f"listen-on port {port} {{ {first}; {second}; }}; listen-on-v6 {{ none; }};"
    rest = (
        "recursion no; dnssec-validation no; pid-file none; session-keyfile none; allow-transfer { none; };"
    )
    config.write_text(
        f'options {{ directory "{folder}"; {listen} {rest} }};\ncontrols {{ }};\n' + "\n".join(blocks)
    )
    return config


@contextlib.contextmanager
def served(command: Sequence[str], probe: Sequence[str]) -> Iterator[None]:
    """Keep named running; `probe` is asked until it answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if "SOA" in subprocess.run(probe, check=False, capture_output=True, text=True).stdout:
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def seconds(command: Sequence[str], runs: int) -> float:
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, check=False, capture_output=True, env=os.environ | {"LC_ALL": "C.UTF-8"})
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def measure(wan: Link | None, folder: Path, runs: int) -> None:
    first, second = (SERVER, SECOND) if wan else ("127.0.0.1", "127.0.0.2")
    port = 53 if wan else _free_port()
    if wan:
        subprocess.run(wan.far(["ip", "addr", "add", f"{SECOND}/32", "dev", "wan0"]), check=True)
    near = wan.near if wan else list
    far = wan.far if wan else list
    config = zones(folder, first, second, port)
    consent = folder / "consent.toml"
    consent.write_text(CONSENT.format(digest="0" * 64))
    probe = ["dig", f"@{first}", "-p", str(port), "example.com", "SOA", "+noall", "+answer"]
    routes = [f"--connect-to=ns{i}.example.com:53={a}:{port}" for i, a in ((1, first), (2, second))]
    with served(far([shutil.which("named") or "/usr/sbin/named", "-f", "-c", str(config)]), near(probe)):
        start = seconds(near([POSTURE, "--version"]), runs)
        for area in ("dns", "mail"):
            command = [POSTURE, "probe", area, "example.com", "--consent", str(consent), "--json"]
            command += ["--resolver", f"{first}:{port}", *([] if wan else routes)]
            whole = seconds(near(command), runs)
            print(f"posture probe {area:5} {whole:6.2f} s   less --version {whole - start:6.2f} s   (≤ 1.0)")
        for name, command in PEERS.items():
            if shutil.which(name) is None:
                print(f"{name:19} not installed")
                continue
            words = [word.format(address=first) for word in command]
            print(f"{name:19} {seconds(near(words), runs):6.2f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rtt", type=float, default=50.0, help="milliseconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            with link(options.rtt) as wan:
                measure(wan, folder, options.runs)
        else:
            measure(None, folder, options.runs)


if __name__ == "__main__":
    main()
