"""Which product with which version a service is taken to be; a wrong version is worse than none."""

import re
from typing import Any

import pytest

from posture.checks.recognition import named, products, stated
from posture.checks.tables import table
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.observations import Observation, Reason, Seen, Unseen
from posture.core.targets import Target
from tests.support.intelligence import HOST, NOW, greeting, page, server


def found(*observations: Observation[Any]) -> list[tuple[str, str | None, str | None]]:
    return [(one.product.name, one.version, one.distribution) for one in stated(observations)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Apache/2.4.49 (Unix)", [("Apache HTTP Server", "2.4.49", None)]),
        ("Apache/2.4.6 (CentOS)", [("Apache HTTP Server", "2.4.6", "CentOS")]),
        ("Apache/2.4", [("Apache HTTP Server", None, None)]),
        ("Apache", [("Apache HTTP Server", None, None)]),
        ("Apache-Coyote/1.1", []),
        ("nginx/1.18.0 (Ubuntu)", [("nginx", "1.18.0", "Ubuntu")]),
        ("nginx", [("nginx", None, None)]),
        ("Microsoft-IIS/10.0", [("Internet Information Services", None, None)]),
        (
            "Apache/2.2.15 (Red Hat) OpenSSL/1.0.1e-fips PHP/5.3.3",
            [
                ("Apache HTTP Server", "2.2.15", "Red Hat"),
                ("OpenSSL", "1.0.1e", "Red Hat"),
                ("PHP", "5.3.3", "Red Hat"),
            ],
        ),
        ("Apache/2.4.49\x1b[31m", []),
        ("Apache/" + "9" * 3_000, [("Apache HTTP Server", None, None)]),
        ("cloudflare", []),
        ("", []),
    ],
)
def test_headers(header: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    assert found(server(header)) == expected


def test_greetings() -> None:
    debian = greeting("OpenSSH", "9.2p1", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
    assert found(debian) == [("OpenSSH", "9.2p1", "Debian")]
    (one,) = stated([debian])
    assert one.product.cpe_name(None) == "cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*"
    assert found(greeting("Somebody's own", "1.0")) == []


def test_a_greetings_product_carries_the_name_the_feeds_know_it_by() -> None:
    told = greeting("OpenSSH", "9.2p1", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
    others = [
        greeting("Somebody's own", "1.0"),
        greeting("OpenSSH", None, "SSH-2.0-OpenSSH"),
        server("nginx"),
    ]
    first, strange, bare, page_ = named([told, *others])
    assert isinstance(first.result, Seen)
    assert first.result.value.cpe == "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"
    assert isinstance(bare.result, Seen)
    assert bare.result.value.cpe == "cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*"
    assert (strange, page_) == (others[0], others[2])
    assert named([first]) == (first,)
    (one,) = stated([first])
    assert one == stated([told])[0]


def test_a_page_is_recognised_without_a_version() -> None:
    assert found(page(asked=f"https://{HOST}/remote/login")) == [("Fortinet FortiGate", None, None)]


def test_the_same_web_server_on_two_ports_is_one() -> None:
    plain = server("nginx/1.25.1", asked=f"http://{HOST}/")
    secure = server("nginx/1.25.1")
    (one,) = stated([plain, secure])
    assert one.target == Target(name=HOST, port=443)
    (other,) = stated([plain, server("nginx")])
    assert (other.target.port, other.version) == (80, "1.25.1")


def sweep(*ports: Port, suspicious: str | None = None) -> Observation[Any]:
    value = PortsHost(
        address="192.0.2.1", names=(HOST,), ports=ports, scanned="T:22", control=True, suspicious=suspicious
    )
    target = Target(name=HOST, address="192.0.2.1")
    return Observation(kind=PortsHost.KIND, target=target, at=NOW, result=Seen(value=value))


def test_a_sweep_counts_where_it_read_an_answer_and_our_own_greeting_goes_before() -> None:
    looked_up = Port(port=22, protocol="tcp", state="open", product="OpenSSH", version="8.0", confidence=3)
    read = Port(port=22, protocol="tcp", state="open", product="OpenSSH", version="8.0", confidence=10)
    assert found(sweep(looked_up)) == []
    assert found(sweep(read)) == [("OpenSSH", "8.0", None)]
    assert found(sweep(read, suspicious="all-open")) == []
    ours = greeting("OpenSSH", "8.0p1", "SSH-2.0-OpenSSH_8.0p1 Ubuntu-1")
    assert found(sweep(read), ours) == [("OpenSSH", "8.0p1", "Ubuntu")]


def test_what_was_not_seen_states_nothing() -> None:
    silent: Observation[Any] = Observation(
        kind="web.response", target=Target(name=HOST), at=NOW, result=Unseen(reason=Reason.TIMEOUT)
    )
    assert found(silent) == []


def test_the_table_is_sound() -> None:
    """Every name is one product's, and every CPE name is used once."""
    names = [name for product in products() for name in product.named]
    keys = [key for product in products() for key in product.keys]
    assert len(names) == len(set(names))
    assert len(keys) == len(set(keys))
    assert len(products()) > 40
    assert [key for key in keys if key.count(":") != 1] == []


def test_every_name_of_the_table_says_where_it_was_read_or_that_it_was_not() -> None:
    asked, answered = {}, {}
    for row in table("products")["product"]:
        asked[row["name"]] = sorted([*row["cpe"], "kev", *(["endoflife"] if "endoflife" in row else [])])
        answered[row["name"]] = sorted([*row.get("verified", {}), *row.get("unconfirmed", [])])
    assert answered == asked


def test_what_is_verified_names_a_record_and_the_day_it_was_read() -> None:
    sources, listed = table("products")["sources"], table("products")["list"]
    assert sorted(sources) == ["cpe", "endoflife", "kev", "read"]
    assert sources["read"] <= listed["as_of"]
    records = [
        (name, record)
        for row in table("products")["product"]
        for name, record in row.get("verified", {}).items()
    ]
    form = {"endoflife": r"products/[a-z0-9-]+\.md"}
    assert [one for one in records if not re.fullmatch(form.get(one[0], r"CVE-\d{4}-\d{4,}"), one[1])] == []


#: vendorProject and product as the KEV catalog spells them (cisagov/kev-data on GitHub, 2025-02-05 and
#: 2025-05-12), and the row that each belongs to. WatchGuard, MOVEit, GoAnywhere and FileZen: by the
#: catalog's titles in NVD's records. No part of the catalog that was read lists a flaw of SoftEther.
KEV = [
    ("Fortinet", "FortiOS", "Fortinet FortiGate"),
    ("Fortinet", "FortiOS and FortiProxy", "Fortinet FortiGate"),
    ("Cisco", "Adaptive Security Appliance (ASA)", "Cisco ASA / Firepower"),
    (
        "Cisco",
        "Adaptive Security Appliance (ASA) and Firepower Threat Defense (FTD)",
        "Cisco ASA / Firepower",
    ),
    (
        "Citrix",
        "Application Delivery Controller (ADC), Gateway, and SD-WAN WANOP Appliance",
        "Citrix NetScaler Gateway",
    ),
    ("Citrix", "NetScaler ADC and NetScaler Gateway", "Citrix NetScaler Gateway"),
    ("SonicWall", "SMA100", "SonicWall"),
    ("SonicWall", "SSLVPN SMA100", "SonicWall"),
    ("SonicWall", "SMA100 Appliances", "SonicWall"),
    ("SonicWall", "SMA1000 Appliances", "SonicWall"),
    ("SonicWall", "Secure Remote Access (SRA)", "SonicWall"),
    ("SonicWall", "SonicOS", "SonicWall"),
    ("Ivanti", "Pulse Connect Secure", "Ivanti Connect Secure (Pulse Secure)"),
    ("Ivanti", "Pulse Connect Secure and Pulse Policy Secure", "Ivanti Connect Secure (Pulse Secure)"),
    ("Ivanti", "Connect Secure, Policy Secure, and Neurons", "Ivanti Connect Secure (Pulse Secure)"),
    ("Ivanti", "Connect Secure, Policy Secure, and ZTA Gateways", "Ivanti Connect Secure (Pulse Secure)"),
    ("Palo Alto Networks", "PAN-OS", "Palo Alto Networks PAN-OS"),
    ("WatchGuard", "Firebox", "WatchGuard Firebox"),
    ("Check Point", "Quantum Security Gateways", "Check Point Mobile Access"),
    ("F5", "BIG-IP", "F5 BIG-IP APM"),
    ("F5", "BIG-IP and BIG-IQ Centralized Management", "F5 BIG-IP APM"),
    ("Zyxel", "Multiple Products", "Zyxel"),
    ("Zyxel", "Multiple Firewalls", "Zyxel"),
    ("Sophos", "SFOS", "Sophos Firewall"),
    ("Sophos", "Firewall", "Sophos Firewall"),
    ("Array Networks ", "AG/vxAG ArrayOS", "Array Networks AG"),
    ("Microsoft", "Exchange Server", "Exchange Server"),
    ("Progress", "MOVEit Transfer", "Progress MOVEit Transfer"),
    ("Fortra", "GoAnywhere MFT", "Fortra GoAnywhere MFT"),
    ("CrushFTP", "CrushFTP", "CrushFTP"),
    ("SolarWinds", "Serv-U", "SolarWinds Serv-U"),
    ("Cleo", "Multiple Products", "Cleo Harmony / VLTrader / LexiCom"),
    ("Soliton Systems K.K", "FileZen", "FileZen"),
    ("North Grid", "Proself", "Proself"),
    ("QNAP", "Network Attached Storage (NAS)", "QNAP QTS"),
    ("VMware", "vCenter Server", "VMware ESXi / vCenter"),
    ("VMware", "ESXi", "VMware ESXi / vCenter"),
]

#: Other products of the same makers in the same catalog: no row is theirs.
OTHERS = [
    ("Citrix", "StoreFront Server"),
    ("Citrix", "Workspace Application and Receiver for Windows"),
    ("Cisco", "IOS and IOS XE"),
    ("Cisco", "HyperFlex HX"),
    ("Ivanti", "Cloud Services Appliance"),
    ("Ivanti", "Endpoint Manager Mobile (EPMM)"),
    ("SonicWall", "SonicWall Email Security"),
    ("Palo Alto Networks", "Expedition"),
    ("Check Point", "SmartConsole"),
    ("Progress", "WhatsUp Gold"),
    ("Progress", "Kemp LoadMaster"),
    ("Fortra", "Cobalt Strike"),
    ("SolarWinds", "Orion"),
    ("WordPress", "File Manager Plugin"),
]


def concerned(vendor: str, product: str) -> list[str]:
    return [one.name for one in products() if one.kev.search(f"{vendor}/{product}")]


@pytest.mark.parametrize(("vendor", "product", "name"), KEV)
def test_the_catalogs_spelling_finds_its_row_and_no_other(vendor: str, product: str, name: str) -> None:
    assert concerned(vendor, product) == [name]


@pytest.mark.parametrize(("vendor", "product"), OTHERS)
def test_another_product_of_the_maker_is_nobodys(vendor: str, product: str) -> None:
    assert concerned(vendor, product) == []
