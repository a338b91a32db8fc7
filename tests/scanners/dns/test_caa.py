"""`dns.caa`: the tree is climbed, and a failure on the way is no absence."""

from collections.abc import Iterator

import pytest

from posture.core.facts.dns_caa import DnsCaa
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import caa
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("jp")
        yield server


def look(context: Context, domain: str = "www.example.jp") -> Observation[DnsCaa]:
    return ask(context, lambda c: observe(c, "dns.caa", Target(name=domain), caa.look(c, domain)))


def test_no_record_anywhere(server: DnsServer) -> None:
    server.zone("example.jp", "www A 127.0.0.1")
    assert seen(look(lab_context(server))) == DnsCaa(issue=(), issuewild=(), found_at=None)


def test_the_nearest_record_set_holds(server: DnsServer) -> None:
    server.zone(
        "example.jp",
        '@ CAA 0 issue "ca.example.net; account=1"\n'
        '@ CAA 0 issue "CA.example.org"\n'
        '@ CAA 0 issuewild ";"\n'
        '@ CAA 0 iodef "mailto:sec@example.jp"\n'
        "www A 127.0.0.1",
    )
    server.zone("jp", '@ CAA 0 issue "other.example"')
    assert seen(look(lab_context(server))) == DnsCaa(
        issue=("ca.example.net", "ca.example.org"),
        issuewild=(";",),
        found_at="example.jp",
        iodef=("mailto:sec@example.jp",),
    )


def test_a_critical_tag_nobody_defined(server: DnsServer) -> None:
    server.zone("example.jp", '@ CAA 128 tbs "x"\n@ CAA 0 note "y"\n@ CAA 128 issue "ca.example.net"')
    fact = seen(look(lab_context(server), "example.jp"))
    assert (fact.issue, fact.critical_unknown) == (("ca.example.net",), ("tbs",))


def test_an_alias_is_followed(server: DnsServer) -> None:
    server.zone("example.jp", "www CNAME shop.example.net.")
    server.zone("example.net", 'shop CAA 0 issue "ca.example.net"')
    assert seen(look(lab_context(server))).found_at == "www.example.jp"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.REFUSED, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_a_failure_is_no_absence(server: DnsServer, behaviour: misbehave.Behaviour, expected: str) -> None:
    server.zone("example.jp", "www A 127.0.0.1")
    server.behave(behaviour, "example.jp", "CAA")
    assert reason(look(lab_context(server, timeout=patience(expected)))) == expected


def test_a_failure_above_the_record_does_not_matter(server: DnsServer) -> None:
    server.zone("example.jp", '@ CAA 0 issue "ca.example.net"')
    server.behave(misbehave.SERVFAIL, "jp", "CAA")
    assert seen(look(lab_context(server))).issue == ("ca.example.net",)


def test_cut_answers_come_over_tcp(server: DnsServer) -> None:
    server.zone("example.jp", '@ CAA 0 issue "ca.example.net"')
    server.behave(misbehave.TRUNCATED)
    assert seen(look(lab_context(server))).issue == ("ca.example.net",)
