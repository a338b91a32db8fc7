"""`web/remote_access_gateway`: no login page of a VPN or firewall appliance answers at this address."""

from collections.abc import Iterator

from posture.checks.fingerprints import about, none_found, recognised
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Verdict, failed


def judge(fact: WebResponse) -> Iterator[Verdict]:
    """Products with an outstanding record of claims are told apart (class A of the table)."""
    found = recognised(fact, "vpn")
    for entry in found:
        if entry.claims == "A":
            yield about(entry, failed("often_in_claims", product=entry.product))
        else:
            yield about(entry, failed("reachable", product=entry.product))
    if not found:
        yield from none_found(fact)
