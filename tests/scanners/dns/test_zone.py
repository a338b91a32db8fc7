"""`dns.zone`: every name server asked directly, and silence told apart from refusal."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from posture.core.facts.dns_zone import DnsZone, NameServer
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import zone
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_consent, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer

ZONE = """
@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.2
"""
GOOD = NameServer(
    name="ns1.example.jp",
    address="127.0.0.1",
    udp=True,
    tcp=True,
    authoritative=True,
    serial=2026110101,
    recursion=False,
    transfer=False,
    version=None,
    ns=("ns1.example.jp", "ns2.example.jp"),
    mx=(),
    spf=(),
)
SECOND = replace(GOOD, name="ns2.example.jp", address="127.0.0.2")


@dataclass
class Lab:
    resolver: DnsServer
    ns1: DnsServer
    ns2: DnsServer

    @property
    def context(self) -> Context:
        return self.within(10.0)

    def within(self, seconds: float) -> Context:
        routes = [f"ns{i}.example.jp:53={s.address}:{s.port}" for i, s in ((1, self.ns1), (2, self.ns2))]
        return lab_context(self.resolver, routes=routes, timeout=seconds)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with ExitStack() as stack:
        servers = [DnsServer(recursive=True), DnsServer(), DnsServer(address="127.0.0.2")]
        for server in servers:
            stack.enter_context(server)
            server.zone("example.jp", ZONE)
        yield Lab(*servers)


def look(context: Context, domain: str = "example.jp") -> Observation[DnsZone]:
    return ask(context, lambda c: observe(c, "dns.zone", Target(name=domain), zone.look(c, domain)))


def test_a_healthy_zone(lab: Lab) -> None:
    observation = look(lab.context)
    fact = seen(observation)
    assert fact.zone == "example.jp"
    assert fact.nameservers == (GOOD, SECOND)
    assert fact.child_ns == ("ns1.example.jp", "ns2.example.jp")
    assert (fact.ns_without_address, fact.ns_aliases) == ((), ())
    assert fact.soa is not None
    assert (fact.soa.mname, fact.soa.serial, fact.soa.minimum) == ("ns1.example.jp", 2026110101, 300)
    assert (fact.parent_ns, fact.wrong_glue) == (None, None)
    assert gaps(observation) == {"parent_ns": "no-data", "wrong_glue": "no-data"}


def test_each_fault_is_seen_on_the_server_that_has_it(lab: Lab) -> None:
    lab.ns2.zone("example.jp", ZONE, soa="@ SOA ns1 hostmaster 7 14400 3600 1209600 300")
    lab.ns2.recursive = True
    lab.ns2.transfer = True
    lab.ns2.version = "9.4.2"
    lab.ns2.zone("root-servers.net", "a A 198.41.0.4")
    first, second = seen(look(lab.context)).nameservers
    assert first == GOOD
    assert (second.recursion, second.transfer, second.version) == (True, True, "9.4.2")
    assert second.authoritative is False  # a resolver answers without authority
    assert second.serial is None


def test_serials_may_differ(lab: Lab) -> None:
    lab.ns2.zone("example.jp", ZONE, soa="@ SOA ns1 hostmaster 7 14400 3600 1209600 300")
    assert [server.serial for server in seen(look(lab.context)).nameservers] == [2026110101, 7]


def test_a_silent_server_is_down_when_another_answers(lab: Lab) -> None:
    lab.ns2.behave(misbehave.SILENT)
    observation = look(lab.within(2.0))
    first, second = seen(observation).nameservers
    assert first == GOOD
    assert (second.udp, second.tcp) == (False, False)
    assert (second.authoritative, second.serial, second.transfer, second.recursion) == (None,) * 4
    assert gaps(observation)["nameservers.1.transfer"] == "timeout"


def test_silence_of_all_servers_tells_nothing(lab: Lab) -> None:
    lab.ns1.behave(misbehave.SILENT)
    lab.ns2.behave(misbehave.SILENT)
    observation = look(lab.within(2.0))
    assert [(server.udp, server.tcp) for server in seen(observation).nameservers] == [(None, None)] * 2
    assert gaps(observation)["nameservers.0.udp"] == "timeout"


def test_garbage_tells_nothing(lab: Lab) -> None:
    lab.ns1.behave(misbehave.GARBAGE)
    lab.ns2.behave(misbehave.GARBAGE)
    observation = look(lab.within(2.0))
    assert {server.udp for server in seen(observation).nameservers} == {None}
    assert gaps(observation)["nameservers.0.udp"] == "protocol-garbage"


def test_a_server_without_tcp(lab: Lab) -> None:
    lab.ns2.behave(misbehave.NO_TCP)
    observation = look(lab.context)
    second = seen(observation).nameservers[1]
    assert (second.udp, second.tcp, second.authoritative) == (True, False, True)
    assert second.transfer is None
    assert gaps(observation)["nameservers.1.transfer"] == "reset"


def test_hanging_up_on_a_transfer_is_a_refusal(lab: Lab) -> None:
    lab.ns2.behave(misbehave.NO_TCP, rdtype="AXFR")
    second = seen(look(lab.context)).nameservers[1]
    assert (second.tcp, second.transfer) == (True, False)


def test_a_lame_server(lab: Lab) -> None:
    lab.ns2.behave(misbehave.REFUSED, "example.jp", "SOA")
    second = seen(look(lab.context)).nameservers[1]
    assert (second.udp, second.authoritative, second.serial) == (True, False, None)


def test_a_failing_recursor_tells_nothing_of_recursion(lab: Lab) -> None:
    lab.ns2.recursive = True
    lab.ns2.behave(misbehave.SERVFAIL, "a.root-servers.net")
    observation = look(lab.context)
    assert gaps(observation).get("nameservers.1.recursion") in {None, "dns-failure"}


def test_name_servers_without_address_and_aliases(lab: Lab) -> None:
    more = "@ NS ns3\n@ NS ns4\nns3 CNAME ns1\n"
    for server in (lab.resolver, lab.ns1, lab.ns2):
        server.zone("example.jp", ZONE + more)
    fact = seen(look(lab.context))
    assert fact.ns_without_address == ("ns4.example.jp",)
    assert fact.ns_aliases == ("ns3.example.jp",)


def test_a_name_server_that_could_not_be_resolved_is_a_gap(lab: Lab) -> None:
    for server in (lab.resolver, lab.ns1, lab.ns2):
        server.zone("example.jp", ZONE + "@ NS ns.example.net.\n")
    lab.resolver.behave(misbehave.SERVFAIL, "ns.example.net")
    observation = look(lab.context)
    fact = seen(observation)
    assert [server.name for server in fact.nameservers] == ["ns1.example.jp", "ns2.example.jp"]
    assert fact.ns_without_address == ()
    assert gaps(observation)["nameservers"] == "dns-failure"


def test_a_domain_that_does_not_exist(lab: Lab) -> None:
    assert reason(look(lab.context, "nothing.example.jp")) == "no-data"


def test_the_zone_above_a_consented_name_is_only_asked_what_anybody_asks(lab: Lab) -> None:
    for server in (lab.resolver, lab.ns1, lab.ns2):
        server.zone("example.jp", ZONE + "shop A 127.0.0.3\n")
    observation = look(lab.context, "shop.example.jp")
    fact = seen(observation)
    assert fact.zone == "example.jp"
    assert fact.nameservers[0] == replace(GOOD, recursion=None, transfer=None)
    assert gaps(observation)["nameservers.0.transfer"] == "not-permitted"
    assert lab.ns1.asked(rdtype="AXFR") == 0


def test_servers_outside_the_consent_and_the_internet_are_not_asked(lab: Lab) -> None:
    context = lab_context(lab.resolver, consent=lab_consent(networks=()))
    observation = look(context)
    assert {server.udp for server in seen(observation).nameservers} == {None}
    assert gaps(observation)["nameservers.0.udp"] == "not-permitted"
    assert lab.ns1.asked() == 0


def test_the_parent_is_asked_what_it_refers_to(lab: Lab) -> None:
    parent = "@ NS ns1.example\nexample NS ns1.example\nexample NS old.example\n"
    lab.resolver.zone("jp", parent)
    lab.ns1.zone("jp", parent + "ns1.example A 127.0.0.1")
    del lab.ns1.zones[next(name for name in lab.ns1.zones if len(name) == 3)]
    fact = seen(look(lab.context))
    assert (fact.parent_ns, fact.wrong_glue) == (("ns1.example.jp", "old.example.jp"), ())


def test_glue_that_the_zone_does_not_confirm(lab: Lab) -> None:
    lab.resolver.zone("jp", "@ NS ns1.example\nexample NS ns1.example\nexample NS ns2.example\n")
    glue = "example NS ns1.example\nexample NS ns2.example\nns1.example A 127.0.0.1\nns2.example A 127.0.0.66"
    lab.ns1.zone("jp", "@ NS ns1.example\n" + glue)
    del lab.ns1.zones[next(name for name in lab.ns1.zones if len(name) == 3)]
    assert seen(look(lab.context)).wrong_glue == ("ns2.example.jp",)


def test_a_parent_that_does_not_answer_is_a_gap(lab: Lab) -> None:
    lab.resolver.zone("jp", "@ NS ns2.example\nexample NS ns1.example")
    lab.ns2.behave(misbehave.SILENT, "example.jp", "NS")
    observation = look(lab.within(2.0))
    assert (seen(observation).parent_ns, gaps(observation)["parent_ns"]) == (None, "timeout")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
        (misbehave.REFUSED, "dns-failure"),
    ],
)
def test_a_broken_resolver_leaves_the_zone_unseen(
    lab: Lab, behaviour: misbehave.Behaviour, expected: str
) -> None:
    lab.resolver.behave(behaviour)
    assert reason(look(lab.within(patience(expected)))) == expected


MAIL = '@ MX 10 mx\n@ TXT "v=spf1 mx" " -all"\n@ TXT "hello"\n'


def test_each_server_says_where_mail_goes_and_who_may_send(lab: Lab) -> None:
    lab.ns1.zone("example.jp", ZONE + MAIL)
    first, second = seen(look(lab.context)).nameservers
    assert (first.mx, first.spf) == (("10 mx.example.jp",), ("v=spf1 mx -all",))
    assert (second.mx, second.spf) == ((), ())


def test_records_too_large_for_a_datagram_are_asked_over_tcp(lab: Lab) -> None:
    policies = "".join(f'@ TXT "{i:03} {"x" * 240}"\n' for i in range(100))
    lab.ns1.zone("example.jp", ZONE + policies + MAIL)
    assert seen(look(lab.context)).nameservers[0].spf == ("v=spf1 mx -all",)


def test_a_lame_server_says_nothing_of_the_zone(lab: Lab) -> None:
    lab.ns2.behave(misbehave.LAME)
    second = seen(look(lab.context)).nameservers[1]
    assert (second.mx, second.spf) == (None, None)


def test_an_address_that_the_internet_cannot_reach(lab: Lab) -> None:
    lab.resolver.zone("example.jp", ZONE.replace("ns2 A 127.0.0.2", "ns2 A 10.1.2.3"))
    first, second = seen(look(lab_context(lab.resolver))).nameservers
    assert (first.public, second.public) == (True, False)
