"""Every service an insurer names is swept, judged by a card in both languages, and has a light."""

import importlib

import pytest

from models.appetite import Colour, profile
from posture.checks.registry import all_checks
from posture.core import risky_ports
from posture.core.facts.ports_host import Port, PortsHost
from posture.core.findings import Outcome, Severity, Verdict
from posture.core.risky_ports import UDP, Group
from tests.models.test_appetite import at_port

RED, AMBER, GREEN = Colour.RED, Colour.AMBER, Colour.GREEN
#: The services named in the plan of the product, with the TCP ports they are known by, and their light.
NAMED: list[tuple[str, Group, tuple[int, ...], Colour]] = [
    ("remote desktop", Group.REMOTE_DESKTOP, (3389,), RED),
    ("VNC", Group.REMOTE_DESKTOP, (5800, 5900, 5901), RED),
    ("Telnet", Group.TELNET, (23, 2323), RED),
    ("r-services", Group.TELNET, (512, 513, 514), RED),
    ("FTP", Group.FTP, (21, 2121), AMBER),
    ("SMB", Group.FILE_SHARING, (445,), RED),
    ("RPC", Group.FILE_SHARING, (111, 135), RED),
    ("NetBIOS", Group.FILE_SHARING, (137, 138, 139), RED),
    ("NFS, AFP, rsync", Group.FILE_SHARING, (548, 873, 2049), RED),
    ("LDAP", Group.DIRECTORY, (389, 636, 3268, 3269), AMBER),
    ("databases", Group.DATABASE, (1433, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 27017), RED),
    ("message brokers", Group.MESSAGE_BROKER, (1883, 4222, 5672, 9092, 15672, 61616), AMBER),
    ("Docker", Group.NO_LOGIN, (2375,), RED),
    ("Docker with TLS", Group.ADMIN_INTERFACE, (2376,), AMBER),
    ("Kubernetes", Group.ADMIN_INTERFACE, (6443, 10250), AMBER),
    ("kubelet, read only", Group.NO_LOGIN, (10255,), RED),
    ("etcd", Group.NO_LOGIN, (2379, 2380), RED),
    ("memcached, ZooKeeper, Smart Install", Group.NO_LOGIN, (2181, 4786, 11211), RED),
    ("management", Group.ADMIN_INTERFACE, (902, 5985, 5986, 7547, 8006, 8291, 8728, 10000), AMBER),
    ("IPMI", Group.ADMIN_INTERFACE, (623,), AMBER),
    ("industrial protocols", Group.INDUSTRIAL, (102, 502, 1911, 2404, 4840, 20000, 44818), RED),
    ("X11", Group.NO_LOGIN, (6000, 6001), RED),
    ("print", Group.PRINTING, (515, 631, 9100), AMBER),
    ("SIP", Group.TELEPHONY, (5060, 5061), GREEN),
]
SERVICES = [pytest.param(*row[1:], id=row[0]) for row in NAMED]


def verdict(group: Group, number: int) -> Verdict:
    """The verdict about a host with this port alone open."""
    open_port = Port(port=number, protocol="tcp", state="open")
    fact = PortsHost(address="192.0.2.1", names=(), ports=(open_port,), scanned="T:1-65535", control=True)
    (found,) = importlib.import_module(f"posture.checks.ports.{group.value}").judge(fact)
    assert isinstance(found, Verdict)
    return found


@pytest.mark.parametrize(("group", "ports", "_light"), SERVICES)
def test_each_is_swept_by_default_and_reachable_is_a_finding(
    group: Group, ports: tuple[int, ...], _light: Colour
) -> None:
    assert set(ports) <= set(risky_ports.numbers())
    for number in ports:
        found = verdict(group, number)
        assert (found.outcome, found.port, found.arguments["number"]) == (Outcome.FAIL, number, number)


@pytest.mark.parametrize(("group", "ports", "light"), SERVICES)
def test_each_has_a_light(group: Group, ports: tuple[int, ...], light: Colour) -> None:
    for number in ports:
        assert profile().colour(at_port(f"ports/{group.value}", number)) is light


def test_every_group_of_the_list_is_named_here_and_has_its_card() -> None:
    assert {group for _, group, _, _ in NAMED} == set(Group)
    cards = {check.card.check: check.card for check in all_checks()}
    for group in Group:
        card = cards[f"ports/{group.value}"]
        assert card.severities["reachable"] in {
            Severity.LOW,
            Severity.MEDIUM,
            Severity.HIGH,
            Severity.CRITICAL,
        }


#: UDP services in the plan; their light is the severity of their card: high red, medium amber, low green.
UDP_NAMED = {
    "SNMP": (161, "management", Severity.HIGH),
    "IPMI": (623, "management", Severity.HIGH),
    "NTP": (123, "amplifier", Severity.MEDIUM),
    "SIP": (5060, "telephony", Severity.LOW),
}


@pytest.mark.parametrize("service", sorted(UDP_NAMED))
def test_each_over_udp(service: str) -> None:
    port, kind, severity = UDP_NAMED[service]
    assert (port, kind) in [(one.port, one.kind) for one in UDP if one.service == service]
    (card,) = [check.card for check in all_checks() if check.card.check == "ports/udp_services"]
    assert card.severities[kind] is severity
