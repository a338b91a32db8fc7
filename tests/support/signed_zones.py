"""Zones signed by BIND's own tools, spoiled on purpose, and served by a real named on loopback."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.support.free_ports import free_port
from tests.support.tools import require_tool

#: Signatures hold round the laboratory's present (tests/support/dns_lab.py: 2026-11-23).
GOOD = ("20261101000000", "20261231000000")
EXPIRED = ("20261001000000", "20261120000000")
FUTURE = ("20261201000000", "20261231000000")
SOA = "@ SOA ns hostmaster 1 14400 3600 1209600 300\n@ NS ns\nns A 127.0.0.1\n"

_PLAIN = ("-a", "ECDSAP256SHA256")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Makes zone files in a folder."""

    folder: Path

    def plain(self, zone: str, text: str = "") -> Path:
        path = self.folder / f"{zone or 'root'}.zone"
        path.write_text(f"$TTL 300\n$ORIGIN {zone}.\n{SOA}{text}", encoding="utf-8")
        return path

    def signed(
        self,
        zone: str,
        text: str = "",
        *,
        times: tuple[str, str] = GOOD,
        options: Sequence[str] = (),
        algorithm: Sequence[str] = _PLAIN,
    ) -> Path:
        """A signed zone file; `ds` gives what its parent has to hold."""
        keys = self.folder / f"keys-{zone or 'root'}"
        shutil.rmtree(keys, ignore_errors=True)
        self._make_keys(keys, zone, algorithm)
        return self.resigned(zone, text, times=times, options=options)

    def resigned(
        self, zone: str, text: str = "", *, times: tuple[str, str] = GOOD, options: Sequence[str] = ()
    ) -> Path:
        """The zone with other records, signed with the keys it has."""
        return self.signed_file(zone, self.plain(zone, text), times=times, options=options)

    def signed_file(
        self, zone: str, path: Path, *, times: tuple[str, str] = GOOD, options: Sequence[str] = ()
    ) -> Path:
        """A zone file signed with the zone's keys, which are made if it has none."""
        keys = self.folder / f"keys-{zone or 'root'}"
        if not keys.exists():
            self._make_keys(keys, zone, _PLAIN)
        out = path.with_suffix(".signed")
        window = ["-s", times[0], "-e", times[1], "-d", str(self.folder)]
        files = ["-o", f"{zone}.", "-f", str(out), str(path)]
        self._run("dnssec-signzone", "-q", "-P", "-S", "-K", str(keys), *window, *options, *files)
        return out

    def _make_keys(self, keys: Path, zone: str, algorithm: Sequence[str]) -> None:
        keys.mkdir()
        for flag in (["-f", "KSK"], []):
            self._run("dnssec-keygen", "-q", "-K", str(keys), *algorithm, *flag, f"{zone}.")

    def ds(self, zone: str) -> str:
        """The DS records a signed zone's parent has to hold, with absolute names."""
        return (self.folder / f"dsset-{zone}.").read_text(encoding="utf-8")

    def _run(self, tool: str, *arguments: str) -> None:
        subprocess.run([require_tool(tool), *arguments], check=True, capture_output=True, cwd=self.folder)


def spoil(path: Path, change: Callable[[list[str]], list[str]]) -> Path:
    """Rewrite a signed zone's lines, each one whole record."""
    flat = path.with_suffix(".flat")
    zone = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("$ORIGIN")]
    subprocess.run(
        [
            require_tool("named-compilezone"),
            "-q",
            "-i",
            "none",
            "-k",
            "ignore",
            "-o",
            str(flat),
            _origin(path),
            str(path),
        ],
        check=True,
        capture_output=True,
    )
    flat.write_text(
        "\n".join([*zone, *change(flat.read_text(encoding="utf-8").splitlines())]) + "\n", encoding="utf-8"
    )
    return flat


def _origin(path: Path) -> str:
    return f"{path.stem.removesuffix('.zone')}."


@contextmanager
def named(folder: Path, zones: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """An authoritative named with the zones; yields its address and port."""
    port = free_port()
    config = folder / "named.conf"
    blocks = [f'zone "{name}." {{ type primary; file "{path}"; }};' for name, path in zones.items()]
    options = (
        f'directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; '
        "recursion no; dnssec-validation no; pid-file none; session-keyfile none; "
        "check-names primary ignore; "
        "check-integrity no; allow-transfer { none; }; notify no; zone-statistics no; rate-limit { };"
    )
    text = [f"options {{ {options} }};", "controls { };", "logging { category default { null; }; };", *blocks]
    config.write_text("\n".join(text) + "\n", encoding="utf-8")
    process = subprocess.Popen(
        [require_tool("named"), "-f", "-c", str(config), "-n", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process, next(iter(zones)))
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]", zone: str) -> None:
    query = dns.message.make_query(f"{zone}.", "SOA")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("named did not start")
        with contextlib.suppress(OSError, dns.exception.DNSException):
            if dns.query.udp(query, "127.0.0.1", port=port, timeout=0.3).answer:
                return
        time.sleep(0.05)
    raise RuntimeError("named did not answer")
