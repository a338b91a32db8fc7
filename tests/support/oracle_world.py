"""Runs inside a network namespace of its own (`unshare --net`): name servers, our scan, and the peers.

    python -m tests.support.oracle_world FOLDER ANCHOR DOMAIN...

FOLDER holds a folder with a named.conf for each of SERVERS, and root hints. Printed is one
JSON document: by domain the failed messages of our DNS checks, Zonemaster's complaints, DNSViz's status.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from posture.checks.registry import Check, area_checks
from posture.checks.runner import judge
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.findings import Outcome, Owner
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from scanners import dns, mail
from scanners.context import Context
from tests.support.dns_lab import lab_consent, lab_context
from tests.support.dns_server import DnsServer

#: Two name servers, the one of `jp` and the root, and a resolver that follows the delegations.
SERVERS = {"a": "127.0.0.1", "b": "127.0.0.2", "p": "127.0.0.3", "r": "127.0.0.4"}
#: The cases of Zonemaster that field reading short-lists, less those about what is outside a laboratory.
CASES = [
    "address01",
    "basic01",
    "basic02",
    "connectivity01",
    "connectivity02",
    "connectivity04",
    "consistency01",
    "consistency04",
    "consistency05",
    "delegation01",
    "delegation02",
    "delegation04",
    "delegation05",
    "nameserver01",
    "nameserver03",
    "nameserver06",
    "nameserver15",
    "zone05",
    "zone08",
    "zone09",
    "zone11",
    "dnssec02",
    "dnssec05",
    "dnssec07",
    "dnssec09",
]
LOUD = {"NOTICE", "WARNING", "ERROR", "CRITICAL"}


#: Zones whose chain of trust DNSViz is asked about; it takes long.
CHAINS = {"good", "signed", "island", "wrongds", "expired", "dsonly"}


def _about_zones(check: Check) -> bool:
    return check.card.area == "dns" or check.card.check in {"mail/exchangers_resolve", "mail/spf"}


async def _scan(context: Context, domain: str) -> list[Observation[Any]]:
    return [*await dns.scan(context, domain), *await mail.scan(context, domain)]


def ours(domain: str, anchor: Path) -> dict[str, Any]:
    """Failed messages by check, and the chain's status."""
    now = datetime.now(UTC)
    consent = lab_consent(domains=(domain,), until=now.replace(year=now.year + 1))
    server = DnsServer(address=SERVERS["r"], port=53)
    context = lab_context(server, at=now, consent=consent, trust_anchor=anchor)
    found = asyncio.run(_scan(context, domain))
    checks = [check for check in (*area_checks("dns"), *area_checks("mail")) if _about_zones(check)]
    judged = judge(found, subject=Target(name=domain), owner_of=lambda _: Owner.SELF, checks=checks)
    chains = [
        obs.result.value for obs in found if obs.kind == DnssecChain.KIND and isinstance(obs.result, Seen)
    ]
    failed = [f"{f.check} {f.message}" for f in judged.findings if f.outcome is Outcome.FAIL]
    faults = [*context.faults, *judged.faults]
    return {"failed": sorted(set(failed)), "status": chains[0].status, "faults": faults}


def zonemaster(domain: str, folder: Path) -> list[str]:
    """Its complaints, each as case and tag."""
    command = ["zonemaster-cli", "--no-progress", "--no-ipv6", "--json", "--level", "NOTICE"]
    command += ["--hints", str(folder / "hints")]
    command += [word for case in CASES for word in ("--test", f"{case.rstrip('0123456789')}/{case}")]
    said = subprocess.run([*command, domain], check=True, capture_output=True, text=True, timeout=100)
    found = [entry for entry in json.loads(said.stdout) if entry["level"] in LOUD]
    return sorted({f"{entry['testcase']} {entry['tag']}" for entry in found})


def dnsviz(domain: str, anchor: Path) -> str:
    """The status of the delegation, or of the zone's own data where that is worse."""
    probe = ["dnsviz", "probe", "-4", "-s", SERVERS["r"], domain]
    told = subprocess.run(probe, check=True, capture_output=True, timeout=100).stdout
    grok = ["dnsviz", "grok", "-t", str(anchor)]
    said = subprocess.run(grok, input=told, check=False, capture_output=True, timeout=100).stdout
    zone = json.loads(said)[f"{domain}."]
    answers = [answer for query in zone["queries"].values() for answer in query.get("answer", [])]
    signatures = {signature["status"] for answer in answers for signature in answer.get("rrsig", [])}
    status = str(zone.get("delegation", {}).get("status", "none")).lower()
    return "bogus" if signatures - {"VALID"} else status


def main(folder: Path, anchor: Path, domains: Sequence[str]) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in list(SERVERS.values())[1:]:
        subprocess.run(["ip", "addr", "add", f"{address}/8", "dev", "lo"], check=True)
    named = shutil.which("named") or "/usr/sbin/named"
    running = [subprocess.Popen([named, "-f", "-c", str(folder / name / "named.conf")]) for name in SERVERS]
    try:
        time.sleep(1.5)
        with ThreadPoolExecutor(4) as pool:
            peers = pool.map(lambda d: zonemaster(d, folder), domains)
            views = pool.map(lambda d: dnsviz(d, anchor) if d.split(".")[0] in CHAINS else None, domains)
            own = pool.map(lambda d: ours(d, anchor), domains)
            rows = list(zip(domains, own, peers, views, strict=True))
    finally:
        for process in running:
            process.terminate()
            process.wait(10)
    sys.stdout.write(json.dumps({d: o | {"zonemaster": z, "dnsviz": v} for d, o, z, v in rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
