"""checkdmarc on the same records as our SPF, DMARC and TLS-RPT: where we agree, and why where we do not.

Each case is a zone of its own: checkdmarc keeps one cache for the whole process, keyed without the resolver.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.resolver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.mail import bimi, dmarc, mta_sts, spf, tls_rpt
from tests.support import dns_server as misbehave
from tests.support.dns_lab import ask, lab_context
from tests.support.dns_server import DnsServer


@dataclass(frozen=True, kw_only=True)
class Case:
    """Records of the zone. `differ` is the text that decides where the two do not say the same."""

    name: str
    records: str
    differ: str = ""


def txt(owner: str, *records: str) -> str:
    return "".join(f'{owner} TXT "{record}"\n'.replace(";", "\\;") for record in records)


def policy(record: str, more: str = "", **rest: Any) -> Case:
    return Case(name=record, records=txt("@", record) + more, **rest)


MX = "@ MX 10 mx\nmx A 192.0.2.1\n"
SPF = [
    policy("v=spf1 -all"),
    policy("v=spf1 ~all"),
    policy("v=spf1 ?all"),
    policy("v=spf1 +all"),
    policy("v=spf1", differ="RFC 7208 §4.7: without `all` the result is neutral, though no term says so"),
    policy("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"),
    policy("v=spf1 mx -all", MX),
    policy("v=spf1 a -all", "@ A 192.0.2.1\n"),
    policy("v=spf1 include:_a -all".replace("_a", "inc.{zone}"), txt("inc", "v=spf1 ip4:192.0.2.1 -all")),
    policy("v=spf1 redirect=inc.{zone}", txt("inc", "v=spf1 ip4:192.0.2.1 ~all")),
    policy("v=spf1 include:inc.{zone} -all", txt("inc", "v=spf1 include:two.{zone} -all")
           + txt("two", "v=spf1 mx -all") + "two MX 5 mx\nmx A 192.0.2.1\n"),
    policy("v=spf1 include:none.{zone} -all"),
    policy("v=spf1 redirect=none.{zone}"),
    policy("v=spf1 include:{zone} -all"),
    policy("v=spf1 a:v1.{zone} a:v2.{zone} -all"),
    policy("v=spf1 a:v1.{zone} a:v2.{zone} a:v3.{zone} -all"),
    policy("v=spf1 " + " ".join(f"a:h{i}.{{zone}}" for i in range(10)) + " -all",
           "".join(f"h{i} A 192.0.2.{i}\n" for i in range(10))),
    policy("v=spf1 " + " ".join(f"a:h{i}.{{zone}}" for i in range(11)) + " -all",
           "".join(f"h{i} A 192.0.2.{i}\n" for i in range(11))),
    policy("v=spf1 ip4:192.0.2.300 -all"),
    policy("v=spf1 ip4:2001:db8::1 -all"),
    policy("v=spf1 ipv4:192.0.2.1 -all"),
    policy("v=spf1 ip4:192.0.2.1~all"),
    policy("v=spf1 exists:%{{i}}.e.{zone} -all"),
    policy("v=spf1 redirect=a.{zone} redirect=b.{zone}"),
    policy("v=spf1 mx -all ip4:192.0.2.1", MX),
    Case(name="two records", records=txt("@", "v=spf1 -all", "v=spf1 ~all")),
    Case(name="no record", records=txt("@", "hello")),
]  # fmt: skip


def mail_policy(record: str, more: str = "", **rest: Any) -> Case:
    return Case(name=record, records=txt("_dmarc", record) + MX + more, **rest)


RUA = "rua=mailto:d@{zone}"
DMARC = [
    mail_policy(f"v=DMARC1; p=reject; {RUA}"),
    mail_policy(f"v=DMARC1; p=quarantine; {RUA}"),
    mail_policy(f"v=DMARC1; p=none; {RUA}"),
    mail_policy("v=DMARC1; p=reject"),
    mail_policy(f"v=DMARC1; p=reject; sp=none; {RUA}"),
    mail_policy(f"v=DMARC1; p=none; sp=reject; np=quarantine; {RUA}"),
    mail_policy(f"v=DMARC1; p=reject; np=none; {RUA}"),
    mail_policy(f"v=DMARC1; {RUA}; p=reject"),
    mail_policy(f"v=DMARC1; p=reject; t=y; {RUA}"),
    mail_policy(f"v=DMARC1; p=reject; pct=50; {RUA}"),
    mail_policy(f"v=DMARC1; p=reject; future=1; {RUA}"),
    mail_policy(f"v=DMARC1; p=reject; adkim=s; aspf=s; {RUA}"),
    mail_policy(f"v=DMARC1; {RUA}"),
    mail_policy("v=DMARC1", differ="RFC 9989 §4.10.1: no valid p and no rua: no DMARC processing"),
    mail_policy(f"v=DMARC1; p=destroy; {RUA}", differ="RFC 9989 §4.10.1: with a rua it counts as p=none"),
    mail_policy("v=DMARC1; p=destroy"),
    mail_policy(f"v=DMARC1; p=reject; sp=destroy; {RUA}",
                differ="RFC 9989 §4.10.1: a wrong sp makes it p=none, rua given"),
    mail_policy(f"v=DMARC1; p=reject; adkim=x; {RUA}"),
    mail_policy("v=DMARC1; p=reject; rua=d@example.com",
                differ="RFC 9989 §4.7: a wrong value of an optional tag is ignored, the policy stands"),
    mail_policy("v=dmarc1; p=reject"),
    mail_policy("v=spf1 -all"),
    Case(name="no record", records=MX),
    Case(name="two records", records=txt("_dmarc", "v=DMARC1; p=reject", "v=DMARC1; p=none") + MX),
]  # fmt: skip

RPT = [
    Case(name="good", records=txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:t@{zone}")),
    Case(name="https", records=txt("_smtp._tls", "v=TLSRPTv1; rua=https://r.{zone}/v1")),
    Case(name="no rua", records=txt("_smtp._tls", "v=TLSRPTv1;")),
    Case(name="none", records=MX),
    Case(
        name="two",
        records=txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:a@{zone}", "v=TLSRPTv1; rua=mailto:b@{zone}"),
    ),
]


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    with DnsServer(recursive=True) as server:
        yield server


def laid(server: DnsServer, area: str, number: int, case: Case) -> tuple[str, Any]:
    """The case's zone, served; its name and the resolver for checkdmarc."""
    zone = f"{area}{number}.jp"
    server.zone(zone, case.records.replace("{zone}", zone).replace("{{", "{").replace("}}", "}"))
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.port
    return zone, resolver


def theirs(module: str, function: str, zone: str, resolver: Any) -> dict[str, Any]:
    check = getattr(importlib.import_module(f"checkdmarc.{module}"), function)
    found: dict[str, Any] = check(zone, resolver=resolver, timeout=2)
    return found


QUALIFIERS = {"-": "fail", "~": "softfail", "?": "neutral", "+": "pass", None: None}


def numbered(cases: list[Case]) -> pytest.MarkDecorator:
    ids = [f"{number} {case.name[:40]}" for number, case in enumerate(cases)]
    return pytest.mark.parametrize(("number", "case"), list(enumerate(cases)), ids=ids)


@numbered(SPF)
def test_spf(server: DnsServer, number: int, case: Case) -> None:
    """Validity, the lookups and void lookups counted, and the qualifier of `all`."""
    zone, resolver = laid(server, "spf", number, case)
    found = theirs("spf", "check_spf", zone, resolver)
    fact = ask(lab_context(server), lambda c: spf.look(c, zone)).value
    own = (fact.lookups, fact.void_lookups, QUALIFIERS[fact.all]) if fact.status == "valid" else None
    other = (
        (found["dns_lookups"], found["void_dns_lookups"], found["parsed"]["all"]) if found["valid"] else None
    )
    assert (own != other) == bool(case.differ), (own, other)


@numbered(DMARC)
def test_dmarc(server: DnsServer, number: int, case: Case) -> None:
    """Validity, and what holds for the domain, its subdomains, and names that do not exist."""
    zone, resolver = laid(server, "dmarc", number, case)
    found = theirs("dmarc", "check_dmarc", zone, resolver)
    fact = ask(lab_context(server), lambda c: dmarc.look(c, zone)).value
    valid = fact.status == "valid"
    own = (fact.policy, fact.subdomain_policy, fact.nonexistent_policy) if valid else None
    other = tuple(found["tags"][tag]["value"] for tag in ("p", "sp", "np")) if found["valid"] else None
    assert (own != other) == bool(case.differ), (own, other)


@numbered(RPT)
def test_tls_reports(server: DnsServer, number: int, case: Case) -> None:
    zone, resolver = laid(server, "rpt", number, case)
    found = theirs("smtp_tls_reporting", "check_smtp_tls_reporting", zone, resolver)
    fact = ask(lab_context(server), lambda c: tls_rpt.look(c, zone)).value
    assert (fact.status == "valid") == found["valid"]


STS_RECORDS = [
    "v=STSv1; id=20261101",
    "v=STSv1;id=1;",
    "v=STSv1; id=1; more=x",
    "v=STSv1",
    "v=STSv1; id=",
    "v=STSv1; id=2026-11-01",
    "v=STSv1; id=" + "1" * 33,
    "v=STSv1; id=1; id=2",
    "v=STSv1; nonsense",
]
STS = "version: STSv1\nmode: enforce\nmx: mx.example.jp\nmx: *.example.net\nmax_age: 604800\n"
#: Policies, and the text that decides where the two do not say the same.
STS_POLICIES = [
    (STS, ""),
    (STS.replace("\n", "\r\n"), ""),
    (STS.rstrip("\n"), ""),
    (STS.replace("\n", "\r\r\n"), ""),
    (STS.replace(": ", ":"), ""),
    (STS.replace(": ", " : "), ""),
    (STS.replace("enforce", "testing"), ""),
    (STS.replace("enforce", "on"), ""),
    (STS.replace("version", "Version"), ""),
    (STS.replace("STSv1", "STSv2"), ""),
    (STS.replace("604800", "31557600"), ""),
    (STS.replace("604800", "31557601"), ""),
    (STS.replace("604800", "-1"), ""),
    (STS.replace("604800", "+5"), ""),
    (STS.replace("604800", "1_000"), ""),
    (STS.replace("604800", ""), ""),
    (STS.replace("mx.example.jp", "mx..jp"), ""),
    (STS.replace("mx.example.jp", "*"), ""),
    (STS.replace("mx.example.jp", "not a host!"), ""),
    (STS.replace("mx.example.jp", "*.*.jp"), ""),
    (STS + "mode: none\n", ""),
    (STS + "future-key: anything\n", ""),
    (STS + "x" * 33 + ": a\n", ""),
    (STS + "no colon\n", ""),
    (STS + "\n\n", ""),
    (STS + " \n", ""),
    (STS + "future: a\tb\n", ""),
    (STS + "future:\n", ""),
    (STS.replace("mx.example.jp", "mail"), ""),
    (STS.replace("mx.example.jp", "mx.example.jp."), ""),
    (STS.replace("STSv1", "STSv1\x0c"), "RFC 8461 §3.2: only spaces and tabs may stand round a value"),
    ("version: STSv1\nmode: none\nmax_age: 86400\n", ""),
    ("version: STSv1\nmode: enforce\nmax_age: 86400\n", ""),
    ("mode: enforce\nmx: mx.example.jp\nmax_age: 86400\n", ""),
    ("", ""),
]


@pytest.mark.parametrize("record", STS_RECORDS)
def test_mta_sts_record(record: str) -> None:
    module = importlib.import_module("checkdmarc.mta_sts")
    theirs = True
    try:
        module.parse_mta_sts_record(record)
    except module.MTASTSError:
        theirs = False
    assert (not mta_sts.record_problems([record])) == theirs


Read = tuple[str | None, int | None, tuple[str, ...]] | None


def both_read(policy: str) -> tuple[Read, Read]:
    """Mode, age and patterns of a policy file by us and by checkdmarc; None where it is no policy."""
    module = importlib.import_module("checkdmarc.mta_sts")
    fact = mta_sts.read_policy(policy)
    own = (fact.mode, fact.max_age, fact.mx) if fact.status == "valid" else None
    try:
        read = module.parse_mta_sts_policy(policy)["policy"]
    except module.MTASTSError:
        return own, None
    return own, (read["mode"], read["max_age"], tuple(pattern.lower() for pattern in read["mx"]))


@pytest.mark.parametrize(("policy", "differ"), STS_POLICIES)
def test_mta_sts_policy(policy: str, differ: str) -> None:
    own, theirs = both_read(policy)
    assert (own != theirs) == bool(differ), (own, theirs)


_KEYS = ["version", "mode", "max_age", "mx", "Version", "x", "a" * 33, "a_b.c-d", "_a", "", "é"]
_WORDS = [
    "STSv1", "enforce", "none", "604800", "0", "31557601", "00000000001", "*.a.jp", "a.jp", "A.JP", "a.jp.",
    "a", "*", "a..jp", "-a.jp", "a-.jp", "1.2.3.4", "xn--a.jp", "a_b.jp", "é.jp", "", "a b", "x:y", "a\tb",
    "\x01",
]  # fmt: skip
_lines = st.tuples(
    st.sampled_from(_KEYS),
    st.sampled_from([":", ": ", ":\t", " :", "", "::"]),
    st.sampled_from(_WORDS),
    st.sampled_from(["", " ", "\t"]),
).map("".join)


@settings(max_examples=300)
@given(st.lists(_lines, max_size=2).flatmap(lambda more: st.permutations([*STS.splitlines(), *more])))
def test_mta_sts_policies_at_random(lines: list[str]) -> None:
    """One or two lines of any kind among those of a good policy, in any order."""
    own, theirs = both_read("\n".join(lines))
    assert own == theirs


#: A logo that nobody serves: checkdmarc fetches it, we do not; nothing leaves the machine.
LOGO = "https://127.0.0.1:1/logo.svg"
BIMI = [
    (f"v=BIMI1; l={LOGO}", ""),
    (f"v=BIMI1;l={LOGO};", ""),
    (f"v=BIMI1; l={LOGO}; a=", ""),
    (f"v=BIMI1; l={LOGO}; avp=brand", ""),
    (f"v=BIMI1; l={LOGO}; future=1", ""),
    ("v=BIMI1; l=; a=;", ""),
    ("v=BIMI1; l=;", ""),
    ("v=BIMI1", ""),
    ("v=BIMI1;", ""),
    ("v=BIMI1; a=", ""),
    ("v=BIMI1; l=http://127.0.0.1/logo.svg", ""),
    ("v=BIMI1; l=logo.svg", ""),
    ("v=BIMI1; l=ftp://127.0.0.1/logo.svg", ""),
    (f"v=BIMI1; l={LOGO}; a=vmc.pem", ""),
    (f"v=BIMI1; l={LOGO}; a=http://example.jp/vmc.pem", ""),
    (f"v=BIMI1; l={LOGO}; a=https://192.0.2.1/vmc.pem", ""),
    (f"v=BIMI1; l={LOGO}; a=https://localhost/vmc.pem", ""),
    (f"v=BIMI1; l={LOGO}; a=https://[::1]/vmc.pem", ""),
    (f"v=BIMI1; l={LOGO}; l={LOGO}", ""),
    (f"v=BIMI1; l={LOGO}; ???", ""),
]


@pytest.mark.parametrize(("record", "differ"), BIMI)
def test_bimi(record: str, differ: str) -> None:
    module = importlib.import_module("checkdmarc.bimi")
    theirs = True
    try:
        module.parse_bimi_record(record, domain="example.jp", http_timeout=1)
    except module.BIMIError:
        theirs = False
    own = bimi.read_bimi([record], "example.jp").status != "invalid"
    assert (own != theirs) == bool(differ), (own, theirs)


def test_a_resolver_that_fails_is_no_absence_to_us(server: DnsServer) -> None:
    """checkdmarc#195: it calls a record missing that could not be asked for (RFC 7208 §4.4: temperror)."""
    zone, resolver = laid(server, "fail", 0, Case(name="servfail", records=txt("@", "v=spf1 -all")))
    server.behave(misbehave.SERVFAIL, zone, "TXT")
    found = theirs("spf", "check_spf", zone, resolver)
    assert found["valid"] is False
    assert ask(lab_context(server), lambda c: spf.look(c, zone)).value.status == "temperror"
