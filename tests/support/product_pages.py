"""Public faces of products with a login page, as a scan records them; all of them synthetic."""

from dataclasses import dataclass, replace

from posture.core.facts.web_response import Cookie, Icon, Presented, Redirect, WebResponse

ORIGIN = "https://gate.example.jp"


def presents(subject: str, *, issuer: str | None = None, names: tuple[str, ...] = ()) -> WebResponse:
    """A page that says nothing, of a host that presents a certificate, signed by itself unless told."""
    shown = Presented(subject=subject, issuer=subject if issuer is None else issuer, names=names)
    return replace(answer(), certificate=shown)


def shows(md5: str, *, status: int = 200) -> WebResponse:
    """A page that says nothing, with an icon of this digest."""
    icon = Icon(url=f"{ORIGIN}/favicon.ico", status=status, bytes=1150, sha256="0" * 64, md5=md5)
    return replace(answer(title="Login"), icon=icon)


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


@dataclass(frozen=True, slots=True)
class Shown:
    """A product and an answer by which it shows itself."""

    product: str
    fact: WebResponse


#: At least one for every rule of every fingerprint.
POSITIVE: list[Shown] = [
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
    Shown("SonicWall", answer(Server="SMA/12.4")),
    Shown("SonicWall", answer(path="/cgi-bin/welcome", title="Virtual Office")),
    Shown("Zyxel", answer(cookie="zy_pc_browser")),
    Shown("Progress MOVEit Transfer", answer(cookie="siLockLongTermInstID")),
    Shown("CrushFTP", answer(title="CrushFTP WebInterface :: Login")),
    Shown("Cleo Harmony / VLTrader / LexiCom", answer(Server="Cleo LexiCom/5.8.0.0 (Linux)")),
    Shown("phpMyAdmin", answer(title="db01 / localhost | phpMyAdmin 5.2.1")),
    Shown("Synology DSM", answer(title="Synology DiskStation - nas01")),
    Shown("QNAP QTS", answer(path="/cgi-bin/html/login.html")),
    Shown("VMware ESXi / vCenter", answer(title="Welcome to VMware ESX Server 3")),
    Shown("VMware ESXi / vCenter", answer(title='" + ID_EESX_Welcome + "')),
    Shown("Progress WS_FTP Server", answer(title="WS_FTP Server Web Transfer Client")),
    Shown("Progress WS_FTP Server", answer(path="/AHT/")),
    Shown("Accellion File Transfer Appliance", answer(path="/courier/1000@/mail_user_login.html?")),
    Shown("Axway SecureTransport", answer(Server="SecureTransport/5.5 (build: 1)")),
    Shown("Axway SecureTransport", answer(title="Welcome to SecureTransport")),
    Shown("Fortinet FortiGate administration", answer(path="/login?redir=/ng", cookie="APSCOOKIE_1234")),
    Shown("Cisco ASDM", answer(title="Cisco ASDM 7.8(2)")),
    Shown("Cisco IOS", answer(Server="cisco-IOS")),
    Shown("Cisco Catalyst SD-WAN Manager (vManage)", answer(title="Cisco vManage")),
    Shown("F5 BIG-IP Configuration Utility", answer(title="BIG-IP®- Redirect")),
    Shown("DrayTek Vigor", answer(title="Vigor Login Page")),
    Shown("DrayTek Vigor", answer(path="/weblogin.htm")),
    Shown("OpenWrt (LuCI)", answer(title="OpenWrt - LuCI")),
    Shown("OpenWrt (LuCI)", answer(path="/cgi-bin/luci/")),
    Shown("ASUS router", answer(title="ASUS Login")),
    Shown("ASUS router", answer(path="/Main_Login.asp")),
    Shown("TrueNAS", answer(path="/ui/sessions/signin")),
    Shown("TrueNAS", answer(title="TrueNAS - nas01")),
    Shown("Citrix XenServer", answer(title="Welcome to Citrix XenServer 7.6.0")),
    Shown("JetBrains TeamCity", answer(title="Log in to TeamCity — TeamCity")),
]

_SUNNYVALE = "OU=FortiGate,O=Fortinet,L=Sunnyvale,ST=California,C=US"
#: Products that show themselves by a certificate of their own making; the texts are those that Recog lists.
CERTIFIED: list[Shown] = [
    Shown("Cisco ASA / Firepower", presents("CN=ASA Temporary Self Signed Certificate")),
    Shown(
        "Cisco ASA / Firepower",
        presents("CN=firepower,OU=Intrusion Management System,O=Cisco Systems\\, Inc,C=US"),
    ),
    Shown("Fortinet FortiGate", presents(f"CN=FG100ETK1800118,{_SUNNYVALE}")),
    Shown("Fortinet FortiGate", presents(f"CN=FGT30D3X15038375,{_SUNNYVALE}", issuer="CN=support")),
    Shown("Synology DSM", presents("CN=synology.com,OU=FTP Team,O=Synology Inc.,L=Taipei,ST=Taiwan,C=TW")),
    Shown("Synology DSM", presents("CN=synology.com,O=Synology Inc.,L=Taipei,C=TW")),
    Shown(
        "VMware ESXi / vCenter",
        presents(
            "CN=esx,OU=VMware ESX Server Default Certificate,O=VMware\\, Inc,L=Palo Alto,ST=California,C=US"
        ),
    ),
    Shown("VMware ESXi / vCenter", presents("CN=localhost.localdomain", issuer="O=VMware Installer")),
    Shown("Cisco IOS", presents("CN=IOS-Self-Signed-Certificate-4163115936")),
]

#: Products that show themselves by their icon alone; the digests are those that Recog lists.
ICONS: list[Shown] = [
    Shown("Citrix NetScaler Gateway", shows("4eaaa139063e6706d1b5d0eee833d47b")),
    Shown("SonicWall", shows("318ed14b5eedf8581f7e79439504e282")),
    Shown("Omnissa / VMware Horizon", shows("ec60d8d2f3b0ded27c5767189882685c")),
    Shown("Omnissa / VMware Horizon", shows("c6acedaff906029fc5455d9ec52c7f42")),
    Shown("Fortra GoAnywhere MFT", shows("fa73151a3a3b610eaca4a7a5a78cc775")),
    Shown("CrushFTP", shows("297a81069094d00a052733d3a0537d18")),
    Shown("phpMyAdmin", shows("531b63a51234bb06c9d77f219eb25553")),
    Shown("cPanel / WHM", shows("827fd6c561d4b1f932f75e0f9a17f766")),
    Shown("Synology DSM", shows("9052ab290483b0bd75c05b857c182bba")),
    Shown("Jenkins", shows("2b37c7f35285c341ec1f2cf7e40a3c22")),
    Shown("GitLab", shows("85c754581e1d4b628be5b7712c042224")),
    Shown("Grafana", shows("b204c198a410e5ee28346c4a2110535e")),
    Shown("Kibana", shows("2145225dd4406c274c317f8d80ccf584")),
    Shown("pfSense / OPNsense", shows("e4fd990b4b8a5d61bd5ddb98cdfc7190")),
    Shown("pfSense / OPNsense", shows("57f187c7a868faeac558007a8eb6cb2e")),
    Shown("Cisco Catalyst SD-WAN Manager (vManage)", shows("f5a68db40594839cfc2696197608e2a3")),
    Shown("JetBrains TeamCity", shows("cee18e28257988b40028043e65a6c2a3")),
]
