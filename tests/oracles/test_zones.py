"""Zonemaster and DNSViz on the same zones as our DNS checks: where we agree, and why where we do not.

Debian 12 has Zonemaster's engine 4.6.2 and DNSViz 0.9.4. Every complaint of Zonemaster's from NOTICE on
in the short-listed cases is met by a failed check of ours, but for DIFFERENCES.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from posture.checks.registry import all_checks
from tests.oracles.zones import ZONES, lay
from tests.support.oracle_world import CHAINS
from tests.support.tools import require_tool

ROOT = Path(__file__).parents[2]

#: The 26 cases that `peers.md` (b)3 short-lists, and what of ours asks the same.
OURS: Mapping[str, tuple[str, ...]] = {
    "ADDRESS01": ("dns/name_servers_public",),
    "BASIC01": ("dns/name_servers_answer",),  # a zone that does not exist is unseen (no-data): all is unknown
    "BASIC02": ("dns/name_servers_answer",),
    "CONNECTIVITY01": ("dns/name_servers_answer",),
    "CONNECTIVITY02": ("dns/name_servers_answer",),
    "CONNECTIVITY03": ("dns/name_servers_diverse",),  # by prefix: no table of autonomous systems is shipped
    "CONNECTIVITY04": ("dns/name_servers_diverse",),
    "CONSISTENCY01": ("dns/name_servers_consistent",),
    "CONSISTENCY04": ("dns/name_servers_consistent",),
    "CONSISTENCY05": ("dns/glue_correct", "dns/name_servers_consistent"),
    "DELEGATION01": ("dns/name_servers_redundant",),
    "DELEGATION02": ("dns/name_servers_redundant",),
    "DELEGATION04": ("dns/name_servers_answer",),
    "DELEGATION05": ("dns/name_servers_no_alias", "dns/name_servers_answer"),
    "NAMESERVER01": ("dns/no_open_recursion",),
    "NAMESERVER03": ("dns/zone_transfer_refused",),
    "NAMESERVER06": ("dns/name_servers_answer",),
    "NAMESERVER15": ("dns/software_version_hidden",),
    "ZONE05": ("dns/soa_timers_sensible",),
    "ZONE08": ("mail/exchangers_resolve",),
    "ZONE09": ("mail/exchangers_resolve", "dns/name_servers_consistent"),
    "ZONE11": ("mail/spf", "dns/name_servers_consistent"),
    "DNSSEC02": ("dns/dnssec_valid",),
    "DNSSEC05": ("dns/dnssec_strong",),
    "DNSSEC07": ("dns/dnssec_valid",),
    "DNSSEC09": ("dns/dnssec_valid",),
}

#: What the laboratory itself shows, on every zone that has no other word there.
LABORATORY = {
    "ADDRESS01 NAMESERVER_IP_PRIVATE_NETWORK",  # loopback; the consent's networks hold it (RFC 6890)
    "DELEGATION01 NO_IPV6_NS_CHILD",  # IPv6 is no duty of a zone's: RFC 3901 §3 asks for IPv4
    "DELEGATION01 NO_IPV6_NS_DEL",
    "DNSSEC05 NO_RESPONSE_DNSKEY",  # an unsigned zone has no DNSKEY: RFC 4035 §2.1 asks it of signed ones
    "DNSSEC07 NEITHER_DNSKEY_NOR_DS",  # the same as our `unsigned`
    "UNSPECIFIED UNKNOWN_METHOD",  # this engine has no ZONE11 yet
}
#: One network is the laboratory's; CAA and DNSSEC are asked by none of the short-listed cases.
OWN_LABORATORY = {
    "dns/caa unrestricted",
    "dns/dnssec_valid unsigned",
    "dns/name_servers_diverse one_network",
}

#: By zone: what fails at ours, and what Zonemaster says.
EXPECTED: Mapping[str, tuple[set[str], set[str]]] = {
    "good": (set(), set()),
    "aliases": (set(), set()),
    "nomail": (set(), set()),
    "single": (
        {"dns/name_servers_redundant single_name"},
        {
            "DELEGATION01 NOT_ENOUGH_IPV4_NS_CHILD",
            "DELEGATION01 NOT_ENOUGH_IPV4_NS_DEL",
            "DELEGATION01 NOT_ENOUGH_NS_CHILD",
            "DELEGATION01 NOT_ENOUGH_NS_DEL",
        },
    ),
    "lame": (
        {"dns/name_servers_answer lame"},
        {
            "BASIC02 NS_FAILED",
            "CONNECTIVITY01 CN01_UNEXPECTED_RCODE_NS_QUERY_UDP",
            "CONNECTIVITY01 CN01_UNEXPECTED_RCODE_SOA_QUERY_UDP",
            "CONNECTIVITY02 CN02_UNEXPECTED_RCODE_NS_QUERY_TCP",
            "CONNECTIVITY02 CN02_UNEXPECTED_RCODE_SOA_QUERY_TCP",
            "DELEGATION04 IS_NOT_AUTHORITATIVE",
            "DELEGATION05 UNEXPECTED_RCODE",
        },
    ),
    "serials": (
        {"dns/name_servers_consistent serials_differ"},
        {"CONSISTENCY01 MULTIPLE_SOA_SERIALS", "CONSISTENCY01 SOA_SERIAL_VARIATION"},
    ),
    "transfer": ({"dns/zone_transfer_refused allowed"}, {"NAMESERVER03 AXFR_AVAILABLE"}),
    "alias": ({"dns/name_servers_no_alias alias"}, {"DELEGATION05 NS_IS_CNAME"}),
    "expire": ({"dns/soa_timers_sensible expires_soon"}, {"ZONE05 EXPIRE_MINIMUM_VALUE_LOWER"}),
    "nullmx": ({"mail/exchangers_resolve contradiction"}, {"ZONE09 Z09_NULL_MX_WITH_OTHER_MX"}),
    "mxalias": ({"mail/exchangers_resolve alias"}, set()),
    "mxdiffer": ({"dns/name_servers_consistent mx_differ"}, {"ZONE09 Z09_INCONSISTENT_MX_DATA"}),
    "spfdiffer": ({"dns/name_servers_consistent spf_differ"}, set()),
    "spftwo": ({"mail/spf broken"}, set()),
    "glue": (
        {"dns/glue_correct wrong"},
        {"CONSISTENCY05 EXTRA_ADDRESS_CHILD", "CONSISTENCY05 IN_BAILIWICK_ADDR_MISMATCH"},
    ),
    "nsets": (
        {"dns/name_servers_consistent parent_differs"},
        {
            "CONSISTENCY05 EXTRA_ADDRESS_CHILD",
            "DELEGATION02 CHILD_NS_SAME_IP",
            "DELEGATION02 SAME_IP_ADDRESS",
        },
    ),
    "signed": (set(), set()),
    "island": ({"dns/dnssec_valid no_ds"}, {"DNSSEC07 DNSKEY_BUT_NOT_DS"}),
    "wrongds": (
        {"dns/dnssec_valid ds_mismatch"},
        {"DNSSEC02 DS02_NO_DNSKEY_FOR_DS", "DNSSEC02 DS02_NO_VALID_DNSKEY_FOR_ANY_DS"},
    ),
    "expired": (
        {"dns/dnssec_renewed late", "dns/dnssec_valid bogus"},
        {
            "DNSSEC02 DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS",
            "DNSSEC02 DS02_NO_MATCHING_DNSKEY_RRSIG",
            "DNSSEC02 DS02_RRSIG_NOT_VALID_BY_DNSKEY",
            "DNSSEC09 DS09_SOA_RRSIG_EXPIRED",
        },
    ),
    "dsonly": ({"dns/dnssec_valid ds_without_keys"}, {"DNSSEC07 DS_BUT_NOT_DNSKEY"}),
}

#: Complaints of one side alone, each with the text that decides.
DIFFERENCES: Mapping[tuple[str, str], str] = {
    ("nsets", "DELEGATION02"): "RFC 1034 §4.1 wants redundancy: two names of the set do have two addresses",
    (
        "mxalias",
        "mail/exchangers_resolve",
    ): "RFC 2181 §10.3: an MX names no alias; engine 4.6.2 is silent",
    (
        "spfdiffer",
        "dns/name_servers_consistent",
    ): "RFC 1034 §4.2.2: servers hold one zone; ZONE11 is missing",
    ("spftwo", "mail/spf"): "RFC 7208 §4.5: two records are a permerror; ZONE11 is missing in this engine",
    (
        "expired",
        "dns/dnssec_renewed",
    ): "RFC 6781 §4.4.2 asks for re-signing in time; no case does",
}


@pytest.fixture(scope="module")
def world() -> Iterator[dict[str, Any]]:
    for tool in ("zonemaster-cli", "dnsviz", "named", "unshare", "ip"):
        require_tool(tool)
    with tempfile.TemporaryDirectory(prefix="posture-oracle-") as name:
        folder = Path(name)
        anchor = lay(folder)
        alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
        command = [*alone, sys.executable, "-m", "tests.support.oracle_world", name, str(anchor)]
        domains = [f"{label}.jp" for label in ZONES]
        done = subprocess.run([*command, *domains], cwd=ROOT, capture_output=True, text=True, timeout=240)  # noqa: PLW1510 - its words are shown below
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(done.stdout)


def test_every_short_listed_case_has_a_check_of_ours() -> None:
    assert len(OURS) == 26
    assert {name for names in OURS.values() for name in names} <= {c.card.check for c in all_checks()}
    assert EXPECTED.keys() == ZONES.keys()


@pytest.mark.timeout(300)
def test_all_say_what_is_expected(world: dict[str, Any]) -> None:
    """One test, so that workers side by side do not build the world twice."""
    found = {label: world[f"{label}.jp"] for label in ZONES}
    assert {label: one["faults"] for label, one in found.items() if one["faults"]} == {}
    assert {
        label: (set(one["failed"]) - OWN_LABORATORY, set(one["zonemaster"]) - LABORATORY)
        for label, one in found.items()
    } == EXPECTED
    chains = {label: found[label] for label in CHAINS}
    assert {label: one["status"] for label, one in chains.items()} == {
        label: one["dnsviz"] for label, one in chains.items()
    }


@pytest.mark.parametrize("label", EXPECTED)
def test_a_complaint_of_one_is_a_complaint_of_the_other(label: str) -> None:
    own, theirs = EXPECTED[label]
    failed = {line.split()[0] for line in own}
    cases = {line.split()[0] for line in theirs}
    alone = {case for case in cases if not failed & set(OURS[case])}
    alone |= {check for check in failed if not any(check in OURS[case] for case in cases)}
    assert alone == {what for zone, what in DIFFERENCES if zone == label}
