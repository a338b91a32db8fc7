"""The DNS judges: for each fact the complete list of verdicts."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from posture.checks.dns import (
    caa,
    cds_consistent,
    dnssec_renewed,
    dnssec_strong,
    dnssec_valid,
    glue_correct,
    name_servers_answer,
    name_servers_consistent,
    name_servers_diverse,
    name_servers_no_alias,
    name_servers_public,
    name_servers_redundant,
    names_deliberate,
    no_dangling_names,
    no_open_recursion,
    nsec3_light,
    soa_timers_sensible,
    software_version_hidden,
    zone_transfer_refused,
)
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_dangling import DnsDangling, Pointer
from posture.core.facts.dns_zone import DnsZone, NameServer, Soa
from posture.core.facts.dnssec_chain import DelegationSigner, DnssecChain, ZoneKey
from posture.core.findings import Confidence, Verdict, failed, not_applicable, passed, unknown
from posture.core.targets import Target

NAMES = ("ns1.example.jp", "ns2.example.jp")
FIRST = NameServer(
    name=NAMES[0],
    address="192.0.2.1",
    udp=True,
    tcp=True,
    authoritative=True,
    serial=7,
    recursion=False,
    transfer=False,
    ns=NAMES,
)
SECOND = replace(FIRST, name=NAMES[1], address="192.0.2.2")
SILENT = NameServer(name=NAMES[1], address="192.0.2.2")
TIMERS = Soa(
    mname=NAMES[0],
    rname="hostmaster.example.jp",
    serial=7,
    refresh=14400,
    retry=3600,
    expire=1209600,
    minimum=300,
)
GOOD = DnsZone(zone="example.jp", nameservers=(FIRST, SECOND), parent_ns=NAMES, child_ns=NAMES, soa=TIMERS)
#: Nothing at all could be learnt of the name servers.
BLIND = replace(GOOD, nameservers=(), parent_ns=None, soa=None)
#: One server was resolved and stayed silent.
HALF = replace(GOOD, nameservers=(FIRST, SILENT))
LABEL = "ns2.example.jp [192.0.2.2]"


def zone(**second: object) -> DnsZone:
    """The good zone with a changed second server."""
    return replace(GOOD, nameservers=(FIRST, replace(SECOND, **second)))  # type: ignore[arg-type]


def said(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts without the machines they are about (see the last test)."""
    return [replace(verdict, machines=()) for verdict in verdicts]


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("refused", count=2)]),
        (zone(transfer=True), [failed("allowed", servers=(LABEL,))]),
        (replace(HALF, nameservers=(replace(FIRST, transfer=True), SILENT)),
         [failed("allowed", servers=("ns1.example.jp [192.0.2.1]",))]),
        (HALF, [unknown("unseen", path="nameservers.1.transfer")]),
        (BLIND, [unknown("unseen", path="nameservers")]),
        (replace(GOOD, nameservers=(FIRST,)), [unknown("unseen", path="nameservers")]),
    ],
)  # fmt: skip
def test_zone_transfer_refused(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(zone_transfer_refused.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("closed", count=2)]),
        (zone(recursion=True), [failed("open", servers=(LABEL,))]),
        (HALF, [unknown("unseen", path="nameservers.1.recursion")]),
        (BLIND, [unknown("unseen", path="nameservers")]),
    ],
)
def test_no_open_recursion(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(no_open_recursion.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("redundant", names=NAMES, addresses=2)]),
        (replace(GOOD, child_ns=NAMES[:1], nameservers=(FIRST,)), [failed("single_name", count=1)]),
        (zone(address="192.0.2.1"), [failed("single_address", names=NAMES)]),
        (replace(GOOD, nameservers=(FIRST,), ns_without_address=NAMES[1:]),
         [failed("single_address", names=NAMES)]),
        (replace(GOOD, nameservers=(FIRST,)), [unknown("unseen", path="nameservers")]),
        (HALF, [passed("redundant", names=NAMES, addresses=2)]),
    ],
)  # fmt: skip
def test_name_servers_redundant(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert list(name_servers_redundant.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("answering", count=2)]),
        (zone(udp=False, tcp=False, authoritative=None), [failed("down", servers=(LABEL,))]),
        (zone(authoritative=False), [failed("lame", servers=(LABEL,))]),
        (zone(tcp=False), [failed("no_tcp", servers=(LABEL,))]),
        (replace(GOOD, nameservers=(FIRST,), ns_without_address=NAMES[1:]),
         [failed("without_address", servers=NAMES[1:])]),
        (HALF, [unknown("unseen", path="nameservers.1.udp")]),
        (zone(tcp=None), [unknown("unseen", path="nameservers.1.tcp")]),
        (BLIND, [unknown("unseen", path="nameservers")]),
    ],
)  # fmt: skip
def test_name_servers_answer(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(name_servers_answer.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("consistent", serial=7)]),
        (zone(serial=6), [failed("serials_differ", serials=("6", "7"))]),
        (zone(ns=NAMES[:1]), [failed("sets_differ")]),
        (replace(GOOD, parent_ns=NAMES[:1]),
         [failed("parent_differs", parent=NAMES[:1], child=NAMES)]),
        (replace(GOOD, parent_ns=None), [unknown("unseen", path="parent_ns")]),
        (HALF, [unknown("unseen", path="nameservers.1.serial")]),
        (BLIND, [unknown("unseen", path="nameservers")]),
    ],
)  # fmt: skip
def test_name_servers_consistent(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(name_servers_consistent.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("no_alias")]),
        (replace(GOOD, ns_aliases=NAMES[:1]), [failed("alias", servers=NAMES[:1])]),
        (replace(GOOD, nameservers=(FIRST,)), [unknown("unseen", path="nameservers")]),
    ],
)
def test_name_servers_no_alias(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert list(name_servers_no_alias.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (GOOD, [passed("hidden")]),
        (zone(version="9.18.24"), [failed("shown", versions=("9.18.24",))]),
        (zone(version="go away"), [passed("hidden")]),
        (HALF, [unknown("unseen", path="nameservers.1.udp")]),
    ],
)
def test_software_version_hidden(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(software_version_hidden.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("soa", "verdicts"),
    [
        (TIMERS, [passed("sensible", seconds=1209600)]),
        (replace(TIMERS, expire=604800), [passed("sensible", seconds=604800)]),
        (replace(TIMERS, expire=604799), [failed("expires_soon", seconds=604799)]),
        (replace(TIMERS, refresh=1300000), [failed("expires_soon", seconds=1209600)]),
        (replace(TIMERS, retry=14400), [failed("retry_too_slow", retry=14400, refresh=14400)]),
        (replace(TIMERS, minimum=86401), [failed("errors_remembered", seconds=86401)]),
        (None, [unknown("unseen", path="soa")]),
    ],
)
def test_soa_timers_sensible(soa: Soa | None, verdicts: list[Verdict]) -> None:
    assert list(soa_timers_sensible.judge(replace(GOOD, soa=soa))) == verdicts


def chain(status: str, *, signed: bool | None = None) -> DnssecChain:
    return DnssecChain(zone="example.jp", status=status, reason="why", signed=signed)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (chain("secure", signed=True), [passed("secure")]),
        (chain("insecure", signed=False), [failed("unsigned")]),
        (chain("insecure", signed=True), [failed("no_ds")]),
        *(
            (replace(chain("insecure", signed=True), reason=why), [failed("unchecked", reason_word=why)])
            for why in (
                "unsupported-algorithm:example.jp",
                "nsec3-iterations:example.jp",
                "opt-out:example.jp",
            )
        ),
        (chain("bogus", signed=True), [failed("bogus", reason_word="why")]),
        (chain("indeterminate"), [unknown("unseen", path="status")]),
    ],
)
def test_dnssec_valid(fact: DnssecChain, verdicts: list[Verdict]) -> None:
    assert list(dnssec_valid.judge(fact)) == verdicts


def key(algorithm: int, bits: int) -> ZoneKey:
    return ZoneKey(tag=1, algorithm=algorithm, bits=bits, entry=True)


DAY = 86400
SHA1, SHA256 = (DelegationSigner(tag=1, algorithm=8, digest_type=kind) for kind in (1, 2))
SIGNED = replace(
    chain("secure", signed=True),
    keys=(key(13, 256),),
    signers=(SHA256,),
    denial="nsec3",
    nsec3_iterations=0,
    nsec3_salted=False,
    signature_left=10 * DAY,
    signature_life=14 * DAY,
)
UNTOLD = chain("indeterminate")
UNSIGNED = chain("insecure", signed=False)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (SIGNED, [passed("strong")]),
        (replace(SIGNED, keys=(key(8, 2048),)), [passed("strong")]),
        (replace(SIGNED, keys=(key(8, 2048), key(8, 1024))), [failed("short_key", bits=1024)]),
        (replace(SIGNED, keys=(key(8, 512),)), [failed("tiny_key", bits=512)]),
        (replace(SIGNED, keys=(key(7, 2048), key(13, 256))),
         [failed("outdated", algorithms=("RSASHA1-NSEC3-SHA1",))]),
        (replace(SIGNED, signers=(SHA1,)), [failed("sha1_digest")]),
        (replace(SIGNED, signers=(SHA1, SHA256)), [passed("strong")]),
        (UNSIGNED, [not_applicable("not_signed")]),
        (UNTOLD, [unknown("unseen", path="status")]),
    ],
)  # fmt: skip
def test_dnssec_strong(fact: DnssecChain, verdicts: list[Verdict]) -> None:
    assert list(dnssec_strong.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (SIGNED, [passed("renewed", days=10)]),
        (replace(SIGNED, signature_left=DAY), [failed("late", hours=24)]),
        (replace(SIGNED, signature_left=-DAY), [failed("late", hours=-24)]),
        (replace(SIGNED, signature_left=DAY, signature_life=3 * DAY), [passed("renewed", days=1)]),
        (replace(SIGNED, signature_left=300 * DAY, signature_life=365 * DAY), [failed("long", days=365)]),
        (UNSIGNED, [not_applicable("not_signed")]),
        (UNTOLD, [unknown("unseen", path="status")]),
    ],
)
def test_dnssec_renewed(fact: DnssecChain, verdicts: list[Verdict]) -> None:
    assert list(dnssec_renewed.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (SIGNED, [passed("light")]),
        (replace(SIGNED, nsec3_iterations=1), [failed("needless", iterations=1)]),
        (replace(SIGNED, nsec3_salted=True), [failed("needless", iterations=0)]),
        (replace(SIGNED, nsec3_iterations=101), [failed("heavy", iterations=101)]),
        (replace(SIGNED, denial="nsec", nsec3_iterations=None), [not_applicable("no_nsec3")]),
        (UNSIGNED, [not_applicable("no_nsec3")]),
        (UNTOLD, [unknown("unseen", path="status")]),
    ],
)
def test_nsec3_light(fact: DnssecChain, verdicts: list[Verdict]) -> None:
    assert list(nsec3_light.judge(fact)) == verdicts


def records(*issue: str, critical: tuple[str, ...] = ()) -> DnsCaa:
    return DnsCaa(issue=issue, issuewild=(), found_at="example.jp", critical_unknown=critical)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (records("ca.example"), [passed("restricted", issuers=("ca.example",), found_at="example.jp")]),
        (records(";", "ca.example"), [passed("restricted", issuers=("ca.example",), found_at="example.jp")]),
        (records(";"), [passed("forbidden", found_at="example.jp")]),
        (records("ca.example", critical=("tbs",)), [failed("blocked", tags=("tbs",), found_at="example.jp")]),
        (records(), [failed("unrestricted")]),
        (DnsCaa(issue=(), issuewild=(), found_at=None), [failed("unrestricted")]),
    ],
)
def test_caa(fact: DnsCaa, verdicts: list[Verdict]) -> None:
    assert list(caa.judge(fact)) == verdicts


ALIVE = Pointer(name="www.example.jp", rdtype="CNAME", target="host.example.net", gone=False)
GONE = replace(ALIVE, gone=True)
ASKED = ("www.example.jp", "shop.example.jp")
SAID = {"name": "www.example.jp", "kind": "CNAME", "target": "host.example.net"}


def dangling(*pointers: Pointer, asked: tuple[str, ...] = ASKED) -> DnsDangling:
    return DnsDangling(names_checked=asked, pointers=pointers)


def marked(verdict: Verdict, confidence: Confidence) -> Verdict:
    return replace(verdict, discriminator="www.example.jp CNAME host.example.net", confidence=confidence)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (dangling(), [passed("clean", count=2)]),
        (dangling(ALIVE), [passed("clean", count=2)]),
        (dangling(GONE, ALIVE), [marked(failed("gone", **SAID), Confidence.OBSERVED)]),
        (dangling(replace(GONE, claimable="registry")),
         [marked(failed("unregistered", **SAID), Confidence.INFERRED)]),
        (dangling(replace(GONE, claimable="Heroku")),
         [marked(failed("claimable", service="Heroku", **SAID), Confidence.INFERRED)]),
        (dangling(GONE, replace(GONE, name="www.example.jp", gone=None)),
         [marked(failed("gone", **SAID), Confidence.OBSERVED)]),
        (dangling(ALIVE, replace(ALIVE, gone=None)), [unknown("unseen", path="pointers.1.gone")]),
        (dangling(asked=()), [unknown("unseen", path="names_checked")]),
        (replace(dangling(ALIVE), unasked=("TXT",)), [unknown("unseen", path="unasked")]),
        (replace(dangling(GONE), unasked=("TXT",)), [marked(failed("gone", **SAID), Confidence.OBSERVED)]),
    ],
)  # fmt: skip
def test_no_dangling_names(fact: DnsDangling, verdicts: list[Verdict]) -> None:
    assert list(no_dangling_names.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("wrong", "verdicts"),
    [
        ((), [passed("correct")]),
        (NAMES[1:], [failed("wrong", servers=NAMES[1:])]),
        (None, [unknown("unseen", path="wrong_glue")]),
    ],
)
def test_glue_correct(wrong: tuple[str, ...] | None, verdicts: list[Verdict]) -> None:
    assert list(glue_correct.judge(replace(GOOD, wrong_glue=wrong))) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (zone(address="198.51.100.2"), [passed("diverse", count=2)]),
        (zone(address="2001:db8::2"), [passed("diverse", count=2)]),
        (GOOD, [failed("one_network", network="192.0.2.0/24")]),
        (zone(address="192.0.2.1"), [not_applicable("single")]),
        (replace(GOOD, nameservers=(FIRST,)), [unknown("unseen", path="nameservers")]),
        (BLIND, [unknown("unseen", path="nameservers")]),
    ],
)
def test_name_servers_diverse(fact: DnsZone, verdicts: list[Verdict]) -> None:
    assert said(name_servers_diverse.judge(fact)) == verdicts


ONE, TWO = (Target(name=server.name, address=server.address) for server in (FIRST, SECOND))


@pytest.mark.parametrize(
    ("verdicts", "machines"),
    [
        (zone_transfer_refused.judge(zone(transfer=True)), (TWO,)),
        (zone_transfer_refused.judge(GOOD), (ONE, TWO)),
        (no_open_recursion.judge(zone(recursion=True)), (TWO,)),
        (name_servers_answer.judge(zone(udp=False)), (TWO,)),
        (name_servers_answer.judge(replace(GOOD, ns_without_address=("ns3.example.jp",))), ()),
        (name_servers_consistent.judge(zone(serial=6)), (ONE, TWO)),
        (name_servers_consistent.judge(replace(GOOD, parent_ns=("ns9.example.jp",))), ()),
        (name_servers_diverse.judge(GOOD), (ONE, TWO)),
        (software_version_hidden.judge(zone(version="9.4.2")), (ONE, TWO)),
    ],
)
def test_what_is_the_servers_is_said_of_them(
    verdicts: Iterable[Verdict], machines: tuple[Target, ...]
) -> None:
    """Who runs them can mend it; what stands in the zone or its delegation is the applicant's."""
    assert [verdict.machines for verdict in verdicts] == [machines]


@pytest.mark.parametrize(
    ("cds", "verdict"),
    [
        ("none", not_applicable("not_used")),
        ("current", passed("current")),
        ("rollover", passed("rollover")),
        ("delete", failed("removal")),
        ("unmatched", failed("unmatched")),
        ("disagree", failed("disagree")),
        (None, unknown("unseen", path="cds")),
    ],
)
def test_cds_consistent(cds: str | None, verdict: Verdict) -> None:
    assert list(cds_consistent.judge(replace(SIGNED, cds=cds, ds=True))) == [verdict]


def test_cds_of_zones_without_ds_or_keys() -> None:
    assert list(cds_consistent.judge(replace(SIGNED, cds="delete", ds=False))) == [passed("removed")]
    assert list(cds_consistent.judge(chain("insecure", signed=False))) == [not_applicable("not_signed")]
    unseen = replace(chain("indeterminate"), signed=None)
    assert list(cds_consistent.judge(unseen)) == [unknown("unseen", path="status")]


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("no-keys:example.jp", failed("ds_without_keys")),
        ("ds-mismatch:example.jp", failed("ds_mismatch")),
        ("signature-expired:example.jp", failed("bogus", reason_word="signature-expired:example.jp")),
    ],
)
def test_a_bogus_delegation_is_called_by_its_name(reason: str, verdict: Verdict) -> None:
    assert list(dnssec_valid.judge(replace(chain("bogus"), reason=reason))) == [verdict]


STARS = DnsDangling(names_checked=("example.jp",), pointers=(), wildcard=(), wildcard_mx=())


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (STARS, passed("deliberate")),
        (replace(STARS, wildcard=("192.0.2.9",)), failed("wildcard", targets=("192.0.2.9",))),
        (replace(STARS, wildcard=("192.0.2.9",), wildcard_mx=("mx.example.jp",)),
         failed("mail", targets=("mx.example.jp",))),
        (replace(STARS, wildcard=None), unknown("unseen", path="wildcard")),
        (replace(STARS, wildcard_mx=None), unknown("unseen", path="wildcard_mx")),
    ],
)  # fmt: skip
def test_names_deliberate(fact: DnsDangling, verdict: Verdict) -> None:
    assert list(names_deliberate.judge(fact)) == [verdict]


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (GOOD, passed("public", count=2)),
        (zone(public=False), failed("private", servers=(LABEL,))),
        (BLIND, unknown("unseen", path="nameservers")),
        (replace(GOOD, nameservers=(FIRST,)), unknown("unseen", path="nameservers")),
    ],
)
def test_name_servers_public(fact: DnsZone, verdict: Verdict) -> None:
    assert list(name_servers_public.judge(fact)) == [verdict]


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ({"mx": ("10 mx.example.jp",)}, {"mx": ()}, failed("mx_differ")),
        ({"spf": ("v=spf1 -all",)}, {"spf": ("v=spf1 ~all",)}, failed("spf_differ")),
        ({"mx": ("10 mx.example.jp",)}, {"mx": None}, passed("consistent", serial=7)),
    ],
)
def test_servers_that_differ_about_mail(
    first: dict[str, object], second: dict[str, object], verdict: Verdict
) -> None:
    servers = (replace(FIRST, **first), replace(SECOND, **second))  # type: ignore[arg-type]
    assert said(name_servers_consistent.judge(replace(GOOD, nameservers=servers))) == [verdict]
