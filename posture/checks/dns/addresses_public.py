"""`dns/addresses_public`: what the domain's names lead to can be reached from the Internet."""

from collections.abc import Iterator

from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown
from posture.core.targets import inward


def judge(fact: DnsAddresses) -> Iterator[Verdict]:
    """Half an answer can show a private address, but not that there is none."""
    private = inward(fact.all, ()) if fact.inward is None else fact.inward
    if private and fact.inward is None:
        yield unknown("unseen", path="inward")
    elif private:
        yield failed("private", name=fact.name, addresses=private)
    elif fact.ipv4 is None or fact.ipv6 is None:
        yield unknown("unseen", path="ipv4" if fact.ipv4 is None else "ipv6")
    elif not fact.all:
        yield not_applicable("no_address", name=fact.name)
    else:
        yield passed("public", count=len(fact.all))
