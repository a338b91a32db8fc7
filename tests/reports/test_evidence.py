"""What came back, in the words of the protocols."""

import pytest

from posture.core.facts import fact_classes
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_dangling import DnsDangling, Pointer
from posture.core.facts.mail_dkim import MailDkim, Selector
from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.facts.mail_exchangers import MailExchangers
from posture.core.facts.mail_mta_sts import MailMtaSts
from posture.core.facts.mail_tls_rpt import MailTlsRpt
from posture.core.facts.mail_tlsa import MailTlsa, TlsaHost
from posture.core.facts.ports_host import PortsHost
from posture.core.facts.service_product import ServiceProduct
from posture.core.facts.web_exposure import AskedPath, WebExposure
from posture.core.facts.web_grade import GradedTest, WebGrade
from posture.core.observations import Observation, Reason, Seen
from posture.core.targets import Target
from reports.evidence import _FORMS, answer
from tests.support.intelligence import known, server
from tests.support.sample_assessment import DOMAIN, START, observations, seen, unseen

HERE = Target(name=DOMAIN)


def told(kind: str, value: object) -> tuple[str, ...]:
    return answer(seen(kind, HERE, value, 0))


def first(kind: str) -> Observation[object]:
    return next(obs for obs in observations() if obs.kind == kind and isinstance(obs.result, Seen))


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("dns.addresses", ("A 203.0.113.10",)),
        ("dns.caa", ("CAA: NODATA",)),
        ("dnssec.chain", (f"{DOMAIN}: insecure (no-ds)",)),
        ("mail.exchangers", ("MX 10 mx1.mailhost.example 198.51.100.25",)),
        ("mail.spf", ('TXT "v=spf1 include:_spf.mailhost.example ~all"', "SPF: valid, 2 lookups")),
        (
            "tls.endpoint",
            (
                "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3",
                f"CN=www.{DOMAIN}; CN=Example Issuing CA R3,O=Example Trust,C=JP",
                "notAfter 2026-12-02 01:30 UTC; RSA 2048",
                "chain: ok",
            ),
        ),
        (
            "web.response",
            (
                f"HTTP 200 https://www.{DOMAIN}/",
                "Server: nginx/1.18.0",
                "Content-Type: text/html; charset=utf-8",
            ),
        ),
    ],
)
def test_answers_as_an_administrator_knows_them(kind: str, lines: tuple[str, ...]) -> None:
    assert answer(first(kind)) == lines


def test_the_rarer_answers() -> None:
    gone = DnsAddresses(name=DOMAIN, exists=False, ipv4=(), ipv6=("2001:db8::1",), aliases=("cdn.example",))
    assert told("dns.addresses", gone) == (f"{DOMAIN}: NXDOMAIN", "CNAME cdn.example", "AAAA 2001:db8::1")
    caa = DnsCaa(issue=("ca.example",), issuewild=(";",), found_at=DOMAIN)
    assert told("dns.caa", caa) == ('CAA 0 issue "ca.example"', 'CAA 0 issuewild ";"')
    assert told("mail.exchangers", MailExchangers(null_mx=True, hosts=())) == ("MX 0 .",)
    assert told("mail.exchangers", MailExchangers(null_mx=False, hosts=())) == ("MX: NODATA",)
    key = Selector(selector="s1", status="valid", key_type="rsa", bits=1024)
    dkim = MailDkim(selectors=(key,), selectors_checked=("s1", "s2"))
    assert told("mail.dkim", dkim) == ("s1: valid rsa 1024", "2 selectors asked")
    sts = MailMtaSts(status="none", mode=None, max_age=None, mx=(), problems=())
    assert told("mail.mta_sts", sts) == ("MTA-STS: none, mode –",)
    closed = PortsHost(address="203.0.113.9", names=(), ports=(), scanned="T:1-1024", control=True)
    assert told("ports.host", closed) == ("203.0.113.9: no open TCP port of T:1-1024",)
    dmarc = MailDmarc(
        status="none",
        record=None,
        policy=None,
        subdomain_policy=None,
        organizational_domain=None,
        rua=(),
        problems=(),
    )
    assert told("mail.dmarc", dmarc) == ("DMARC: none",)


def test_the_answers_about_names_and_paths() -> None:
    pointer = Pointer(name="shop.example", rdtype="CNAME", target="shop.cloud.example", gone=True)
    dangling = DnsDangling(names_checked=("shop.example", "www.example"), pointers=(pointer,))
    assert told("dns.dangling", dangling) == (
        "shop.example CNAME shop.cloud.example: NXDOMAIN",
        "2 names asked",
    )
    assert told("mail.tls_rpt", MailTlsRpt(status="valid", rua=("mailto:t@example",), problems=())) == (
        "TLS-RPT: valid mailto:t@example",
    )
    host = TlsaHost(name="mx.example", status="secure", records=())
    assert told("mail.tlsa", MailTlsa(mx_status="insecure", hosts=(host,))) == (
        "MX: insecure",
        "mx.example: secure, 0 TLSA",
    )
    asked = (
        AskedPath(path="/.git/HEAD", status=404, media_type="text/html"),
        AskedPath(path="/.env", status=None),
    )
    exposure = WebExposure(origin="https://x.example/", at=START, paths=asked, security_txt=None)
    assert told("web.exposure", exposure) == ("GET /.git/HEAD: 404 text/html", "GET /.env: –")


def test_what_feeds_and_grades_say_is_shown_with_its_origin() -> None:
    fact = known(server("Apache/2.4.51"))
    digests = {feed.name.value: feed.sha256[:16] for feed in fact.feeds}
    assert told("product.intelligence", fact) == (
        "Apache HTTP Server 2.4.51 (http-header) cpe:2.3:a:apache:http_server:2.4.51:*:*:*:*:*:*:*",
        "CVE-2099-90002: exploited; CVSS 7.5; KEV 2026-01-05, due 2027-01-26",
        "CVE-2099-90003: likely; CVSS 8.1; EPSS percentile 0.950",
        "CVE-2099-90004: other; CVSS 9.1; EPSS percentile 0.600",
        "CVE-2099-90005: other; CVSS 5.3; EPSS percentile 0.990",
        f"kev 2026-11-25 sha256:{digests['kev']}",
        f"epss 2026-11-25 sha256:{digests['epss']}",
        f"nvd:apache:http_server 2026-11-25 sha256:{digests['nvd']}",
        f"endoflife 2026-11-25 sha256:{digests['endoflife']}",
    )
    assert told("product.intelligence", known(server("Apache")))[1] == "? CVE-2099-90001 CVE-2099-90002"
    tests = (GradedTest(test="cookies", result="cookies-not-found", modifier=0),)
    grade = WebGrade(url="https://x.example/", algorithm="A", score=None, grade=None, tests=tests)
    assert told("web.grade", grade) == ("A: – (–)", "+0 cookies: cookies-not-found")


def test_what_was_not_seen_gives_no_answer() -> None:
    assert answer(unseen("dns.caa", HERE, Reason.TIMEOUT, 0)) == ()


def test_an_answer_is_cut_in_length_and_lines() -> None:
    service = ServiceProduct(
        protocol="ssh",
        banner="x" * 1000,
        vendor=None,
        product=None,
        version=None,
        cpe=None,
        how="banner",
        confidence=5,
    )
    assert told("service.product", service) == ("x" * 160 + "…",)
    many = DnsAddresses(name=DOMAIN, exists=True, ipv4=tuple(f"203.0.113.{n}" for n in range(40)), ipv6=())
    assert len(told("dns.addresses", many)) == 13


def test_every_form_is_of_a_kind_that_exists() -> None:
    assert _FORMS.keys() <= fact_classes().keys()
