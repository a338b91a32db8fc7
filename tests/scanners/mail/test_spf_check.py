"""`check_host()`: a table of cases from RFC 7208, each with the section it tests."""

import ipaddress
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanners.mail.spf_check import Result, SpfResult, check_host
from scanners.mail.spf_macro import expand, letters_in, target_name
from scanners.mail.spf_record import SpfSyntaxError, is_spf, read_spf
from tests.support import dns_server as misbehave
from tests.support.dns_lab import NOW, ask, lab_context
from tests.support.dns_server import DnsServer
from tests.support.spf_cases import CASES, REVERSE, SENDER, V6, WORLD, Case, case


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        server.zone("example.net", WORLD)
        server.zone("example.org", "\n".join(f"n{i:02} A 198.51.100.5" for i in range(12)))
        for origin, text in REVERSE.items():
            server.zone(origin, text)
        yield server


def _in_strings(record: str) -> str:
    """A character-string holds 255 octets; a longer record is split where its case did not split it."""
    return record if '"' in record else '" "'.join(record[i : i + 250] for i in range(0, len(record), 250))


def evaluate(server: DnsServer, item: Case, *, timeout: float = 10.0) -> SpfResult:
    lines = [f'email TXT "{_in_strings(record)}"' for record in item.records]
    hosts = "email A 192.0.2.3\nmail.email A 192.0.2.6\n"
    server.zone("example.com", hosts + "\n".join(lines).replace(";", "\\;"))
    return ask(
        lab_context(server, timeout=timeout),
        lambda c: check_host(
            c.resolver,
            ip=ipaddress.ip_address(item.ip),
            domain=item.domain,
            sender=item.sender,
            helo=item.helo,
            at=NOW,
        ),
    )


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 150
    assert len({(item.section, item.name) for item in CASES}) == len(CASES)


@pytest.mark.parametrize("item", CASES, ids=lambda item: f"{item.section} {item.name}")
def test_case(server: DnsServer, item: Case) -> None:
    found = evaluate(server, item)
    assert found.result == item.result, found
    assert {name: getattr(found, name) for name in item.more} == item.more


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [
        (misbehave.SERVFAIL, "dns-failure"),
        (misbehave.REFUSED, "dns-failure"),
        (misbehave.SILENT, "timeout"),
        (misbehave.GARBAGE, "protocol-garbage"),
    ],
)
@pytest.mark.parametrize(
    ("record", "name"),
    [
        ("v=spf1 +all", "email.example.com"),
        ("v=spf1 include:pass.example.net -all", "pass.example.net"),
        ("v=spf1 redirect=pass.example.net", "pass.example.net"),
        ("v=spf1 a:me.example.net -all", "me.example.net"),
        ("v=spf1 mx:mail.example.net -all", "mail.example.net"),
        ("v=spf1 mx:mail.example.net -all", "me.example.net"),
        ("v=spf1 exists:other.example.net -all", "other.example.net"),
    ],
)
def test_a_failed_lookup_is_temperror(
    behaviour: misbehave.Behaviour, word: str, record: str, name: str
) -> None:
    with DnsServer(recursive=True) as server:
        server.zone("example.net", WORLD)
        server.behave(behaviour, name)
        found = evaluate(server, case("2.6.6", "temporary", record, "temperror"), timeout=0.3)
    assert (found.result, found.problem) == (Result.TEMPERROR, f"{word}:{name}")


def test_a_failed_reverse_lookup_validates_nothing() -> None:
    """§5.5: an error while looking for names is no match, and no error."""
    with DnsServer(recursive=True) as server:
        server.behave(misbehave.SERVFAIL, rdtype="PTR")
        found = evaluate(server, case("5.5", "ptr", "v=spf1 ptr:example.net -all", "fail"))
    assert found.result is Result.FAIL


def test_a_failed_explanation_is_none() -> None:
    with DnsServer(recursive=True) as server:
        server.behave(misbehave.SERVFAIL, "exp.example.net")
        found = evaluate(server, case("6.2", "exp", "v=spf1 exp=exp.example.net -all", "fail"))
    assert (found.result, found.explanation) == (Result.FAIL, None)


# Macros by the examples of §7.4: the sender is strong-bad@email.example.com.

LETTERS = {
    "s": SENDER,
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "v": "in-addr",
    "h": "mta.example.net",
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-", "% %20"),
    ],
)
def test_the_examples_of_the_standard(text: str, expanded: str) -> None:
    assert expand(text, LETTERS) == expanded


def test_an_ipv6_address_in_a_macro(server: DnsServer) -> None:
    """§7.4: nibbles with dots."""
    nibbles = ".".join("20010db8000000000000000000000003")
    server.zone(f"{nibbles[2:]}.v6.example.net", "@ A 127.0.0.2")
    server.zone(f"{nibbles}.v6.example.net", "@ A 127.0.0.2")
    record = "v=spf1 exists:%{i}.v6.example.net -all"
    assert evaluate(server, case("7.4", "v6", record, "pass", ip=V6)).result is Result.PASS


def test_a_name_too_long_is_cut_from_the_left() -> None:
    """§7.3: labels go until no more than 253 octets are left."""
    name = target_name(".".join(["x" * 60] * 5) + ".example.net")
    assert name is not None
    assert name.to_text(omit_final_dot=True) == ".".join(["x" * 60] * 3) + ".example.net"


# The grammar.


@given(st.text(max_size=80))
@example("ip4:")
@example("a:/")
@example("%{")
def test_reading_either_gives_a_record_or_names_the_term(text: str) -> None:
    wrong = None
    try:
        read = [mechanism.text for mechanism in read_spf("v=spf1 " + text).mechanisms]
    except SpfSyntaxError as error:
        wrong, read = error.term, []
    assert {*read, *([] if wrong is None else [wrong])} <= set(text.split(" "))


qualifiers = st.sampled_from(["", "+", "-", "~", "?"])
domains = st.sampled_from(
    ["example.net", "_spf.%{d}", "%{ir}.%{v}.list.example.net.", "a-b.c_d.example.xn--zckzah", "%{l1r+-}.x.y"]
)
prefixes = st.tuples(st.sampled_from(["", "/0", "/24", "/32"]), st.sampled_from(["", "//0", "//128"])).map(
    "".join
)
mechanisms = st.one_of(
    st.just("all"),
    domains.map("include:{}".format),
    domains.map("exists:{}".format),
    st.one_of(st.just("ptr"), domains.map("ptr:{}".format)),
    st.tuples(st.sampled_from(["a", "mx", "A", "Mx"]), prefixes).map("".join),
    st.tuples(st.sampled_from(["a:", "mx:"]), domains, prefixes).map("".join),
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(lambda p: f"ip4:{p[0]}/{p[1]}"),
    st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(lambda p: f"ip6:{p[0]}/{p[1]}"),
)
terms = st.one_of(
    st.tuples(qualifiers, mechanisms).map("".join), st.sampled_from(["future=%{d}", "x.y-z=", "op=a/b:c"])
)


@given(st.lists(terms, max_size=12), st.integers(1, 3))
def test_whatever_the_grammar_makes_is_read(items: list[str], spaces: int) -> None:
    text = (" " * spaces).join(["v=spf1", *items])
    assert is_spf(text)
    record = read_spf(text)
    assert [m.text for m in record.mechanisms] == [t for t in items if "=" not in t]


@given(
    st.lists(terms, min_size=1, max_size=4), st.sampled_from(["\t", "é", "%", "%{x}", "ip4:1.2.3.4/33", "+"])
)
def test_one_wrong_term_spoils_the_record(items: list[str], wrong: str) -> None:
    with pytest.raises(SpfSyntaxError):
        read_spf(" ".join(["v=spf1", *items, wrong]))


@given(domains)
def test_the_letters_of_a_text(text: str) -> None:
    assert expand(text, dict.fromkeys(letters_in(text), "x")).count("%") == 0
