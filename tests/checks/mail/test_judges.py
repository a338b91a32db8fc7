"""The mail judges: for each fact the complete list of verdicts."""

from dataclasses import replace

import pytest

from posture.checks.mail import (
    dane,
    dkim,
    dmarc,
    dmarc_reports,
    dmarc_subdomains,
    exchangers_resolve,
    mta_sts,
    spf,
    spf_few_senders,
    tls_reports,
)
from posture.core.facts.mail_dkim import MailDkim, Selector
from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers
from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.facts.mail_spf import MailSpf
from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost, TlsaRecord
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

SPF = MailSpf(
    status="valid",
    records=("v=spf1 mx -all",),
    lookups=1,
    void_lookups=0,
    all="-",
    problems=(),
    ipv4_senders=4,
)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (SPF, [passed("strict", lookups=1)]),
        (replace(SPF, all="~"), [passed("soft", lookups=1)]),
        (replace(SPF, all="?"), [failed("neutral")]),
        (replace(SPF, all=None), [failed("neutral")]),
        (replace(SPF, all="+"), [failed("everyone")]),
        (replace(SPF, status="none", all=None), [failed("missing")]),
        (replace(SPF, status="permerror", problems=("too-many-lookups",)),
         [failed("broken", problems=("too-many-lookups",))]),
        (replace(SPF, status="temperror", all=None), [unknown("unseen", path="status")]),
    ],
)  # fmt: skip
def test_spf(fact: MailSpf, verdicts: list[Verdict]) -> None:
    assert list(spf.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (SPF, [passed("few", count=4)]),
        (replace(SPF, ipv4_senders=2**20 - 1), [passed("few", count=2**20 - 1)]),
        (replace(SPF, ipv4_senders=2**20), [failed("many", count=2**20)]),
        (replace(SPF, ipv4_senders=2**24), [failed("everyone", count=2**24)]),
        (replace(SPF, all="+", ipv4_senders=2**32), [not_applicable("everybody")]),
        (replace(SPF, status="none", ipv4_senders=None), [not_applicable("no_policy")]),
        (replace(SPF, status="temperror", ipv4_senders=None), [unknown("unseen", path="status")]),
    ],
)
def test_spf_few_senders(fact: MailSpf, verdicts: list[Verdict]) -> None:
    assert list(spf_few_senders.judge(fact)) == verdicts


DMARC = MailDmarc(
    status="valid",
    record="v=DMARC1; p=reject; rua=mailto:d@example.jp",
    policy="reject",
    subdomain_policy="reject",
    nonexistent_policy="reject",
    organizational_domain="example.jp",
    rua=("mailto:d@example.jp",),
    problems=(),
)
NO_DMARC = replace(DMARC, status="none", policy=None, subdomain_policy=None, nonexistent_policy=None, rua=())


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (DMARC, [passed("enforced", policy="reject")]),
        (replace(DMARC, policy="quarantine"), [passed("enforced", policy="quarantine")]),
        (replace(DMARC, testing=True), [passed("weakened")]),
        (replace(DMARC, policy="quarantine", testing=True), [failed("testing")]),
        (replace(DMARC, policy="none"), [failed("not_enforced")]),
        (replace(DMARC, policy="none", testing=True), [failed("not_enforced")]),
        (NO_DMARC, [failed("missing")]),
        (replace(NO_DMARC, status="invalid", problems=("several-records",)),
         [failed("broken", problems=("several-records",))]),
        (replace(NO_DMARC, status="temperror"), [unknown("unseen", path="status")]),
    ],
)  # fmt: skip
def test_dmarc(fact: MailDmarc, verdicts: list[Verdict]) -> None:
    assert list(dmarc.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (DMARC, [passed("protected", policy="reject")]),
        (replace(DMARC, subdomain_policy="none"), [failed("subdomains_open")]),
        (replace(DMARC, nonexistent_policy="none"), [failed("invented_open")]),
        (replace(DMARC, policy="none", subdomain_policy="none"), [not_applicable("domain_unprotected")]),
        (NO_DMARC, [not_applicable("domain_unprotected")]),
        (replace(NO_DMARC, status="temperror"), [unknown("unseen", path="status")]),
    ],
)
def test_dmarc_subdomains(fact: MailDmarc, verdicts: list[Verdict]) -> None:
    assert list(dmarc_subdomains.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (DMARC, [passed("reported", addresses=("mailto:d@example.jp",))]),
        (replace(DMARC, rua=()), [failed("none")]),
        (
            replace(DMARC, unconfirmed_reports=("example.net",)),
            [failed("unconfirmed", hosts=("example.net",))],
        ),
        (replace(DMARC, unconfirmed_reports=None), [unknown("unseen", path="unconfirmed_reports")]),
        (NO_DMARC, [not_applicable("no_record")]),
        (replace(NO_DMARC, status="temperror"), [unknown("unseen", path="status")]),
    ],
)
def test_dmarc_reports(fact: MailDmarc, verdicts: list[Verdict]) -> None:
    assert list(dmarc_reports.judge(fact)) == verdicts


STS = MailMtaSts(status="valid", mode="enforce", max_age=1209600, mx=("mx.example.jp",), problems=())
NO_STS = replace(STS, status="none", mode=None, max_age=None, mx=())


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (STS, [passed("enforced", seconds=1209600)]),
        (replace(STS, max_age=86399), [failed("forgotten", seconds=86399)]),
        (replace(STS, mode="testing"), [failed("testing")]),
        (replace(STS, mode="none"), [failed("withdrawn")]),
        (replace(STS, uncovered=("mx2.example.jp",)),
         [failed("exchangers_missing", exchangers=("mx2.example.jp",))]),
        (replace(STS, uncovered=None), [unknown("unseen", path="uncovered")]),
        (NO_STS, [failed("missing")]),
        (replace(NO_STS, status="invalid", problems=("bad-id",)), [failed("broken", problems=("bad-id",))]),
        (replace(NO_STS, status="temperror"), [unknown("unseen", path="status")]),
    ],
)  # fmt: skip
def test_mta_sts(fact: MailMtaSts, verdicts: list[Verdict]) -> None:
    assert list(mta_sts.judge(fact)) == verdicts


HOST = Exchanger(preference=10, name="mx.example.jp", addresses=("192.0.2.25",), exists=True)
MX = MailExchangers(null_mx=False, hosts=(HOST,))


def with_host(**changes: object) -> MailExchangers:
    return replace(MX, hosts=(HOST, replace(HOST, name="mx2.example.jp", **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (MX, [passed("resolving", hosts=("mx.example.jp",))]),
        (with_host(addresses=(), exists=False), [failed("gone", hosts=("mx2.example.jp",))]),
        (with_host(addresses=()), [failed("without_address", hosts=("mx2.example.jp",))]),
        (with_host(alias=True), [failed("alias", hosts=("mx2.example.jp",))]),
        (with_host(addresses=None, exists=None), [unknown("unseen", path="hosts.1.addresses")]),
        (replace(MX, problems=("null-mx-among-others",)), [failed("contradiction")]),
        (MailExchangers(null_mx=True, hosts=()), [passed("no_mail")]),
        (MailExchangers(null_mx=False, hosts=(), implicit=True), [failed("implicit")]),
        (MailExchangers(null_mx=False, hosts=(), implicit=False), [passed("none")]),
        (MailExchangers(null_mx=False, hosts=(), implicit=None), [unknown("unseen", path="implicit")]),
        (
            MailExchangers(
                null_mx=False, hosts=(replace(HOST, addresses=("10.0.0.1",), inward=("10.0.0.1",)),)
            ),
            [failed("private", hosts=("mx.example.jp [10.0.0.1]",))],
        ),
    ],
)
def test_exchangers_resolve(fact: MailExchangers, verdicts: list[Verdict]) -> None:
    assert list(exchangers_resolve.judge(fact)) == verdicts


def key(status: str = "valid", bits: int | None = 2048, kind: str = "rsa") -> Selector:
    return Selector(selector="s1", status=status, key_type=kind, bits=bits)


ASKED = ("s1", "s2")


def keys(*found: Selector, below: bool | None = True, sends: bool | None = True) -> MailDkim:
    return MailDkim(selectors=found, selectors_checked=ASKED, any_below=below, sends_mail=sends)


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (keys(key()), [passed("signed", selectors=("s1",))]),
        (keys(key(kind="ed25519", bits=256)), [passed("signed", selectors=("s1",))]),
        (keys(key(), key("revoked", None)), [passed("signed", selectors=("s1",))]),
        (keys(key(bits=1024)), [failed("short", bits=1024)]),
        (keys(key(), key(bits=768)), [failed("weak", bits=768)]),
        (keys(key("testing")), [failed("testing", selectors=("s1",))]),
        (keys(key("revoked", None)), [failed("unusable", selectors=("s1",))]),
        (keys(key("invalid", None)), [failed("unusable", selectors=("s1",))]),
        (keys(), [unknown("not_confirmed", path="selectors", count=2)]),
        (keys(below=None), [unknown("not_confirmed", path="selectors", count=2)]),
        (keys(below=False), [failed("missing")]),
        (keys(below=False, sends=False), [not_applicable("sends_no_mail")]),
        (keys(sends=False), [not_applicable("sends_no_mail")]),
    ],
)
def test_dkim(fact: MailDkim, verdicts: list[Verdict]) -> None:
    assert list(dkim.judge(fact)) == verdicts


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (MailTlsRpt(status="valid", rua=("mailto:t@x.jp",), problems=()),
         [passed("reported", addresses=("mailto:t@x.jp",))]),
        (MailTlsRpt(status="none", rua=(), problems=()), [failed("missing")]),
        (MailTlsRpt(status="invalid", rua=(), problems=("bad-uri",)),
         [failed("broken", problems=("bad-uri",))]),
        (MailTlsRpt(status="temperror", rua=(), problems=()), [unknown("unseen", path="status")]),
    ],
)  # fmt: skip
def test_tls_reports(fact: MailTlsRpt, verdicts: list[Verdict]) -> None:
    assert list(tls_reports.judge(fact)) == verdicts


PROMISE = TlsaRecord(usage=3, selector=1, matching=1, data="ab")
FIRST = TlsaHost(name="mx1.example.jp", status="secure", records=(PROMISE,), matches=True)
SECOND = replace(FIRST, name="mx2.example.jp")
BOTH = ("mx1.example.jp", "mx2.example.jp")


def tlsa(*, mx: str = "secure", **second: object) -> MailTlsa:
    return MailTlsa(mx_status=mx, hosts=(FIRST, replace(SECOND, **second)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "verdicts"),
    [
        (tlsa(), [passed("kept", hosts=BOTH)]),
        (tlsa(matches=False), [failed("mismatch", hosts=BOTH[1:])]),
        (tlsa(matches=None), [unknown("not_compared", path="hosts.1.matches")]),
        (tlsa(records=(), matches=None), [failed("partial", hosts=BOTH[1:])]),
        (tlsa(records=(replace(PROMISE, usage=1),), matches=None), [failed("partial", hosts=BOTH[1:])]),
        (tlsa(status="insecure", matches=None), [failed("unsigned")]),
        (tlsa(mx="insecure"), [failed("unsigned")]),
        (tlsa(mx="indeterminate"), [unknown("unseen", path="mx_status")]),
        (tlsa(status="indeterminate", records=(), matches=None), [unknown("unseen", path="hosts.1.status")]),
        (tlsa(status="bogus", matches=None), [failed("bogus", hosts=BOTH[1:])]),
        (
            MailTlsa(mx_status="secure", hosts=(replace(FIRST, records=(), matches=None),)),
            [failed("missing")],
        ),
        (MailTlsa(mx_status="secure", hosts=()), [not_applicable("no_exchangers")]),
    ],
)
def test_dane(fact: MailTlsa, verdicts: list[Verdict]) -> None:
    assert [replace(verdict, machines=()) for verdict in dane.judge(fact)] == verdicts
