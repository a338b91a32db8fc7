"""Every fingerprint has an answer it recognises, and none recognises an ordinary site or its neighbours."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from posture.checks.fingerprints import Fingerprint, fingerprints, recognised, signs
from posture.checks.tables import table
from posture.checks.web import (
    admin_panel,
    exchange_on_premises,
    file_transfer_appliance,
    remote_access_gateway,
)
from posture.core.facts.web_response import Cookie, Redirect, WebResponse
from posture.core.findings import Confidence, Verdict, failed, not_applicable, passed, unknown

ORIGIN = "https://gate.example.jp"
KINDS = ("vpn", "exchange", "admin", "transfer")


def answer(*, path: str = "/", title: str | None = None, cookie: str = "", **headers: str) -> WebResponse:
    """An answer as a scan records it; a path other than / was reached by a redirect."""
    led = () if path == "/" else (Redirect(url=f"{ORIGIN}/", status=302, location=ORIGIN + path),)
    return WebResponse(
        asked=f"{ORIGIN}/",
        url=ORIGIN + path,
        status=200,
        redirects=led,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        cookies=(Cookie(name=cookie, secure=True, http_only=True, same_site=None),) if cookie else (),
        left_scope=None,
        title=title,
        body_bytes=0,
        body_sha256="",
    )


@dataclass(frozen=True)
class Shown:
    product: str
    fact: WebResponse


POSITIVE = [
    Shown("Cisco ASA / Firepower", answer(path="/+CSCOE+/logon.html", title="SSL VPN Service")),
    Shown("Cisco ASA / Firepower", answer(cookie="webvpnlogin")),
    Shown("Citrix NetScaler Gateway", answer(path="/vpn/index.html")),
    Shown("Citrix NetScaler Gateway", answer(path="/logon/LogonPoint/index.html")),
    Shown("Citrix NetScaler Gateway", answer(title="Citrix Gateway")),
    Shown("Citrix NetScaler Gateway", answer(cookie="NSC_TMAS")),
    Shown("SonicWall", answer(Server="SonicWALL SSL-VPN Web Server")),
    Shown("SonicWall", answer(title="SonicWall - Virtual Office")),
    Shown("SonicWall", answer(path="/sslvpn.html", title="Virtual Office")),
    Shown("Fortinet FortiGate", answer(path="/remote/login?lang=en", Server="xxxxxxxx-xxxxx")),
    Shown("Fortinet FortiGate", answer(cookie="SVPNCOOKIE")),
    Shown("Ivanti Connect Secure (Pulse Secure)", answer(path="/dana-na/auth/url_default/welcome.cgi")),
    Shown("Ivanti Connect Secure (Pulse Secure)", answer(cookie="DSSignInURL")),
    Shown("Palo Alto Networks GlobalProtect", answer(path="/global-protect/login.esp")),
    Shown("Palo Alto Networks GlobalProtect", answer(title="GlobalProtect Portal")),
    Shown("F5 BIG-IP APM", answer(path="/my.policy")),
    Shown("F5 BIG-IP APM", answer(cookie="LastMRH_Session")),
    Shown("WatchGuard Firebox", answer(path="/sslvpn_logon.shtml")),
    Shown("Check Point Mobile Access", answer(path="/sslvpn/Login/Login")),
    Shown("Check Point Mobile Access", answer(Server="Check Point SVN foundation")),
    Shown("Check Point Mobile Access", answer(cookie="CPCVPN_SESSION_ID")),
    Shown("Sophos Firewall", answer(path="/userportal/webpages/myaccount/login.jsp")),
    Shown("Zyxel", answer(title="USG FLEX 200")),
    Shown("Zyxel", answer(title="ZyWALL 110")),
    Shown("Array Networks AG", answer(path="/prx/000/http/localhost/login")),
    Shown("SoftEther VPN", answer(title="SoftEther VPN Server")),
    Shown("OpenVPN Access Server", answer(Server="OpenVPN-AS")),
    Shown("OpenVPN Access Server", answer(cookie="openvpn_sess_6a1f")),
    Shown("Microsoft RD Web Access", answer(path="/RDWeb/Pages/en-US/login.aspx")),
    Shown("Omnissa / VMware Horizon", answer(title="VMware Horizon")),
    Shown("Microsoft Exchange Server", answer(X_OWA_Version="15.1.2507.6")),
    Shown("Microsoft Exchange Server", answer(X_FEServer="EX01")),
    Shown("Microsoft Exchange Server", answer(path="/owa/auth/logon.aspx?url=x")),
    Shown("Progress MOVEit Transfer", answer(path="/human.aspx?OrgID=1", title="Sign On - MOVEit")),
    Shown("Progress MOVEit Transfer", answer(title="MOVEit Transfer Sign On")),
    Shown("Fortra GoAnywhere MFT", answer(path="/goanywhere/auth/Login.xhtml")),
    Shown("Fortra GoAnywhere MFT", answer(title="GoAnywhere Login")),
    Shown("CrushFTP", answer(Server="CrushFTP HTTP Server")),
    Shown("CrushFTP", answer(cookie="CrushAuth")),
    Shown("CrushFTP", answer(title="CrushFTP WebInterface")),
    Shown("SolarWinds Serv-U", answer(Server="Serv-U/15.4.2")),
    Shown("Cleo Harmony / VLTrader / LexiCom", answer(Server="Cleo Harmony/5.8.0.21 (Linux)")),
    Shown("FileZen", answer(title="FileZen ログオン")),
    Shown("Proself", answer(title="Proself - ログイン")),
    Shown("Proself", answer(path="/proself/login/login.go")),
    Shown("phpMyAdmin", answer(title="phpMyAdmin")),
    Shown("phpMyAdmin", answer(cookie="pma_lang")),
    Shown("WordPress login", answer(path="/wp-login.php")),
    Shown("Webmin", answer(Server="MiniServ/2.105")),
    Shown("cPanel / WHM", answer(Server="cpsrvd/11.110.0.15")),
    Shown("Plesk", answer(title="Plesk Obsidian 18.0.60")),
    Shown("Plesk", answer(path="/login_up.php")),
    Shown("Synology DSM", answer(title="Synology DiskStation")),
    Shown("Synology DSM", answer(title="nas01 - Synology NAS")),
    Shown("QNAP QTS", answer(path="/cgi-bin/QTS.cgi?count=1")),
    Shown("QNAP QTS", answer(title="QNAP Turbo NAS")),
    Shown("VMware ESXi / vCenter", answer(title="Log in - VMware ESXi")),
    Shown("Proxmox VE", answer(Server="pve-api-daemon/3.0")),
    Shown("Proxmox VE", answer(title="pve1 - Proxmox Virtual Environment")),
    Shown("Jenkins", answer(X_Jenkins="2.440.1")),
    Shown("GitLab", answer(cookie="_gitlab_session")),
    Shown("Grafana", answer(title="Grafana")),
    Shown("Grafana", answer(cookie="grafana_session")),
    Shown("Kibana", answer(kbn_name="kibana")),
    Shown("MikroTik RouterOS", answer(title="RouterOS router configuration page")),
    Shown("pfSense / OPNsense", answer(title="pfSense - Login")),
    Shown("pfSense / OPNsense", answer(title="Login | OPNsense")),
    Shown("Ubiquiti UniFi", answer(title="UniFi Network")),
    Shown("Palo Alto Networks firewall", answer(path="/php/login.php")),
]

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
    answer(),
]


def every() -> list[Fingerprint]:
    return [entry for kind in KINDS for entry in fingerprints(kind)]


def found(fact: WebResponse) -> set[str]:
    return {entry.product for kind in KINDS for entry in recognised(fact, kind)}


@pytest.mark.parametrize("shown", POSITIVE, ids=lambda shown: shown.product)
def test_a_products_answer_is_recognised_as_that_product_alone(shown: Shown) -> None:
    assert found(shown.fact) == {shown.product}


@pytest.mark.parametrize("fact", NEGATIVE, ids=lambda fact: fact.title or fact.url)
def test_an_ordinary_page_is_nothing(fact: WebResponse) -> None:
    assert found(fact) == set()


def test_every_rule_of_every_fingerprint_is_used_by_a_positive() -> None:
    """A rule without an example is a rule nobody tried."""
    for entry in every():
        facts = [shown.fact for shown in POSITIVE if shown.product == entry.product]
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
        assert all(set(rule) <= {"path", "title", "cookie", "server", "header"} for rule in entry.rules)
        assert (entry.claims in {"A", "B"}) == (entry.kind == "vpn")


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
