"""Every fingerprint has an answer it recognises, and none recognises an ordinary site or its neighbours."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from posture.checks.fingerprints import Fingerprint, fingerprints, recognised, signs
from posture.checks.recognition import stated
from posture.checks.tables import table
from posture.checks.web import (
    admin_panel,
    exchange_on_premises,
    file_transfer_appliance,
    remote_access_gateway,
)
from posture.core.facts.web_response import WebResponse
from posture.core.findings import Confidence, Verdict, failed, not_applicable, passed, unknown
from posture.core.observations import Observation, Seen
from posture.core.targets import Target
from tests.support.product_pages import CERTIFIED, ICONS, POSITIVE, Shown, answer, presents, shows
from tests.support.web import NOW

KINDS = ("vpn", "exchange", "admin", "transfer")

#: Ordinary sites, and pages that speak about the products without being one.
NEGATIVE = [
    answer(title="株式会社例 | トップページ", Server="Apache", cookie="PHPSESSID"),
    answer(path="/ja/", title="Home", Server="nginx/1.24.0", X_Powered_By="PHP/8.2"),
    answer(title="How to set up Citrix Gateway with GlobalProtect Portal and SonicWall"),
    answer(title="「MOVEit Transfer」の脆弱性について"),
    answer(title="Virtual Office Tour"),
    answer(path="/news/remote/login-tips.html", title="Remote login tips"),
    answer(path="/blog/global-protect/"),
    answer(path="/vpn/index.html.ja/about", title="VPN"),
    answer(path="/remote/loginform"),
    answer(cookie="NSC_mc_wjq_80", Server="BigIP"),
    answer(cookie="BIGipServerpool_www"),
    answer(title="Grafana Labs の紹介", cookie="laravel_session"),
    answer(title="Plesky and Jenkinson", Server="Microsoft-IIS/10.0"),
    answer(title="Outlook on the web guide", Server="cloudflare"),
    answer(Server="Apache/2.4.57 (Debian)", X_Frame_Options="DENY"),
    answer(path="/wp-content/uploads/x.html", title="My blog"),
    answer(title="USGA Golf", path="/atp/"),
    answer(title="ATP Tour"),
    presents("CN=www.fortinet.com,O=Fortinet\\, Inc.,L=Sunnyvale,ST=California,C=US", issuer="CN=DigiCert"),
    presents("CN=fortigate.example.jp,O=FortiGate 販売株式会社", names=("fortigate.example.jp",)),
    presents("CN=www.synology.com,O=Synology Inc.,C=TW", issuer="CN=DigiCert", names=("synology.com",)),
    presents("CN=asa.example.jp", names=("asa.example.jp", "ciscoasa.example.jp")),
    presents("CN=vmware.example.jp,O=VMware Installer Co."),
    presents("CN=How to replace the IOS-Self-Signed-Certificate-1"),
    answer(title="ASA Temporary Self Signed Certificate"),
    shows("0d835213afc36cc098b080784bc223a0"),  # a maker's sign, on an ASA and on others
    shows("318ed14b5eedf8581f7e79439504e283"),
    shows("318ed14b5eedf8581f7e79439504e282\n"),
    shows("x318ed14b5eedf8581f7e79439504e282"),
    answer(title="318ed14b5eedf8581f7e79439504e282"),
    answer(),
]


def every() -> list[Fingerprint]:
    return [entry for kind in KINDS for entry in fingerprints(kind)]


def found(fact: WebResponse) -> set[str]:
    return {entry.product for kind in KINDS for entry in recognised(fact, kind)}


@pytest.mark.parametrize("shown", [*POSITIVE, *CERTIFIED, *ICONS], ids=lambda shown: shown.product)
def test_a_products_answer_is_recognised_as_that_product_alone(shown: Shown) -> None:
    assert found(shown.fact) == {shown.product}


@pytest.mark.parametrize("fact", NEGATIVE, ids=lambda fact: fact.title or fact.url)
def test_an_ordinary_page_is_nothing(fact: WebResponse) -> None:
    assert found(fact) == set()


def test_every_rule_of_every_fingerprint_is_used_by_a_positive() -> None:
    """A rule without an example is a rule nobody tried."""
    for entry in every():
        facts = [shown.fact for shown in (*POSITIVE, *CERTIFIED, *ICONS) if shown.product == entry.product]
        for rule in entry.rules:
            alone = replace(entry, rules=(rule,))
            assert any(alone.matches(signs(fact)) for fact in facts), (entry.product, rule)


def test_the_table_is_dated_and_complete() -> None:
    document: dict[str, Any] = table("fingerprints")
    assert document["list"]["as_of"] < document["list"]["next_review"]
    assert document["claims"]["source"]
    assert len(every()) == len(document["fingerprint"]) > 30
    assert len({entry.product for entry in every()}) == len(every())
    for entry in every():
        assert entry.rules
        assert all(set(rule) <= set(signs(answer())) for rule in entry.rules)
        assert (entry.claims in {"A", "B"}) == (entry.kind == "vpn")


def test_every_entry_names_its_source() -> None:
    """A maker's page or a public detection template, by its address; none twice in an entry."""
    for entry in table("fingerprints")["fingerprint"]:
        addresses = [urlsplit(address) for address in entry["source"]]
        assert addresses, entry["product"]
        assert len(set(addresses)) == len(addresses), entry["product"]
        assert all(parts.scheme == "https" and parts.hostname and len(parts.path) > 1 for parts in addresses)


def test_every_digest_of_an_icon_is_one_products_and_has_its_source() -> None:
    entries = [
        (md5, entry)
        for entry in table("fingerprints")["fingerprint"]
        for rule in entry["when"]
        for md5 in rule.get("icon", [])
    ]
    digests = [md5 for md5, _ in entries]
    assert len(digests) == len(set(digests)) == 31
    for md5, entry in entries:
        assert re.fullmatch(r"[0-9a-f]{32}", md5), md5
        assert "https://github.com/rapid7/recog/blob/main/xml/favicons.xml" in entry["source"]
        assert found(shows(md5)) == {entry["product"]}
    assert {entry["product"] for _, entry in entries} == {shown.product for shown in ICONS}


def test_an_icon_tells_the_product_and_no_version() -> None:
    for shown in ICONS:
        target = Target(name="gate.example.jp", port=443, url=shown.fact.asked)
        seen = Observation(kind=WebResponse.KIND, target=target, at=NOW, result=Seen(value=shown.fact))
        assert [one.version for one in stated([seen])] in ([], [None])


def test_a_redirect_that_was_not_followed_is_a_sign_too() -> None:
    fact = replace(answer(), status=302, left_scope="https://other.example/dana-na/auth/x")
    assert found(fact) == {"Ivanti Connect Secure (Pulse Secure)"}


# The four checks


def inferred(verdict: Verdict, product: str) -> Verdict:
    return replace(verdict, confidence=Confidence.INFERRED, discriminator=product)


def test_gateways_are_told_apart_by_their_record_of_claims() -> None:
    asa, forti = "Cisco ASA / Firepower", "Fortinet FortiGate"
    assert list(remote_access_gateway.judge(answer(cookie="webvpn"))) == [
        inferred(failed("often_in_claims", product=asa), asa)
    ]
    assert list(remote_access_gateway.judge(answer(cookie="SVPNCOOKIE"))) == [
        inferred(failed("reachable", product=forti), forti)
    ]


@pytest.mark.parametrize(
    ("check", "fact", "product"),
    [
        (exchange_on_premises, answer(X_FEServer="EX01"), "Microsoft Exchange Server"),
        (admin_panel, answer(X_Jenkins="2.440"), "Jenkins"),
        (file_transfer_appliance, answer(Server="Serv-U/15.4"), "SolarWinds Serv-U"),
    ],
)
def test_each_kind_has_its_check(check: Any, fact: WebResponse, product: str) -> None:
    assert list(check.judge(fact)) == [inferred(failed("reachable", product=product), product)]


@pytest.mark.parametrize(
    "check", [remote_access_gateway, exchange_on_premises, admin_panel, file_transfer_appliance]
)
def test_without_a_page_there_is_no_pass(check: Any) -> None:
    assert list(check.judge(answer(title="Home"))) == [passed("none")]
    assert list(check.judge(replace(answer(), status=403))) == [
        unknown("web_error_page", path="status", status=403)
    ]
    away = replace(answer(), status=301, left_scope="https://other.example/")
    assert list(check.judge(away)) == [not_applicable("web_off_scope", url="https://other.example/")]


def test_an_appliance_that_turns_us_away_is_recognised_all_the_same() -> None:
    forti = "Fortinet FortiGate"
    fact = replace(answer(path="/remote/login"), status=403)
    assert list(remote_access_gateway.judge(fact)) == [inferred(failed("reachable", product=forti), forti)]
