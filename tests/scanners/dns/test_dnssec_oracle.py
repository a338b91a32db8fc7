"""Our chain of trust against delv's (BIND), on the same zones at the machine's present."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import dnssec
from scanners.observe import observe
from tests.support.dns_lab import ask, lab_consent, lab_context, seen
from tests.support.dns_server import DnsServer
from tests.support.signed_zones import Signer, named, spoil
from tests.support.tools import require_tool

WEB = "@ A 127.0.0.2\nwww A 127.0.0.2\n"
PRESENT = datetime.now(UTC)


def stamp(days: int) -> str:
    return (PRESENT + timedelta(days=days)).strftime("%Y%m%d%H%M%S")


NOW_GOOD = (stamp(-10), stamp(30))
NOW_EXPIRED = (stamp(-30), stamp(-1))
NOW_FUTURE = (stamp(5), stamp(30))


@dataclass(frozen=True)
class World:
    endpoint: tuple[str, int]
    folder: Path

    def delv(self, name: str) -> str:
        """What delv says of a name's address: secure, insecure or bogus."""
        command = [require_tool("delv"), "@127.0.0.1", "-p", str(self.endpoint[1]), "-4", "-a"]
        command += [str(self.folder / "delv.keys"), "+root=.", name, "A"]
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
        text = said.stdout + said.stderr
        if "; fully validated" in text or "; negative response, fully validated" in text:
            return "secure"
        return "insecure" if "unsigned answer" in text else "bogus"

    def ours(self, name: str) -> str:
        server = DnsServer(address=self.endpoint[0], port=self.endpoint[1])
        consent = lab_consent(until=PRESENT + timedelta(days=1))
        context = lab_context(server, trust_anchor=self.folder / "anchor", at=PRESENT, consent=consent)
        return _status(context, name)


def _status(context: Context, name: str) -> str:
    return seen(
        ask(context, lambda c: observe(c, "dnssec.chain", Target(name=name), dnssec.look(c, name)))
    ).status


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("oracle")
    signer = Signer(folder=folder)
    zones = {
        "good.jp": signer.signed("good.jp", WEB, times=NOW_GOOD),
        "good3.jp": signer.signed("good3.jp", WEB, times=NOW_GOOD, options=("-3", "-", "-H", "0")),
        "expired.jp": signer.signed("expired.jp", WEB, times=NOW_EXPIRED),
        "future.jp": signer.signed("future.jp", WEB, times=NOW_FUTURE),
        "forged.jp": spoil(
            signer.signed("forged.jp", WEB, times=NOW_GOOD),
            lambda lines: [line.replace("127.0.0.2", "127.0.0.66") for line in lines],
        ),
        "island.jp": signer.signed("island.jp", WEB, times=NOW_GOOD),
        "wrongds.jp": signer.signed("wrongds.jp", WEB, times=NOW_GOOD),
    }
    signers = "".join(signer.ds(name) for name in zones if name not in {"island.jp", "wrongds.jp"})
    signers += f"wrongds.jp. DS 12345 13 2 {'ab' * 32}\n"
    names = [*zones, "unsigned.jp"]
    delegations = "".join(f"{name}. NS ns.{name}.\nns.{name}. A 127.0.0.1\n" for name in names)
    zones["unsigned.jp"] = signer.plain("unsigned.jp", WEB)
    zones["jp"] = signer.signed("jp", delegations + signers, times=NOW_GOOD)
    root = "jp. NS ns.jp.\nns.jp. A 127.0.0.1\n" + signer.ds("jp")
    zones[""] = signer.signed("", root, times=NOW_GOOD)
    (folder / "anchor").write_text(signer.ds(""), encoding="utf-8")
    tag, algorithm, kind, *digest = signer.ds("").splitlines()[0].partition("DS")[2].split()
    keys = f'trust-anchors {{ . static-ds {tag} {algorithm} {kind} "{"".join(digest)}"; }};\n'
    (folder / "delv.keys").write_text(keys, encoding="utf-8")
    with named(folder, zones) as endpoint:
        yield World(endpoint, folder)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("good.jp", "secure"),
        ("www.good3.jp", "secure"),
        ("nothing.good.jp", "secure"),
        ("nothing.good3.jp", "secure"),
        ("unsigned.jp", "insecure"),
        ("island.jp", "insecure"),
        ("expired.jp", "bogus"),
        ("future.jp", "bogus"),
        ("forged.jp", "bogus"),
        ("wrongds.jp", "bogus"),
    ],
)
def test_we_agree(world: World, name: str, status: str) -> None:
    assert (world.ours(name), world.delv(name)) == (status, status)
