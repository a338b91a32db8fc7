"""A realistic assessment made by hand: a small manufacturer with one bad hole and a few ordinary ones.

Findings come from the real judges over observations written here; score and decision are written by
hand, so that the reports' tests do not move with the model.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from models import appetite
from posture.checks.footprint import footprint
from posture.checks.registry import catalogue
from posture.checks.runner import judge
from posture.core.application import Application, CoverTerms
from posture.core.assessment import Assessment, Contact, Digests, PricedBy, Scanner
from posture.core.consent import Authority, Basis, Consent, Granter, Proof, ProofMethod, Technique
from posture.core.decisions import (
    Action,
    AmountInterval,
    Contribution,
    Cover,
    Coverage,
    Decision,
    Interval,
    Loading,
    Phase,
    Premium,
    RiskScore,
    Statement,
    Step,
    Subjectivity,
    Tier,
)
from posture.core.facts.dns_addresses import DnsAddresses
from posture.core.facts.dns_caa import DnsCaa
from posture.core.facts.dns_zone import DnsZone, NameServer, Soa
from posture.core.facts.dnssec_chain import DnssecChain
from posture.core.facts.mail_dmarc import MailDmarc
from posture.core.facts.mail_exchangers import Exchanger, MailExchangers
from posture.core.facts.mail_spf import MailSpf
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.facts.tls_endpoint import PROTOCOLS, Certificate, TlsEndpoint, Trust
from posture.core.facts.web_response import Cookie, Redirect, WebResponse
from posture.core.features import FeatureVector
from posture.core.findings import Argument, Finding, Outcome, Owner
from posture.core.observations import Gap, Observation, Reason, Seen, Unseen
from posture.core.scope import Scope
from posture.core.targets import Target, network

DOMAIN = "sakura-seiki.example"
START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
END = START + timedelta(minutes=3, seconds=41)
EVIDENCE = "9f2c4b7a1d3e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5061728394a5b6c7d8e"


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def seen(kind: str, target: Target, value: Any, second: int, *gaps: Gap) -> Observation[Any]:
    return Observation(
        kind=kind, target=target, at=at(second), result=Seen(value=value, gaps=gaps), evidence=(EVIDENCE,)
    )


def unseen(kind: str, target: Target, reason: Reason, second: int, detail: str = "") -> Observation[Any]:
    return Observation(
        kind=kind, target=target, at=at(second), result=Unseen(reason=reason, detail=detail), evidence=()
    )


def consent() -> Consent:
    return Consent(
        applicant="株式会社さくら精機",
        domains=(DOMAIN,),
        networks=(network("203.0.113.0/28"),),
        excluded_names=(f"old.{DOMAIN}",),
        excluded_networks=(network("203.0.113.14/32"),),
        techniques=frozenset(Technique) - {Technique.AUTH_METHODS},
        ports="default",
        valid_from=datetime(2026, 11, 1, tzinfo=UTC),
        valid_until=datetime(2027, 11, 1, tzinfo=UTC),
        granted_by=Granter(name="髙橋 葉子", title="情報システム部長", email=f"takahashi@{DOMAIN}"),
        disclose_to=("insurer", "agency"),
        retain_until=date(2034, 12, 1),
        document_sha256="ab" * 32,
        proof=Proof(method=ProofMethod.DNS_TXT),
        authority=(Authority(domains=(DOMAIN,), networks=(network("203.0.113.0/28"),), basis=Basis.OWN),),
    )


def application() -> Application:
    return Application(
        applicant="株式会社さくら精機",
        country="JP",
        currency="JPY",
        sector="manufacturing",
        revenue=500_000_000,
        employees=80,
        records=12_000,
        covers={
            Cover.A: CoverTerms(limit=100_000_000, deductible=100_000),
            Cover.B: CoverTerms(limit=30_000_000, deductible=100_000),
            Cover.C: CoverTerms(limit=30_000_000, waiting_hours=12),
        },
        controls={"mfa_remote_access": True},
        daily_gross_profit=1_200_000,
    )


def certificate(name: str, days_left: int) -> Certificate:
    return Certificate(
        sha256="5c" * 32,
        der=b"0\x82",
        subject=f"CN={name}",
        issuer="CN=Example Issuing CA R3,O=Example Trust,C=JP",
        not_before=START - timedelta(days=80),
        not_after=START + timedelta(days=days_left),
        names=(name,),
        key_type="RSA",
        key_bits=2048,
        signature_algorithm="sha256WithRSAEncryption",
    )


def tls(name: str, address: str, *, old: bool, days_left: int) -> TlsEndpoint:
    return TlsEndpoint(
        host=name,
        address=address,
        port=443,
        starttls=None,
        server_name=name,
        at=at(60),
        protocols=dict(zip(PROTOCOLS, (False, False, old, old, True, True), strict=True)),
        cipher_suites={"TLSv1.2": ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)},
        server_preference={"TLSv1.2": True},
        groups=("x25519",),
        certificates=(certificate(name, days_left),),
        trust=Trust(trusted=days_left > 0, reason="ok" if days_left > 0 else "expired"),
        hostname_matches=True,
        vulnerabilities={},
        connections=14,
    )


def observations() -> tuple[Observation[Any], ...]:
    www, vpn = f"www.{DOMAIN}", f"vpn.{DOMAIN}"
    domain = Target(name=DOMAIN)
    server = NameServer(
        name=f"ns1.{DOMAIN}",
        address="203.0.113.2",
        udp=True,
        tcp=True,
        authoritative=True,
        serial=2026112301,
        recursion=False,
        transfer=False,
    )
    soa = Soa(
        mname=f"ns1.{DOMAIN}",
        rname=f"hostmaster.{DOMAIN}",
        serial=2026112301,
        refresh=3600,
        retry=900,
        expire=1209600,
        minimum=300,
    )
    return (
        seen(
            "dns.addresses",
            domain,
            DnsAddresses(name=DOMAIN, exists=True, ipv4=("203.0.113.10",), ipv6=(), inward=()),
            1,
        ),
        seen(
            "dns.zone",
            domain,
            DnsZone(
                zone=DOMAIN,
                nameservers=(server,),
                parent_ns=(f"ns1.{DOMAIN}",),
                child_ns=(f"ns1.{DOMAIN}",),
                soa=soa,
            ),
            2,
        ),
        seen(
            "dnssec.chain",
            domain,
            DnssecChain(zone=DOMAIN, status="insecure", reason="no-ds", signed=False, ds=False),
            3,
        ),
        seen("dns.caa", domain, DnsCaa(issue=(), issuewild=(), found_at=None), 4),
        seen(
            "mail.exchangers",
            domain,
            MailExchangers(
                null_mx=False,
                hosts=(Exchanger(preference=10, name="mx1.mailhost.example", addresses=("198.51.100.25",)),),
            ),
            5,
        ),
        seen(
            "mail.spf",
            domain,
            MailSpf(
                status="valid",
                records=("v=spf1 include:_spf.mailhost.example ~all",),
                lookups=2,
                void_lookups=0,
                all="~",
                problems=(),
            ),
            6,
        ),
        seen(
            "mail.dmarc",
            domain,
            MailDmarc(
                status="valid",
                record=f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}",
                policy="none",
                subdomain_policy=None,
                organizational_domain=DOMAIN,
                rua=(f"mailto:dmarc@{DOMAIN}",),
                problems=(),
            ),
            7,
        ),
        unseen("mail.mta_sts", domain, Reason.TIMEOUT, 12, "no answer from mta-sts in 10 s"),
        seen(
            "tls.endpoint",
            Target(name=www, address="203.0.113.10", port=443),
            tls(www, "203.0.113.10", old=True, days_left=9),
            60,
            Gap(path="vulnerabilities", reason=Reason.BUDGET),
        ),
        seen(
            "tls.endpoint",
            Target(name=vpn, address="203.0.113.12", port=443),
            tls(vpn, "203.0.113.12", old=False, days_left=-3),
            64,
        ),
        seen(
            "web.response",
            Target(name=www, address="203.0.113.10", port=443, url=f"https://{www}/"),
            WebResponse(
                asked=f"https://{www}/",
                url=f"https://{www}/",
                status=200,
                redirects=(),
                headers=(("Server", "nginx/1.18.0"), ("Content-Type", "text/html; charset=utf-8")),
                cookies=(Cookie(name="session", secure=False, http_only=True, same_site=None),),
                left_scope=None,
                title="株式会社さくら精機",
                body_bytes=18_230,
                body_sha256="cd" * 32,
            ),
            70,
        ),
        seen(
            "web.response",
            Target(name=www, address="203.0.113.10", port=80, url=f"http://{www}/"),
            WebResponse(
                asked=f"http://{www}/",
                url=f"https://{www}/",
                status=200,
                redirects=(Redirect(url=f"http://{www}/", status=301, location=f"https://{www}/"),),
                headers=(("Server", "nginx/1.18.0"),),
                cookies=(),
                left_scope=None,
                title="株式会社さくら精機",
                body_bytes=18_230,
                body_sha256="cd" * 32,
            ),
            71,
        ),
        seen(
            "ports.host",
            Target(name=www, address="203.0.113.10"),
            PortsHost(
                address="203.0.113.10",
                names=(www, DOMAIN),
                ports=tuple(
                    Port(port=number, protocol="tcp", state="open", service=service, confidence=10)
                    for number, service in (
                        (22, "ssh"),
                        (80, "http"),
                        (443, "https"),
                        (3389, "ms-wbt-server"),
                    )
                ),
                scanned="T:1-1024,3389,5432,6379,8080",
                control=True,
            ),
            130,
        ),
        unseen(
            "ports.host",
            Target(name=vpn, address="203.0.113.12"),
            Reason.BLOCKED,
            190,
            "the control port stopped answering half-way",
        ),
    )


def owner_of(target: Target) -> Owner:
    return Owner.PROVIDER if (target.name or "").endswith("mailhost.example") else Owner.SELF


def findings(observed: tuple[Observation[Any], ...]) -> tuple[Finding, ...]:
    return judge(observed, subject=Target(name=DOMAIN), owner_of=owner_of).findings


def of(found: tuple[Finding, ...], check: str, outcome: Outcome = Outcome.FAIL) -> tuple[str, ...]:
    return tuple(f.id for f in found if f.check.startswith(check) and f.outcome is outcome)


def score(found: tuple[Finding, ...]) -> RiskScore:
    return RiskScore(
        value=63.0,
        letter="C",
        interval=Interval(low=52.0, high=74.0, level=0.9),
        relativity=1.38,
        relativity_interval=Interval(low=1.12, high=1.71, level=0.9),
        contributions=(
            seen_part("rdp_exposed", 1.46, of(found, "ports/remote_desktop")),
            seen_part("tls_weak", 1.06, of(found, "tls/legacy_protocol")),
            seen_part("certificate_invalid", 1.08, of(found, "tls/certificate")),
            seen_part("dmarc_not_enforced", 1.04, of(found, "mail/dmarc")),
            seen_part("web_hardening_missing", 1.02, of(found, "web/hsts")),
            seen_part("database_exposed", 0.97),
            seen_part("telnet_exposed", 0.99),
            seen_part("spf_missing", 0.98),
            Contribution(feature="smb_exposed", factor=1.0, state="unseen"),
            Contribution(feature="off_balance", factor=0.93, state="rule"),
            Contribution(feature="cap_tls", factor=0.98, state="rule"),
        ),
    )


def seen_part(feature: str, factor: float, ids: tuple[str, ...] = ()) -> Contribution:
    return Contribution(feature=feature, factor=factor, state="seen", findings=ids)


def decision(found: tuple[Finding, ...]) -> Decision:
    charged = {"A": (0.31, 0.31), "B": (0.46, 0.46), "C": (0.62, 0.5), "total": (0.45, 0.42)}
    return Decision(
        tier=Tier.T4,
        action=Action.REFER,
        loading={name: Loading(technical=t, charged=c) for name, (t, c) in charged.items()}
        | {"crime": None, "it": None},
        loading_interval=Interval(low=0.18, high=0.69, level=0.9),
        premium=Premium(
            currency="JPY",
            by_cover={Cover.A: 184_320, Cover.B: 121_450, Cover.C: 96_500, Cover.CRIME: None, Cover.IT: None},
            total=402_270,
        ),
        premium_intervals={
            "A": AmountInterval(low=161_740, high=205_330, level=0.9),
            "B": AmountInterval(low=104_610, high=124_780, level=0.9),
            "C": AmountInterval(low=80_340, high=96_500, level=0.9),
            "crime": None,
            "it": None,
            "total": AmountInterval(low=346_690, high=426_610, level=0.9),
        },
        knock_outs=(
            said("remote-desktop-exposed", of(found, "ports/remote_desktop"), check="ports/remote_desktop"),
        ),
        subjectivities=(
            remedy("renew-certificate", of(found, "tls/certificate"), Phase.PRE_BIND, 14),
            remedy("enforce-dmarc", of(found, "mail/dmarc"), Phase.POST_BIND, 30),
        ),
        reasons=(
            said("knock-out-refers", of(found, "ports/remote_desktop"), count=1),
            said("raises", of(found, "ports/remote_desktop"), feature="rdp_exposed", factor=1.46),
            said("group-unseen", group="exposed_service", reason="blocked"),
            said("loading-capped", cover="C", technical=0.62, charged=0.5),
            said("indication-only", country="JP"),
        ),
        indication=True,
        steps=(
            Step(name="tilt", values={"intrusion": 1.44, "email": 1.05, "data": 1.22}),
            Step(name="blend", values={"A": 1.31, "B": 1.46, "C": 1.62}),
        ),
        facts_known=(),
    )


def said(name: str, ids: tuple[str, ...] = (), **arguments: Argument) -> Statement:
    return Statement(id=name, arguments=arguments, findings=ids)


def remedy(name: str, ids: tuple[str, ...], phase: Phase, days: int) -> Subjectivity:
    asked = appetite.profile().remedies[name]
    return Subjectivity(
        id=name,
        arguments={"phase": phase.value, "due_days": days, "closed_by": asked.checks},
        findings=ids,
        text=asked.text,
        phase=phase,
        due_days=days,
        due=START.date() + timedelta(days=days),
        closed_by=asked.checks,
    )


def known() -> tuple[Observation[Any], ...]:
    """What was observed, with whose each host is."""
    observed = observations()
    scope = Scope(consent=consent(), providers=())
    return (*observed, *footprint(observed, scope, at=START))


@cache
def sample() -> Assessment:
    observed = known()
    found = findings(observed)
    return Assessment(
        id="20261123-sakura-seiki-7f3a",
        domain=DOMAIN,
        started_at=START,
        finished_at=END,
        versions={"posture": "0.1.0", "nmap": "7.93", "rating": "JP-2026-11", "model": "prior-1"},
        consent=consent(),
        application=application(),
        observations=observed,
        findings=found,
        features=FeatureVector(schema="1", values={}, unseen={}, sources={}),
        coverage=Coverage(
            overall=0.71,
            by_peril={"intrusion": 0.66, "email": 0.92, "data": 0.74},
            floor=0.5,
            unseen={"exposed_service": "blocked"},
        ),
        score=score(found),
        decision=decision(found),
        scanner=Scanner(
            version="0.1.0",
            source_addresses=("192.0.2.44",),
            user_agent="posture-underwriting/0.1 (+https://insurer.example/scan)",
            contact="scan@insurer.example",
        ),
        contacted=(
            contact("203.0.113.10", (22, 80, 443, 3389), "ports", 80, 130, 1028, "in-networks"),
            contact("203.0.113.10", (443,), "tls", 55, 60, 14, "in-networks"),
            contact("203.0.113.10", (80, 443), "web", 70, 71, 3, "in-networks"),
            contact("203.0.113.12", (443,), "tls", 61, 64, 14, "in-networks"),
            contact("198.51.100.25", (25,), "mail", 20, 21, 1, "mx"),
        ),
        digests=Digests(
            tables="11" * 32, model="22" * 32, catalogue=catalogue().digest, feeds={}, appetite="33" * 32
        ),
        complete=True,
        priced_by=PricedBy(name="prior", fitted=False),
    )


def contact(
    address: str, ports: tuple[int, ...], technique: str, first: int, last: int, connections: int, why: str
) -> Contact:
    return Contact(
        address=address,
        ports=ports,
        technique=technique,
        first=at(first),
        last=at(last),
        connections=connections,
        why=why,
    )


def earlier(item: Assessment) -> Assessment:
    """The same applicant a year before: one thing since mended, one since broken, one since hidden."""
    fails = [f for f in item.findings if f.outcome is Outcome.FAIL]
    passes = [f for f in item.findings if f.outcome is Outcome.PASS]
    unknowns = [f for f in item.findings if f.outcome is Outcome.UNKNOWN]
    swap = {f.id: replace(f, outcome=Outcome.PASS) for f in (*fails[:1], *unknowns[:1])}
    swap |= {f.id: replace(f, outcome=Outcome.FAIL) for f in passes[:1]}
    year = timedelta(days=365)
    return replace(
        item,
        id="20251123-sakura-seiki-01aa",
        started_at=item.started_at - year,
        finished_at=item.finished_at - year,
        findings=tuple(swap.get(f.id, f) for f in item.findings),
        decision=replace(
            item.decision,
            tier=Tier.T3,
            premium=replace(
                item.decision.premium,
                by_cover={**item.decision.premium.by_cover, Cover.A: 150_000},
                total=367_950,
            ),
        ),
    )
