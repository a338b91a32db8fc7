"""Zones with one fault each, as two name servers (a, b) serve them; p is the parent's, r a resolver."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.signed_zones import Signer

PRESENT = datetime.now(UTC)
SOA = "@ SOA ns1 h {serial} 14400 3600 {expire} 300\n"
NS = "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.2\n"
MAIL = '@ A 127.0.0.1\n@ MX 10 mx\nmx A 127.0.0.1\n@ TXT "v=spf1 mx -all"\n'
GOOD = SOA.format(serial=1, expire=1209600) + NS + MAIL
BOTH = "{d} NS ns1.{d}\n{d} NS ns2.{d}\nns1.{d} A 127.0.0.1\nns2.{d} A 127.0.0.2\n"


def stamp(days: int) -> str:
    return (PRESENT + timedelta(days=days)).strftime("%Y%m%d%H%M%S")


@dataclass(frozen=True, kw_only=True)
class Zone:
    """What each server has (None: it does not know the zone), and what the parent says."""

    a: str | None = GOOD
    b: str | None = GOOD
    parent: str = BOTH
    options: str = ""
    signed: tuple[int, int] | None = None
    ds: str | None = None


ZONES = {
    "good": Zone(),
    "single": Zone(
        a=GOOD.replace("@ NS ns2\n", ""),
        b=GOOD.replace("@ NS ns2\n", ""),
        parent="{d} NS ns1.{d}\nns1.{d} A 127.0.0.1\n",
    ),
    "lame": Zone(b=None),
    "serials": Zone(b=GOOD.replace("SOA ns1 h 1 ", "SOA ns1 h 7 ")),
    "transfer": Zone(options="allow-transfer { any; };"),
    "alias": Zone(
        a=GOOD.replace("@ NS ns2\n", "@ NS nsx.aliases.jp.\n"),
        b=GOOD.replace("@ NS ns2\n", "@ NS nsx.aliases.jp.\n"),
        parent="{d} NS ns1.{d}\n{d} NS nsx.aliases\nns1.{d} A 127.0.0.1\n",
    ),
    "aliases": Zone(a=GOOD + "nsx CNAME ns2\n", b=GOOD + "nsx CNAME ns2\n"),
    "mxalias": Zone(
        a=GOOD.replace("10 mx", "10 nsx.aliases.jp."), b=GOOD.replace("10 mx", "10 nsx.aliases.jp.")
    ),
    "spftwo": Zone(a=GOOD + '@ TXT "v=spf1 -all"\n', b=GOOD + '@ TXT "v=spf1 -all"\n'),
    "nomail": Zone(
        a=GOOD.replace("@ MX 10 mx\n", "@ MX 0 .\n"), b=GOOD.replace("@ MX 10 mx\n", "@ MX 0 .\n")
    ),
    "expire": Zone(a=GOOD.replace("1209600", "86400"), b=GOOD.replace("1209600", "86400")),
    "nullmx": Zone(a=GOOD + "@ MX 0 .\n", b=GOOD + "@ MX 0 .\n"),
    "mxdiffer": Zone(b=GOOD.replace("@ MX 10 mx\n", "@ MX 20 ns1\n")),
    "spfdiffer": Zone(b=GOOD.replace("-all", "~all")),
    "glue": Zone(parent=BOTH.replace("ns2.{d} A 127.0.0.2", "ns2.{d} A 127.0.0.9")),
    "nsets": Zone(a=GOOD + "@ NS ns3\nns3 A 127.0.0.2\n", b=GOOD + "@ NS ns3\nns3 A 127.0.0.2\n"),
    "signed": Zone(signed=(-10, 30), ds="own"),
    "island": Zone(signed=(-10, 30)),
    "wrongds": Zone(signed=(-10, 30), ds=f"12345 13 2 {'ab' * 32}"),
    "expired": Zone(signed=(-30, -1), ds="own"),
    "dsonly": Zone(ds=f"12345 13 2 {'ab' * 32}"),
}


def lay(folder: Path) -> Path:
    """Write everything for both servers; returns the file with the root's DS."""
    signer = Signer(folder=folder)
    for name in ("a", "b", "p", "r"):
        (folder / name).mkdir()
    blocks: dict[str, list[str]] = {"a": [], "b": []}
    parent = SOA.format(serial=1, expire=1209600).replace("ns1 h", "ns h") + "@ NS ns\nns A 127.0.0.3\n"
    for label, zone in ZONES.items():
        parent += zone.parent.format(d=label) + _write(folder, signer, label, zone, blocks)
    (folder / "jp.zone").write_text(f"$TTL 300\n$ORIGIN jp.\n{parent}", encoding="utf-8")
    times = (stamp(-10), stamp(30))
    above = signer.signed_file("jp", folder / "jp.zone", times=times)
    top = "@ SOA ns.jp. h.jp. 1 14400 3600 1209600 300\n@ NS ns.jp.\njp. NS ns.jp.\nns.jp. A 127.0.0.3\n"
    top += signer.ds("jp")
    (folder / "root.zone").write_text(f"$TTL 300\n$ORIGIN .\n{top}", encoding="utf-8")
    root = signer.signed_file("", folder / "root.zone", times=times)
    hints = ". 3600 NS ns.jp.\nns.jp. 3600 A 127.0.0.3\n"
    (folder / "hints").write_text(hints, encoding="utf-8")
    _configure(folder / "a", "127.0.0.1", blocks["a"])
    _configure(folder / "b", "127.0.0.2", blocks["b"])
    _configure(folder / "p", "127.0.0.3", [_block("jp", above), _block("", root)])
    resolving = [f'zone "." {{ type hint; file "{folder / "hints"}"; }};']
    _configure(folder / "r", "127.0.0.4", resolving, recursion="yes")
    anchor = folder / "anchor"
    anchor.write_text(signer.ds(""), encoding="utf-8")
    return anchor


def _write(folder: Path, signer: Signer, label: str, zone: Zone, blocks: dict[str, list[str]]) -> str:
    """One zone on both servers; returns the DS records for its parent."""
    name = f"{label}.jp"
    for server, text in (("a", zone.a), ("b", zone.b)):
        if text is None:
            continue
        path = folder / server / f"{label}.zone"
        path.write_text(f"$TTL 300\n$ORIGIN {name}.\n{text}", encoding="utf-8")
        if zone.signed is not None and server == "a":
            begin, end = map(stamp, zone.signed)
            path = signer.signed_file(name, path, times=(begin, end))
        elif zone.signed is not None:
            path = folder / "a" / f"{label}.signed"
        blocks[server].append(_block(name, path, zone.options))
    if zone.ds is None:
        return ""
    return signer.ds(name) if zone.ds == "own" else f"{label} DS {zone.ds}\n"


def _block(name: str, path: Path, options: str = "") -> str:
    return f'zone "{name}." {{ type primary; file "{path}"; {options} }};'


def _configure(folder: Path, address: str, blocks: list[str], *, recursion: str = "no") -> None:
    head = (
        f'options {{ directory "{folder}"; listen-on port 53 {{ {address}; }}; listen-on-v6 {{ none; }}; '
        f"recursion {recursion}; dnssec-validation no; pid-file none; session-keyfile none; "
        "allow-transfer { none; }; version none; };\ncontrols { };\n"
    )
    (folder / "named.conf").write_text(head + "\n".join(blocks), encoding="utf-8")
