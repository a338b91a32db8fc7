"""`mail.exchangers`: MX, null MX, implicit MX; a failed lookup is no absence."""

from collections.abc import Iterator

import pytest

from posture.core.facts.mail_exchangers import Exchanger, MailExchangers, Reverse
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import exchangers
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer

HOSTS = "mx A 127.0.0.25\nmx AAAA ::1\nweb A 127.0.0.80\nalias CNAME mx\n"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def look(context: Context) -> Observation[MailExchangers]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.exchangers", target, exchangers.look(c, "example.jp")))


def nameless(address: str) -> Reverse:
    return Reverse(address=address, names=(), confirmed=False)


def test_exchangers_in_order_of_preference(server: DnsServer) -> None:
    server.zone("example.jp", HOSTS + "@ MX 20 web\n@ MX 10 mx\n")
    context = lab_context(server)
    assert seen(look(context)) == MailExchangers(
        null_mx=False,
        hosts=(
            Exchanger(
                preference=10,
                name="mx.example.jp",
                addresses=("127.0.0.25", "::1"),
                exists=True,
                reverse=(nameless("127.0.0.25"), nameless("::1")),
                inward=("::1",),
            ),
            Exchanger(
                preference=20,
                name="web.example.jp",
                addresses=("127.0.0.80",),
                exists=True,
                reverse=(nameless("127.0.0.80"),),
            ),
        ),
    )
    assert context.gateway.pinned("mx.example.jp") == ("127.0.0.25", "::1")


def test_a_null_mx(server: DnsServer) -> None:
    server.zone("example.jp", "@ MX 0 .")
    assert seen(look(lab_context(server))) == MailExchangers(null_mx=True, hosts=())


def test_a_null_mx_among_others_is_none(server: DnsServer) -> None:
    server.zone("example.jp", HOSTS + "@ MX 0 .\n@ MX 10 mx\n")
    fact = seen(look(lab_context(server)))
    assert (fact.null_mx, [host.name for host in fact.hosts], fact.problems) == (
        False,
        ["mx.example.jp"],
        ("null-mx-among-others",),
    )


def test_a_null_mx_with_a_preference(server: DnsServer) -> None:
    server.zone("example.jp", "@ MX 10 .")
    fact = seen(look(lab_context(server)))
    assert (fact.null_mx, fact.problems) == (False, ("null-mx-preference",))


def test_no_mx_means_the_domains_own_address(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1")
    assert seen(look(lab_context(server))) == MailExchangers(null_mx=False, hosts=(), implicit=True)


def test_no_mx_and_no_address(server: DnsServer) -> None:
    server.zone("example.jp")
    assert seen(look(lab_context(server))) == MailExchangers(null_mx=False, hosts=(), implicit=False)


def test_no_mx_and_an_address_that_could_not_be_asked(server: DnsServer) -> None:
    server.zone("example.jp")
    server.behave(misbehave.SERVFAIL, "example.jp", "AAAA")
    observation = look(lab_context(server))
    assert (seen(observation).implicit, gaps(observation)) == (None, {"implicit": "dns-failure"})


def test_exchangers_that_are_gone_empty_or_aliases(server: DnsServer) -> None:
    text = HOSTS + "@ MX 1 gone\n@ MX 2 empty\n@ MX 3 alias\nempty TXT x\n"
    server.zone("example.jp", text)
    gone, empty, alias = seen(look(lab_context(server))).hosts
    assert (gone.exists, gone.addresses) == (False, ())
    assert (empty.exists, empty.addresses) == (True, ())
    assert (alias.alias, alias.addresses) == (True, ("127.0.0.25", "::1"))


def test_an_exchanger_that_could_not_be_asked_is_a_gap(server: DnsServer) -> None:
    server.zone("example.jp", HOSTS + "@ MX 10 mx\n@ MX 20 web\n")
    server.behave(misbehave.SERVFAIL, "web.example.jp")
    observation = look(lab_context(server))
    assert [host.addresses for host in seen(observation).hosts] == [("127.0.0.25", "::1"), None]
    assert gaps(observation) == {"hosts.1.addresses": "dns-failure"}


def test_a_wildcard_mx_answers(server: DnsServer) -> None:
    server.zone("jp", HOSTS + "* MX 10 mx\n")
    assert [host.name for host in seen(look(lab_context(server))).hosts] == ["mx.jp"]


def test_many_exchangers_are_cut(server: DnsServer) -> None:
    server.zone("example.jp", "\n".join(f"@ MX {i} m{i}\nm{i} A 127.0.0.{i}" for i in range(1, 31)))
    fact = seen(look(lab_context(server)))
    assert (len(fact.hosts), fact.problems) == (20, ("too-many-exchangers",))


def test_a_domain_that_does_not_exist(server: DnsServer) -> None:
    server.zone("jp")
    assert reason(look(lab_context(server))) == "no-data"


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
    server.zone("example.jp", "@ A 127.0.0.1")
    server.behave(behaviour, "example.jp", "MX")
    assert reason(look(lab_context(server, timeout=patience(expected)))) == expected
