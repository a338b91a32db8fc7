"""Whole sweeps of many hosts over a link of 50 ms: one host a run of nmap, and many (`make bench-sweep`).

Both work as hard: two lanes of 1,000 probes a second, the most that the hosts of an applicant bear together.
No host gets more than its 1,000 in either. Every host listens on 80 and 443; its other ports refuse, or are
dropped on the way (`filtered`). Needs root for the link (tls_link.py).
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tls_link import Link, link

RATE = 1000
LANES = 2
PORTS = (80, 443)
LISTEN = f"""
import socket, time
kept = []
for port in {PORTS}:
    kept.append(socket.create_server(("0.0.0.0", port), backlog=512))
print("ready", flush=True)
time.sleep(3600)
"""


def nmap(way: Link, hosts: Sequence[str]) -> None:
    """A sweep as scanners/net/sweeper.py tells it."""
    pace = ["--min-rate", str(RATE), "--max-rate", str(RATE), "--max-retries", "2"]
    command = ["nmap", "-n", "-Pn", "-sS", "-oX", "-", "--reason", *pace, "--top-ports", "1200", *hosts]
    found = subprocess.run(way.near(command), check=True, capture_output=True).stdout
    opened = found.count(b'<state state="open"')
    if opened != len(hosts) * len(PORTS):
        raise SystemExit(f"{opened} open ports were seen of {len(hosts) * len(PORTS)}")


def lanes(way: Link, runs: Sequence[Sequence[Sequence[str]]]) -> float:
    """Seconds for the runs of every lane, one after the other in each."""

    def work(lane: Sequence[Sequence[str]]) -> None:
        for hosts in lane:
            nmap(way, hosts)

    begin = time.monotonic()
    threads = [threading.Thread(target=work, args=(lane,)) for lane in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin


def measure(way: Link, hosts: Sequence[str], runs: int) -> None:
    each = [[[host] for host in hosts[lane::LANES]] for lane in range(LANES)]
    many = [[hosts[lane::LANES]] for lane in range(LANES)]
    for name, shape in (("one host a run", each), ("many hosts a run", many)):
        taken = [lanes(way, shape) for _ in range(runs)]
        print(f"  {name:18} {statistics.median(taken):6.2f} s  [{', '.join(f'{t:.2f}' for t in taken)}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rtt", type=float, default=50.0, help="round trip in milliseconds")
    options = parser.parse_args()
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise SystemExit("The benchmark makes network namespaces and a TUN pair: run it as root.")
    hosts = [f"10.77.2.{number}" for number in range(1, options.hosts + 1)]
    print(f"{options.hosts} hosts, 1,200 ports each, link of {options.rtt:g} ms, {os.cpu_count()} cores")
    for kind, only in (("closed", None), ("filtered", dict.fromkeys(hosts, PORTS))):
        with link(options.rtt, only=only) as way:
            for host in hosts:
                subprocess.run(way.far(["ip", "addr", "add", f"{host}/32", "dev", "wan0"]), check=True)
            server = subprocess.Popen(way.far([sys.executable, "-c", LISTEN]), stdout=subprocess.PIPE)
            try:
                if server.stdout is None or server.stdout.readline() != b"ready\n":
                    raise SystemExit("the hosts' listener did not start")
                print(kind)
                measure(way, hosts, options.runs)
            finally:
                server.terminate()
                server.wait(10)


if __name__ == "__main__":
    main()
