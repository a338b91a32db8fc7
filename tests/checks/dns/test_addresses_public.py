"""Public names at private addresses: said, but for those in the consent's networks."""

from dataclasses import replace

import pytest

from posture.checks.dns import addresses_public
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

PLACE = DnsAddresses(name="www.example.jp", exists=True, ipv4=("8.8.8.8",), ipv6=("2606::1",), inward=())
INSIDE = failed("private", name=PLACE.name, addresses=("10.0.0.1",))


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (PLACE, [passed("public", count=2)]),
        (replace(PLACE, ipv4=("10.0.0.1",), inward=("10.0.0.1",)), [INSIDE]),
        (replace(PLACE, ipv4=("10.0.0.1",), ipv6=None, inward=("10.0.0.1",)), [INSIDE]),
        (replace(PLACE, ipv4=("10.0.0.1",)), [passed("public", count=2)]),  # in the consent's networks
        (replace(PLACE, ipv6=None), [unknown("unseen", path="ipv6")]),
        (replace(PLACE, ipv4=None), [unknown("unseen", path="ipv4")]),
        (replace(PLACE, inward=None), [passed("public", count=2)]),
        (replace(PLACE, inward=None, ipv4=("10.0.0.1",)), [unknown("unseen", path="inward")]),
        (replace(PLACE, ipv4=(), ipv6=()), [not_applicable("no_address", name=PLACE.name)]),
    ],
)
def test_addresses_public(fact: DnsAddresses, verdicts: list[Verdict]) -> None:
    assert list(addresses_public.judge(fact)) == verdicts
