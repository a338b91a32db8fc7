"""`dns.dangling`: what points into nothing, and who could claim it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from posture.core.facts.dns_dangling import DnsDangling, Pointer
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.dns import dangling
from scanners.mail import dkim
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_consent, lab_context, patience, reason, seen
from tests.support.dns_server import DnsServer


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("net", "host.example A 127.0.0.9\n")
        server.zone("jp", "host.other.co A 127.0.0.9\n")
        server.zone("azurewebsites.net", "alive A 127.0.0.9\n")
        yield server


def look(context: Context) -> Observation[DnsDangling]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "dns.dangling", target, dangling.look(c, "example.jp")))


@pytest.mark.parametrize(
    ("record", "pointer"),
    [
        ("www CNAME host.example.net.",
         Pointer(name="www.example.jp", rdtype="CNAME", target="host.example.net", gone=False)),
        ("www CNAME old.example.net.",
         Pointer(name="www.example.jp", rdtype="CNAME", target="old.example.net", gone=True)),
        ("shop CNAME x.expired.net.",
         Pointer(name="shop.example.jp", rdtype="CNAME", target="x.expired.net", gone=True,
                 claimable="registry")),
        ("shop CNAME x.expired.co.jp.",
         Pointer(name="shop.example.jp", rdtype="CNAME", target="x.expired.co.jp", gone=True,
                 claimable="registry")),
        ("dev CNAME alive.azurewebsites.net.",
         Pointer(name="dev.example.jp", rdtype="CNAME", target="alive.azurewebsites.net", gone=False)),
        ("dev CNAME mine.azurewebsites.net.",
         Pointer(name="dev.example.jp", rdtype="CNAME", target="mine.azurewebsites.net", gone=True,
                 claimable="Azure App Service")),
        ("dev CNAME one\none CNAME two.expired.net.",
         Pointer(name="dev.example.jp", rdtype="CNAME", target="two.expired.net", gone=True,
                 claimable="registry")),
        ("@ MX 10 mx.expired.net.",
         Pointer(name="example.jp", rdtype="MX", target="mx.expired.net", gone=True, claimable="registry")),
        ("@ NS ns.expired.net.",
         Pointer(name="example.jp", rdtype="NS", target="ns.expired.net", gone=True, claimable="registry")),
        ("s1._domainkey CNAME s1.domainkey.expired.net.",
         Pointer(name="s1._domainkey.example.jp", rdtype="CNAME", target="s1.domainkey.expired.net",
                 gone=True, claimable="registry")),
        ("k2._domainkey CNAME key.old.example.net.",
         Pointer(name="k2._domainkey.example.jp", rdtype="CNAME", target="key.old.example.net", gone=True)),
        ("selector1._domainkey CNAME host.example.net.",
         Pointer(name="selector1._domainkey.example.jp", rdtype="CNAME", target="host.example.net",
                 gone=False)),
        ("*._domainkey CNAME x.expired.net.",
         Pointer(name="*._domainkey.example.jp", rdtype="CNAME", target="x.expired.net", gone=True,
                 claimable="registry")),
        ("_dmarc CNAME policy.expired.net.",
         Pointer(name="_dmarc.example.jp", rdtype="CNAME", target="policy.expired.net", gone=True,
                 claimable="registry")),
        ("@ MX 10 host.example.net.",
         Pointer(name="example.jp", rdtype="MX", target="host.example.net", gone=False)),
    ],
)  # fmt: skip
def test_pointers(server: DnsServer, record: str, pointer: Pointer) -> None:
    server.zone("example.jp", record)
    observation = look(lab_context(server))
    assert seen(observation).pointers == (pointer,)
    assert gaps(observation) == {}


def test_a_wildcard_is_one_pointer(server: DnsServer) -> None:
    server.zone("example.jp", "* CNAME x.expired.net.\nshop CNAME host.example.net.\n")
    assert seen(look(lab_context(server))).pointers == (
        Pointer(name="shop.example.jp", rdtype="CNAME", target="host.example.net", gone=False),
        Pointer(name="*.example.jp", rdtype="CNAME", target="x.expired.net", gone=True, claimable="registry"),
    )


def test_nothing_points_anywhere(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1\n@ MX 0 .")
    fact = seen(look(lab_context(server)))
    assert (fact.pointers, len(fact.names_checked) > 50) == ((), True)


def test_a_failing_target_is_not_gone(server: DnsServer) -> None:
    server.zone("example.jp", "@ MX 10 mx.example.net.")
    server.behave(misbehave.SERVFAIL, "mx.example.net")
    observation = look(lab_context(server))
    assert [pointer.gone for pointer in seen(observation).pointers] == [None]


def test_a_failing_registry_gives_nothing_away(server: DnsServer) -> None:
    server.zone("example.jp", "www CNAME x.expired.net.")
    server.behave(misbehave.SERVFAIL, "expired.net", "NS")
    (pointer,) = seen(look(lab_context(server))).pointers
    assert (pointer.gone, pointer.claimable) == (True, None)


def test_a_name_that_could_not_be_asked_is_not_among_the_checked(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1")
    server.behave(misbehave.SERVFAIL, "www.example.jp")
    observation = look(lab_context(server))
    assert "www.example.jp" not in seen(observation).names_checked
    assert gaps(observation) == {"names_checked": "dns-failure"}


@pytest.mark.parametrize("rdtype", ["MX", "NS", "TXT"])
@pytest.mark.parametrize(
    ("behaviour", "expected"), [(misbehave.SERVFAIL, "dns-failure"), (misbehave.SILENT, "timeout")]
)
def test_where_the_domain_leads_could_not_be_asked(
    server: DnsServer, behaviour: misbehave.Behaviour, expected: str, rdtype: str
) -> None:
    server.zone("example.jp", "@ A 127.0.0.1")
    server.behave(behaviour, "example.jp", rdtype)
    observation = look(lab_context(server, timeout=patience(expected)))
    assert (seen(observation).pointers, seen(observation).unasked) == ((), (rdtype,))
    assert gaps(observation) == {"unasked": expected}


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
def test_no_answer_at_all_is_unseen(server: DnsServer, behaviour: misbehave.Behaviour, expected: str) -> None:
    server.behave(behaviour)
    assert reason(look(lab_context(server, timeout=patience(expected)))) == expected


@pytest.mark.parametrize(
    ("policy", "pointer"),
    [
        ("include:spf.expired.net", Pointer(name="example.jp", rdtype="SPF", target="spf.expired.net",
                                            gone=True, claimable="registry")),
        ("redirect=host.example.net", Pointer(name="example.jp", rdtype="SPF", target="host.example.net",
                                              gone=False)),
        ("include:old.example.net", Pointer(name="example.jp", rdtype="SPF", target="old.example.net",
                                            gone=True)),
    ],
)  # fmt: skip
def test_whose_word_the_spf_record_takes(server: DnsServer, policy: str, pointer: Pointer) -> None:
    server.zone("example.jp", f'@ TXT "v=spf1 {policy} include:%{{d}}.example.net ip4:192.0.2.1 -all"')
    assert seen(look(lab_context(server))).pointers == (pointer,)


def test_no_wildcard(server: DnsServer) -> None:
    server.zone("example.jp", "www A 127.0.0.1")
    fact = seen(look(lab_context(server)))
    assert (fact.wildcard, fact.wildcard_mx) == ((), ())


@pytest.mark.parametrize(
    ("records", "everywhere", "mail"),
    [
        ("* A 127.0.0.1", ("127.0.0.1",), ()),
        ("* MX 10 mx", (), ("mx.example.jp",)),
        ("* CNAME host.example.net.", ("host.example.net", "127.0.0.9"), ("host.example.net",)),
    ],
)
def test_wildcards(
    server: DnsServer, records: str, everywhere: tuple[str, ...], mail: tuple[str, ...]
) -> None:
    server.zone("example.jp", records)
    fact = seen(look(lab_context(server)))
    assert (fact.wildcard, fact.wildcard_mx) == (everywhere, mail)


def test_a_wildcard_that_could_not_be_asked(server: DnsServer) -> None:
    server.zone("example.jp", "www A 127.0.0.1")
    server.behave(misbehave.SERVFAIL, f"{dangling.NOBODY}.example.jp")
    observation = look(lab_context(server))
    fact = seen(observation)
    assert (fact.wildcard, fact.wildcard_mx) == (None, None)
    assert gaps(observation) == {"wildcard": "dns-failure", "wildcard_mx": "dns-failure"}


def test_names_the_applicant_gave_are_asked_too(server: DnsServer) -> None:
    """Those of the domain that the consent does not exclude; no names of others, and no nonsense."""
    server.zone("example.jp", "yoyaku CNAME x.expired.net.\nhidden CNAME y.expired.net.\n")
    names = ("yoyaku.example.jp", "hidden.example.jp", "other.example.net", f"{'a' * 64}.example.jp")
    consent = replace(lab_consent(), excluded_names=("hidden.example.jp",))
    observation = look(lab_context(server, consent=consent, known_names=names))
    assert [(p.name, p.claimable) for p in seen(observation).pointers] == [("yoyaku.example.jp", "registry")]
    assert not {*names[1:]} & {*seen(observation).names_checked}
    assert server.asked("hidden.example.jp") == server.asked("other.example.net") == 0
    assert gaps(observation) == {"names_checked": "dns-failure"}


def test_a_selector_the_operator_names(server: DnsServer) -> None:
    server.zone("example.jp", "vendor2019._domainkey CNAME x.expired.net.\n")
    found = seen(look(lab_context(server, dkim_selectors=("vendor2019",))))
    assert [pointer.name for pointer in found.pointers] == ["vendor2019._domainkey.example.jp"]


def test_what_dkim_asks_is_not_asked_twice(server: DnsServer) -> None:
    server.zone("example.jp", "@ A 127.0.0.1\n")

    async def both(context: Context) -> None:
        await asyncio.gather(dangling.look(context, "example.jp"), dkim.look(context, "example.jp"))

    ask(lab_context(server), both)
    assert max(Counter(server.log).values()) == 1


def test_names_known_from_elsewhere_are_asked_too(server: DnsServer) -> None:
    server.zone("example.jp", "secret-project CNAME x.expired.net.")
    target = Target(name="example.jp")
    context = lab_context(server)
    known = ["secret-project.example.jp"]
    observation = ask(
        context, lambda c: observe(c, "dns.dangling", target, dangling.look(c, "example.jp", known))
    )
    assert [(p.name, p.claimable) for p in seen(observation).pointers] == [(known[0], "registry")]
