"""`mail.spf`: the policy as a whole, its cost and its reach."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.core.facts.mail_spf import MailSpf
from posture.core.observations import Observation
from posture.core.targets import Target
from scanners.context import Context
from scanners.mail import spf
from scanners.mail.ranges import EVERYONE, NOBODY, Ranges
from scanners.observe import observe
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, gaps, lab_context, patience, seen
from tests.support.dns_server import DnsServer


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.net", INCLUDED)
        yield server


INCLUDED = """
ten TXT "v=spf1 ip4:192.0.2.0/28 -all"
everyone TXT "v=spf1 +all"
broken TXT "v=spf1 ip4:nonsense -all"
twice TXT "v=spf1 -all"
twice TXT "v=spf1 ~all"
loop TXT "v=spf1 include:loop.example.net -all"
ping TXT "v=spf1 include:pong.example.net -all"
pong TXT "v=spf1 include:ping.example.net -all"
none TXT "hello"
mx1 A 192.0.2.1
mx2 A 192.0.2.2
two MX 10 mx1
two MX 20 mx2
exists A 127.0.0.2
"""


def look(context: Context) -> Observation[MailSpf]:
    target = Target(name="example.jp")
    return ask(context, lambda c: observe(c, "mail.spf", target, spf.look(c, "example.jp")))


def fact_of(server: DnsServer, *records: str) -> MailSpf:
    server.zone("example.jp", "\n".join(["@ A 192.0.2.80", *(f'@ TXT "{record}"' for record in records)]))
    return seen(look(lab_context(server)))


def test_no_record(server: DnsServer) -> None:
    assert fact_of(server, "hello") == MailSpf(
        status="none", records=(), lookups=0, void_lookups=0, all=None, problems=()
    )


def test_a_plain_record(server: DnsServer) -> None:
    record = "v=spf1 ip4:192.0.2.0/24 a mx:two.example.net include:ten.example.net -all"
    assert fact_of(server, record) == MailSpf(
        status="valid",
        records=(record,),
        lookups=3,
        void_lookups=0,
        all="-",
        problems=(),
        ipv4_senders=256,
    )


@pytest.mark.parametrize(
    ("record", "ending"),
    [
        ("v=spf1 -all", "-"),
        ("v=spf1 ~all", "~"),
        ("v=spf1 ?all", "?"),
        ("v=spf1 all", "+"),
        ("v=spf1 +ALL", "+"),
        ("v=spf1", None),
        ("v=spf1 redirect=ten.example.net", "-"),
        ("v=spf1 ~all redirect=ten.example.net", "~"),
        ("v=spf1 include:everyone.example.net", None),
    ],
)
def test_the_ending(server: DnsServer, record: str, ending: str | None) -> None:
    assert fact_of(server, record).all == ending


@pytest.mark.parametrize(
    ("record", "senders"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 +all", 2**32),
        ("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", 2**32),
        ("v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 -all", 256),
        ("v=spf1 -ip4:192.0.2.0/25 ip4:192.0.2.0/24 -all", 128),
        ("v=spf1 ~ip4:192.0.2.0/25 ?ip4:192.0.2.128/25 ip4:192.0.2.0/24 -all", 0),
        ("v=spf1 include:ten.example.net -all", 16),
        ("v=spf1 -include:ten.example.net +all", 2**32 - 16),
        ("v=spf1 include:everyone.example.net -all", 2**32),
        ("v=spf1 redirect=ten.example.net", 16),
        ("v=spf1 mx:two.example.net/30 -all", 4),
        ("v=spf1 exists:exists.example.net -all", 2**32),
        ("v=spf1 exists:mx3.example.net -all", 0),
        ("v=spf1 ip6:::/0 -all", 0),
        ("v=spf1 -all +all", 0),
    ],
)
def test_how_many_may_send(server: DnsServer, record: str, senders: int) -> None:
    assert fact_of(server, record).ipv4_senders == senders


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("v=spf1 ip4:192.0.2.1~all", "syntax:ip4:192.0.2.1~all"),
        ("v=spf1 include:none.example.net -all", "include-without-record:none.example.net"),
        ("v=spf1 include:gone.example.net -all", "include-without-record:gone.example.net"),
        ("v=spf1 redirect=none.example.net", "redirect-without-record:none.example.net"),
        ("v=spf1 include:broken.example.net -all", "syntax:ip4:nonsense"),
        ("v=spf1 include:twice.example.net -all", "several-records:twice.example.net"),
        ("v=spf1 include:loop.example.net -all", "loop:loop.example.net"),
        ("v=spf1 include:ping.example.net -all", "loop:ping.example.net"),
        ("v=spf1 include:example.jp -all", "loop:example.jp"),
        ("v=spf1 " + "a " * 11 + "-all", "too-many-lookups"),
        ("v=spf1 a:x1.example.net a:x2.example.net a:x3.example.net -all", "too-many-void-lookups"),
    ],
)
def test_what_breaks_a_policy(server: DnsServer, record: str, problem: str) -> None:
    fact = fact_of(server, record)
    assert (fact.status, fact.problems, fact.ipv4_senders) == ("permerror", (problem,), None)


def test_two_records_break_a_policy(server: DnsServer) -> None:
    fact = fact_of(server, "v=spf1 -all", "v=spf1 mx -all")
    assert (fact.status, fact.problems, len(fact.records)) == (
        "permerror",
        ("several-records:example.jp",),
        2,
    )


def test_more_exchangers_than_ten(server: DnsServer) -> None:
    server.zone("many.jp", "\n".join(f"@ MX {i} m{i}\nm{i} A 192.0.2.{i}" for i in range(1, 12)))
    assert fact_of(server, "v=spf1 mx:many.jp -all").problems == ("too-many-mx:many.jp",)


@pytest.mark.parametrize(
    ("record", "note"),
    [
        ("v=spf1 ptr -all", "uses-ptr"),
        ("v=spf1 -all mx", "terms-after-all"),
        ("v=spf1 -all redirect=ten.example.net", "redirect-ignored"),
        ("v=spf1 include:ten.example.net include:TEN.example.net -all", "include-twice:ten.example.net"),
        ("v=spf1 include:%{i}.example.net -all", "include-with-macro:%{i}.example.net"),
    ],
)
def test_what_only_deserves_a_note(server: DnsServer, record: str, note: str) -> None:
    fact = fact_of(server, record)
    assert (fact.status, fact.problems) == ("valid", (note,))


def test_notes_about_other_records(server: DnsServer) -> None:
    fact = fact_of(server, "v=spf1 -all", "spf2.0/pra -all", " v=spf1 mx")
    assert (fact.status, fact.problems) == ("valid", ("sender-id", "leading-space"))


def test_ten_lookups_are_allowed_and_counted(server: DnsServer) -> None:
    fact = fact_of(server, "v=spf1 " + "a " * 8 + "include:ten.example.net mx:two.example.net -all")
    assert (fact.status, fact.lookups) == ("valid", 10)


def test_terms_after_all_cost_nothing(server: DnsServer) -> None:
    assert fact_of(server, "v=spf1 -all " + "a " * 12).lookups == 0


def test_two_void_lookups_are_allowed(server: DnsServer) -> None:
    fact = fact_of(server, "v=spf1 a:x1.example.net mx:x2.example.net -all")
    assert (fact.status, fact.void_lookups) == ("valid", 2)


def test_macros_of_the_domain_are_followed(server: DnsServer) -> None:
    server.zone("spf.example.net", 'example.jp TXT "v=spf1 ip4:192.0.2.7 -all"')
    fact = fact_of(server, "v=spf1 include:%{d}.spf.example.net -all")
    assert (fact.status, fact.ipv4_senders, fact.open_ended) == ("valid", 1, False)


def test_what_depends_on_the_sender_is_open_ended(server: DnsServer) -> None:
    fact = fact_of(server, "v=spf1 exists:%{i}.example.net -all")
    assert (fact.status, fact.lookups, fact.ipv4_senders, fact.open_ended) == ("valid", 1, 0, True)


def test_a_bomb_of_includes_is_bounded(server: DnsServer) -> None:
    """Each record includes ten others: the tree has a hundred thousand leaves."""
    names = [f"b{i}" for i in range(60)]
    for index, name in enumerate(names):
        below = " ".join(f"include:{names[(index * 10 + j + 1) % 60]}.bomb.jp" for j in range(10))
        server.zone(f"{name}.bomb.jp", f'@ TXT "v=spf1 {below} -all"')
    fact = fact_of(server, "v=spf1 include:b0.bomb.jp -all")
    assert (fact.status, "too-many-lookups" in fact.problems, fact.lookups) == ("permerror", True, 60)
    assert server.asked(rdtype="TXT") <= spf.MAX_TERMS + 1


def test_strings_are_joined_without_spaces(server: DnsServer) -> None:
    server.zone("example.jp", '@ TXT "v=spf1 ip4:192.0.2.0" "/25 -all"')
    assert seen(look(lab_context(server))).ipv4_senders == 128


def test_a_record_of_sixty_kilobytes(server: DnsServer) -> None:
    strings = " ".join('"' + " ip4:192.0.2.1" * 18 + '"' for _ in range(230))
    server.zone("example.jp", f'@ TXT "v=spf1" {strings} " -all"')
    fact = seen(look(lab_context(server)))
    assert (fact.status, fact.ipv4_senders, fact.problems) == ("valid", 1, ("long-record",))


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.REFUSED, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
@pytest.mark.parametrize("name", ["example.jp", "ten.example.net"])
def test_a_failure_is_temporary(
    server: DnsServer, behaviour: misbehave.Behaviour, expected: str, name: str
) -> None:
    server.zone("example.jp", '@ TXT "v=spf1 include:ten.example.net -all"')
    server.behave(behaviour, name, "TXT")
    observation = look(lab_context(server, timeout=patience(expected)))
    assert (seen(observation).status, gaps(observation)) == ("temperror", {"status": expected})


def test_a_certain_fault_counts_in_spite_of_a_failure(server: DnsServer) -> None:
    server.behave(misbehave.SERVFAIL, "ten.example.net")
    fact = fact_of(server, "v=spf1 include:ten.example.net include:none.example.net -all")
    assert (fact.status, fact.problems) == ("permerror", ("include-without-record:none.example.net",))


pairs = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)


def ranges(items: list[tuple[int, int]]) -> Ranges:
    found = NOBODY
    for pair in items:
        found |= Ranges((pair,))
    return found


def members(items: list[tuple[int, int]]) -> set[int]:
    return {i for first, last in items for i in range(first, last + 1)}


@given(pairs, pairs)
def test_ranges_are_sets(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    a, b = ranges(one), ranges(two)
    assert len(a | b) == len(members(one) | members(two))
    assert len(a & b) == len(members(one) & members(two))
    assert len(a - b) == len(members(one) - members(two))
    assert len(a.complement()) == 2**32 - len(members(one))
    assert a | a.complement() == EVERYONE
