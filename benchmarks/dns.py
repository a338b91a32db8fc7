"""Our DNS and mail probes, and every installed peer, on the same zones in the same run (`make bench-dns`).

As root the servers stand behind a link of 50 ms (tls_link.py); otherwise they are on loopback and the figures
say little. One named plays warm resolver and both name servers: the root, `com` and `example.com` (2 name
servers, 1 MX that starts TLS, SPF with one include, DMARC), all signed. Seconds are those of the whole
process, median of the runs; ours also less `posture --version`; a peer's also as a multiple of ours.
"""

import argparse
import contextlib
import json
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

from consents import consent
from tls_link import SERVER, Link, link

SECOND = "10.77.1.2"
POSTURE = str(Path(sys.executable).with_name("posture"))
#: Command, and the area of ours that does the same.
PEERS = {
    "checkdmarc": (["checkdmarc", "example.com", "--nameserver", "{address}"], "mail"),
    "zonemaster-cli": (
        ["zonemaster-cli", "--no-progress", "--no-ipv6", "example.com", "--ns", "ns1.example.com/{address}"],
        "dns",
    ),
}
BAR = 1.0
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
    """Signed zone files, children first, and the server's configuration; `anchor` gets the root's DS."""
    blocks = []
    below = ""
    for origin, text in reversed(ZONES.items()):
        path = folder / f"zone-{origin.strip('.') or 'root'}"
        path.write_text(text.format(first=first, second=second) + below)
        for flag in (["-f", "KSK"], []):
            _signer(folder, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", *flag, origin)
        _signer(folder, "dnssec-signzone", "-q", "-S", "-o", origin, "-f", f"{path}.signed", str(path))
        below = (folder / f"dsset-{origin}").read_text()
        blocks.append(f'zone "{origin}" {{ type primary; file "{path}.signed"; }};')
    (folder / "anchor").write_text(below)
    config = folder / "named.conf"
    listen = f"listen-on port {port} {{ {first}; {second}; }}; listen-on-v6 {{ none; }};"
    rest = (
        "recursion no; dnssec-validation no; pid-file none; session-keyfile none; allow-transfer { none; };"
    )
    config.write_text(
        f'options {{ directory "{folder}"; {listen} {rest} }};\ncontrols {{ }};\n' + "\n".join(blocks)
    )
    return config


def _signer(folder: Path, tool: str, *words: str) -> None:
    subprocess.run(
        [shutil.which(tool) or f"/usr/sbin/{tool}", *words], cwd=folder, check=True, capture_output=True
    )


def certificate(folder: Path) -> Path:
    """A key and a certificate for the exchanger in one file."""
    pem = folder / "mx.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "9",
        "-subj",
        "/CN=mx.example.com",
    ]
    command += [
        "-addext",
        "subjectAltName=DNS:mx.example.com",
        "-keyout",
        str(pem),
        "-out",
        str(folder / "mx.crt"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + (folder / "mx.crt").read_text())
    return pem


@contextlib.contextmanager
def served(command: Sequence[str], probe: Sequence[str]) -> Iterator[None]:
    """Keep named running; `probe` is asked until it answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if (
                probe == ["true"]
                or "SOA" in subprocess.run(probe, check=False, capture_output=True, text=True).stdout
            ):
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
    paper = folder / "consent.toml"
    paper.write_text(consent(("10.77.0.0/16", "127.0.0.0/8"), ("dns", "mail")))
    probe = ["dig", f"@{first}", "-p", str(port), "example.com", "SOA", "+noall", "+answer"]
    mail = 25 if wan else _free_port()
    routes = [f"--connect-to=ns{i}.example.com:53={a}:{port}" for i, a in ((1, first), (2, second))]
    routes.append(f"--connect-to=mx.example.com:25={first}:{mail}")
    smtp = [sys.executable, str(Path(__file__).with_name("smtp_server.py")), first, str(mail)]
    named = [shutil.which("named") or "/usr/sbin/named", "-f", "-c", str(config)]
    with served(far([*smtp, str(certificate(folder))]), ["true"]), served(far(named), near(probe)):
        start = seconds(near([POSTURE, "--version"]), runs)
        ours = {}
        for area in ("dns", "mail"):
            command = [POSTURE, "probe", area, "example.com", "--consent", str(paper), "--json"]
            command += ["--resolver", f"{first}:{port}", "--trust-anchor", str(folder / "anchor")]
            command += [] if wan else routes
            _sees(near(command), area)
            ours[area] = seconds(near(command), runs)
            less = ours[area] - start
            print(f"posture probe {area:5} {ours[area]:6.2f} s   less --version {less:6.2f} s   (≤ {BAR})")
        for name, (command, area) in PEERS.items():
            found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
            if found is None:
                print(f"{name:19} not installed")
                continue
            words = [word.format(address=first) for word in [found, *command[1:]]]
            taken = seconds(near(words), runs)
            print(f"{name:19} {taken:6.2f} s   {taken / ours[area]:.1f} × probe {area}")


def _sees(command: Sequence[str], area: str) -> None:
    """The figures count only for a probe that saw what is there."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    values = {obs["kind"]: obs.get("value") for obs in json.loads(done.stdout)["observations"]}
    if area == "dns":
        whole = values["dnssec.chain"]["status"] == "secure" and len(values["dns.zone"]["nameservers"]) == 2
    else:
        offered = [host["offered"] for host in values["mail.starttls"]["hosts"]]
        whole = values["mail.spf"]["status"] == "valid" and offered == [True]
    if not whole:
        sys.exit(f"probe {area} did not see everything: {values}")


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
