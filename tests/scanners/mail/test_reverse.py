"""`mail.exchangers`: names of the exchangers' addresses, and whether they lead back."""

from collections.abc import Iterator

import pytest

from posture.core.facts.mail_exchangers import MailExchangers, Reverse
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import exchangers
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, seen
from tests.support.dns_server import DnsServer

ZONE = "@ MX 10 mx\nmx A 192.0.2.25\nmx AAAA 2001:db8::25\n"
V6 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
BACK = Reverse(address="192.0.2.25", names=("mx.example.jp",), confirmed=True)
BACK6 = Reverse(address="2001:db8::25", names=("mx.example.jp",), confirmed=True)


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.jp", ZONE)
        server.zone("2.0.192.in-addr.arpa", "25 PTR mx.example.jp.\n")
        server.zone("8.b.d.0.1.0.0.2.ip6.arpa", f"{V6} PTR mx.example.jp.\n")
        yield server


def look(context: Context) -> Observation[MailExchangers]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.exchangers", target, exchangers.look(c, "example.jp")))


def reverse(server: DnsServer) -> tuple[Reverse, ...]:
    (host,) = seen(look(lab_context(server))).hosts
    return host.reverse


def test_both_families_lead_back(server: DnsServer) -> None:
    assert reverse(server) == (BACK, BACK6)


def test_an_address_without_a_name(server: DnsServer) -> None:
    server.zone("2.0.192.in-addr.arpa")
    assert reverse(server) == (Reverse(address="192.0.2.25", names=(), confirmed=False), BACK6)


def test_a_name_that_leads_elsewhere(server: DnsServer) -> None:
    server.zone("2.0.192.in-addr.arpa", "25 PTR other.example.jp.\n")
    server.zone("example.jp", ZONE + "other A 192.0.2.99\n")
    assert reverse(server)[0] == Reverse(address="192.0.2.25", names=("other.example.jp",), confirmed=False)


def test_one_name_of_several_is_enough(server: DnsServer) -> None:
    server.zone("2.0.192.in-addr.arpa", "25 PTR mx.example.jp.\n25 PTR other.example.jp.\n")
    assert reverse(server)[0].confirmed is True


def test_failures_tell_nothing(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL, rdtype="PTR")
    observation = look(lab_context(server))
    (host,) = seen(observation).hosts
    assert [(r.names, r.confirmed) for r in host.reverse] == [(None, None)] * 2
    assert gaps(observation) == {
        "hosts.0.reverse.0.confirmed": "dns-failure",
        "hosts.0.reverse.1.confirmed": "dns-failure",
    }


def test_many_names_of_one_address_cost_few_questions(server: DnsServer) -> None:
    server.zone("2.0.192.in-addr.arpa", "".join(f"25 PTR n{i}.example.jp.\n" for i in range(50)))
    found = reverse(server)[0]
    assert (len(found.names or ()), found.confirmed) == (50, False)
    assert sum(server.asked(f"n{i}.example.jp") for i in range(50)) == exchangers.MAX_NAMES
