"""Which product with which version a service is taken to be; a wrong version is worse than none."""

from typing import Any

import pytest

from posture.checks.recognition import named, products, stated
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
    assert len(products()) > 40
    assert [key for key in keys if key.count(":") != 1] == []
